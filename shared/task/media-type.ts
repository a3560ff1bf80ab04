/** Media types of parts, and whether one is what a mode asks for. Pure. */
import type { Part } from "./a2a-types.ts";

/** @returns the type in small letters, without parameters; undefined for a file or a URL that does not say what it is */
export function mediaTypeOf(part: Part): string | undefined {
  const said = part.mediaType ?? (part.text !== undefined ? "text/plain" : part.data !== undefined ? "application/json" : "");
  return plain(said) || undefined;
}

/** @param mode a media type, `text/*` or `*\/*` */
export function matchesMode(type: string, mode: string): boolean {
  const wanted = plain(mode);
  return wanted === "*/*" || wanted === plain(type) || (wanted.endsWith("/*") && plain(type).startsWith(wanted.slice(0, -1)));
}

/**
 * The parts of a result that its caller accepts. A result of which nothing would be left stays as it is: it is the
 * caller's, and he can still pass it over. (A2A 1.0, 3.2.2)
 * @param accepts modes; absent for any
 */
export function acceptedParts(parts: readonly Part[], accepts: readonly string[] | undefined): Part[] {
  if (!accepts) return [...parts];
  const accepted = parts.filter((part) => {
    const type = mediaTypeOf(part);
    return type === undefined || accepts.some((mode) => matchesMode(type, mode));
  });
  return accepted.length > 0 ? accepted : [...parts];
}

function plain(type: string): string {
  return (type.split(";")[0] ?? "").trim().toLowerCase();
}
