/**
 * What comes with a request beside its words, and which skill can take it. By media types alone: of the part, or of its
 * name's ending, against the input modes of the cards.
 */
import type { AgentCard, Part } from "../task/a2a-types.ts";
import type { Attachment } from "./planner.ts";
import type { Kind } from "./terms.ts";

const BY_ENDING: Readonly<Record<string, string>> = {
  csv: "text/csv",
  tsv: "text/csv",
  htm: "text/html",
  html: "text/html",
  json: "application/json",
  md: "text/markdown",
  pdf: "application/pdf",
  txt: "text/plain",
  yaml: "application/yaml",
  yml: "application/yaml",
};

/** A part that is more than the words of the request: a file, an address to fetch, data, or a text with a file's name. */
export function isAttachment(part: Part): boolean {
  return part.text === undefined || part.filename !== undefined;
}

export function attachmentOf(part: Part, index: number): Attachment {
  const name = part.filename ?? part.url?.split(/[?#]/)[0]?.split("/").at(-1) ?? "";
  const ending = /\.(\w+)$/.exec(name)?.[1]?.toLowerCase() ?? "";
  const guess = part.data === undefined ? (BY_ENDING[ending] ?? (part.url ? "text/html" : "text/plain")) : "application/json";
  const mediaType = (part.mediaType ?? guess).split(";")[0] ?? guess;
  return { name: name || `attachment ${index + 1}`, mediaType };
}

/**
 * Whether a skill can take it as material. Every skill reads plain text, for that is what requests are made of: a plain
 * text file is material only for a skill that reads other documents too.
 */
export function takes(catalogue: readonly AgentCard[], key: string, { mediaType }: Attachment): boolean {
  const [agent, id] = key.split("/", 2);
  const card = catalogue.find(({ name }) => name === agent);
  const modes = card?.skills.find((skill) => skill.id === id)?.inputModes ?? card?.defaultInputModes ?? [];
  const open = (mode: string) => mode === mediaType || mode === "*/*" || (mode.endsWith("/*") && mediaType.startsWith(mode.slice(0, -1)));
  if (mediaType !== "text/plain") return modes.some(open);
  return modes.some(open) && modes.some((mode) => mode === "text/html" || mode === "application/pdf" || mode === "*/*");
}

/** What an attachment tells the ranking. Data says nothing: it may be anything. */
export function kindOf({ mediaType }: Attachment): Kind | undefined {
  if (mediaType === "text/csv") return "<table>";
  return mediaType === "application/json" ? undefined : "<file>";
}
