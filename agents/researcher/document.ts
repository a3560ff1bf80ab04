/**
 * From the bytes or the text of one document to its passages: what kind it is, how its characters are encoded, how it is
 * cut. What cannot be read is a refusal that says why and what to do. No network and no storage.
 */
import { htmlBlocks } from "./html-blocks.ts";
import { type Passage, packBlocks } from "./passage.ts";
import { pdfBlocks } from "./pdf-blocks.ts";
import { lineBlocks, markdownBlocks, paragraphBlocks } from "./text-blocks.ts";

/** Bytes; what a caller sends and what is fetched are held to the same size. */
export const LARGEST_DOCUMENT = 10_000_000;

export interface RawDocument {
  readonly name: string;
  readonly mediaType?: string | undefined;
  readonly content: string | Uint8Array;
}

type Reading = { readonly ok: true; readonly passages: Passage[] } | { readonly ok: false; readonly reason: string };

type Kind = "markdown" | "html" | "pdf" | "lines" | "text";

const KIND_BY_EXTENSION: Readonly<Record<string, Kind>> = {
  md: "markdown",
  markdown: "markdown",
  mdx: "markdown",
  html: "html",
  htm: "html",
  xhtml: "html",
  pdf: "pdf",
  txt: "text",
  text: "text",
  rst: "text",
  log: "text",
};
/** Files whose lines have a meaning of their own. */
const LINES =
  /^(ya?ml|jsonc?|jsonl|ndjson|toml|ini|conf|env|csv|tsv|xml|sql|sh|[cm]?[jt]sx?|py|rb|go|rs|java|kt|c|h|cpp|hpp|cs|css|php|swift)$/;

export async function readDocument({ name, mediaType, content }: RawDocument, signal: AbortSignal): Promise<Reading> {
  const size = typeof content === "string" ? utf8Length(content) : content.byteLength;
  if (size > LARGEST_DOCUMENT)
    return { ok: false, reason: `is ${megabytes(size)} MB, more than ${megabytes(LARGEST_DOCUMENT)} MB: send it in several parts` };
  const kind = kindOf(name, mediaType, content);
  if (!kind)
    return { ok: false, reason: `is ${mediaType}, which holds no text: send text, Markdown, HTML, PDF, YAML, JSON or source code` };

  if (kind === "pdf") {
    if (typeof content === "string") return { ok: false, reason: "is a PDF sent as text: send its bytes, base64, as a raw part" };
    const pdf = await pdfBlocks(content, signal);
    if (!pdf.ok) return pdf;
    const passages = packBlocks(pdf.blocks, "page");
    return passages.length > 0
      ? { ok: true, passages }
      : { ok: false, reason: "is a PDF without text, perhaps a scan: run a text recognition over it first" };
  }

  const decoded = typeof content === "string" ? content : decode(content, charsetOf(mediaType, kind, content));
  if (decoded === undefined)
    return {
      ok: false,
      reason: 'is not UTF-8 text: save it as UTF-8, or name its encoding in mediaType, as in "text/plain; charset=windows-1252"',
    };
  if (looksBinary(decoded)) return { ok: false, reason: "is binary data, not text: send the document as text, Markdown, HTML or PDF" };
  const passages = cut(decoded.toWellFormed().replace(/\r\n?|\u2028/g, "\n"), kind);
  return passages.length > 0 ? { ok: true, passages } : { ok: false, reason: "is empty: send a document with text in it" };
}

function cut(text: string, kind: Exclude<Kind, "pdf">): Passage[] {
  switch (kind) {
    case "markdown":
      return packBlocks(markdownBlocks(text), "line");
    case "html":
      return packBlocks(htmlBlocks(text), "paragraph");
    case "lines":
      return packBlocks(lineBlocks(text), "line");
    case "text":
      return packBlocks(paragraphBlocks(text), "line");
  }
}

/** A specific media type is believed; a general one (text/plain, octet-stream) says less than the file's name. */
function kindOf(name: string, mediaType: string | undefined, content: string | Uint8Array): Kind | undefined {
  const type = mediaType?.split(";")[0]?.trim().toLowerCase() ?? "";
  if (type === "text/markdown" || type === "text/x-markdown") return "markdown";
  if (type === "text/html" || type === "application/xhtml+xml") return "html";
  if (type === "application/pdf") return "pdf";
  if (
    /^application\/(.*\+)?(json|ya?ml|xml|toml|javascript|typescript|sql|x-[\w-]+)$/.test(type) ||
    (/^text\//.test(type) && type !== "text/plain")
  )
    return "lines";
  if (type !== "" && type !== "text/plain" && type !== "application/octet-stream" && type !== "binary/octet-stream") return undefined;

  if (typeof content !== "string" && new TextDecoder().decode(content.subarray(0, 5)) === "%PDF-") return "pdf";
  const extension = /\.([^./\\]+)$/.exec(name.toLowerCase())?.[1] ?? "";
  return KIND_BY_EXTENSION[extension] ?? (LINES.test(extension) ? "lines" : "text");
}

/** A byte order mark is surest, then the media type, then what a web page says of itself. */
function charsetOf(mediaType: string | undefined, kind: Kind, bytes: Uint8Array): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return "utf-16le";
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return "utf-16be";
  const named = /charset="?([\w-]+)/i.exec(mediaType ?? "")?.[1];
  if (named) return named;
  const ascii = kind === "html" ? new TextDecoder("latin1").decode(bytes.subarray(0, 1024)) : "";
  return /<meta[^>]+charset=["']?([\w-]+)/i.exec(ascii)?.[1] ?? "utf-8";
}

function decode(bytes: Uint8Array, charset: string): string | undefined {
  try {
    return new TextDecoder(charset, { fatal: true, ignoreBOM: false }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** Text has no NUL, and hardly any other control characters; a form feed or an escape sequence in a log may be. */
function looksBinary(text: string): boolean {
  const sample = text.slice(0, 100_000);
  const controls = sample.match(/[\u0001-\u0008\u000e-\u001a\u001c-\u001f\u007f]/g)?.length ?? 0;
  return text.includes("\0") || controls > sample.length / 100;
}

/** Each character outside ASCII counts for what it takes on the wire. Most texts are far smaller than their limit, so this is rarely needed exactly. */
function utf8Length(text: string): number {
  return text.length * 3 <= LARGEST_DOCUMENT ? text.length : new TextEncoder().encode(text).byteLength;
}

function megabytes(bytes: number): string {
  return (bytes / 1_000_000).toFixed(1);
}
