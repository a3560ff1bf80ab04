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

function plain(type: string): string {
  return (type.split(";")[0] ?? "").trim().toLowerCase();
}
