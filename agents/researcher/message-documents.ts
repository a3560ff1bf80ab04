/**
 * Which documents a message brings: one for each part that has content to keep, with a name to find it by. It reads no
 * content beyond what naming needs and touches no network, so that one bad part can be refused and the others kept.
 */
import type { Part } from "../../shared/kit/skill.ts";

/** A document of a message, not read yet. Exactly one of `content` and `url` says where its content comes from. */
export interface OfferedDocument {
  readonly name: string;
  readonly uri: string | null;
  readonly mediaType?: string | undefined;
  readonly content?: string | (() => Uint8Array | undefined);
  readonly url?: string;
}

interface Offer {
  readonly documents: readonly OfferedDocument[];
  readonly refused: readonly { readonly document: string; readonly reason: string }[];
}

const MOST_DOCUMENTS = 200;
const LONGEST_NAME = 300;
const LONGEST_URI = 2_000;
/** "Please ingest these files" is no note to keep: its files are missing. */
const BARE_REQUEST = /^\s*(please\s+)?(ingest|upload|import|index|add|read|store)\b[^:\n]{0,80}$/i;

export async function documentsOf(parts: readonly Part[]): Promise<Offer> {
  // Beside documents, a text without a name is what the caller says about them ("please keep these").
  const named = parts.some(isNamedDocument);
  const offered = parts.filter((part) => isNamedDocument(part) || (!named && isNote(part.text ?? "")));
  const documents: OfferedDocument[] = [];
  const refused: { document: string; reason: string }[] = [];

  for (const part of offered.flatMap(addressesIn)) {
    const document = await describe(part);
    const why = objection(document, part, documents);
    if (why) refused.push({ document: document.name.slice(0, LONGEST_NAME), reason: why });
    else documents.push(document);
  }
  return { documents, refused };
}

export function isNamedDocument(part: Part): boolean {
  return part.raw !== undefined || part.url !== undefined || (part.filename !== undefined && (part.text ?? part.data) !== undefined);
}

function isNote(text: string): boolean {
  return text.trim() !== "" && !BARE_REQUEST.test(text);
}

/** "ingest https://a.example/guide.md" means the guide, not the sentence. */
function addressesIn(part: Part): Part[] {
  const sentence = part.filename === undefined && part.mediaType === undefined && part.text !== undefined && part.text.length < 1_000;
  const addresses = sentence && !part.text?.trim().includes("\n") ? (part.text?.match(/https?:\/\/[^\s<>"']+/g) ?? []) : [];
  return addresses.length === 0 ? [part] : addresses.map((address) => ({ url: address.replace(/[.,;:!?)\]]+$/, "") }));
}

async function describe(part: Part): Promise<OfferedDocument> {
  const { raw, url, text, data, mediaType } = part;
  const given = typeof part.metadata?.uri === "string" ? part.metadata.uri : null;
  const about = { uri: given ?? url ?? null, mediaType };
  const filename = part.filename?.trim();
  if (url !== undefined) return { ...about, name: filename || nameOfAddress(url), url };
  if (raw !== undefined) return { ...about, name: filename || `document-${await fingerprint(raw)}`, content: () => fromBase64(raw) };
  const content = text ?? JSON.stringify(data, null, 2);
  return {
    ...about,
    mediaType: text === undefined ? "application/json" : mediaType,
    name: filename || `note-${await fingerprint(content)}`,
    content,
  };
}

function objection({ name, uri }: OfferedDocument, part: Part, before: readonly OfferedDocument[]): string | undefined {
  if (before.length >= MOST_DOCUMENTS)
    return `is beyond the first ${MOST_DOCUMENTS} documents of the message: send the rest in another message`;
  if (name.length > LONGEST_NAME || /\p{Cc}/u.test(name))
    return `has a name with more than ${LONGEST_NAME} characters or with control characters: give it a plain filename`;
  if (before.some((other) => other.name === name)) return "has the name of another document in this message: give each its own filename";
  const metadataUri = part.metadata?.uri;
  if (metadataUri === undefined) return undefined;
  const opens = uri !== null && uri === metadataUri && uri.length <= LONGEST_URI && /^(file|https?):$/.test(URL.parse(uri)?.protocol ?? "");
  return opens ? undefined : 'has a "uri" in its metadata that does not open: give a file:, http: or https: address';
}

/** A web address as a name: without the scheme, and without a query that may hold secrets. */
function nameOfAddress(address: string): string {
  const url = URL.parse(address);
  return url?.host ? `${url.host}${url.pathname === "/" ? "" : url.pathname}` : address.slice(0, LONGEST_NAME);
}

/** The same content gets the same name, so sending it twice keeps it once. */
async function fingerprint(content: string): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(content)));
  return Array.from(digest.subarray(0, 4), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** @returns undefined when it is not base64 (ProtoJSON takes both alphabets, with or without padding) */
function fromBase64(raw: string): Uint8Array | undefined {
  try {
    const binary = atob(raw.replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = new Uint8Array(binary.length);
    for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
    return bytes;
  } catch {
    return undefined;
  }
}
