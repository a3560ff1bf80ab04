/**
 * JSON for streams of lines. JSON escapes what ends a line in a stream, but not what other readers take for an end: several
 * clients split server-sent events at Unicode's separators too, and lose the event. Escaped, both read the same. Pure.
 */

const SEPARATORS = /[\u0085\u2028\u2029]/g;

/** @param json JSON text, in which a separator can only stand within a string */
export function oneLine(json: string): string {
  return json.replace(SEPARATORS, (separator) => `\\u${separator.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
