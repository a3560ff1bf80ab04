/** Extensions: those a client asks for against those the card declares. (A2A 1.0, 3.2.6 and 4.6) */
import type { AgentCard } from "../task/a2a-types.ts";
import { RequestError } from "./errors.ts";

const HEADER = "A2A-Extensions";
/** What clients of 0.3 send. */
const LEGACY_HEADER = "X-A2A-Extensions";

/** @returns of what the client asked for, what this agent supports, as a header's text */
export function activatedExtensions(card: AgentCard, headers: Headers): string {
  const asked = askedExtensions(headers);
  if (asked.length === 0) return "";
  return (card.capabilities.extensions ?? [])
    .map(({ uri }) => uri)
    .filter((uri) => asked.includes(uri))
    .join(", ");
}

/** @throws RequestError `extension-support-required` when the client does not ask for one that the card requires (3.3.4) */
export function checkRequiredExtensions(card: AgentCard, headers: Headers): void {
  const required = (card.capabilities.extensions ?? []).filter((extension) => extension.required);
  if (required.length === 0) return;
  const asked = askedExtensions(headers);
  const missing = required.map(({ uri }) => uri).filter((uri) => !asked.includes(uri));
  if (missing.length === 0) return;
  throw new RequestError(
    "extension-support-required",
    `${card.name} requires the extension ${missing.join(", ")}; support it, and say so in the header "${HEADER}"`,
    [],
    { metadata: { extensions: missing.join(", ") } },
  );
}

/** @returns where the client looks for what was activated: in the header that it asked in */
export function extensionsHeader(headers: Headers): string {
  return headers.has(HEADER) ? HEADER : LEGACY_HEADER;
}

function askedExtensions(headers: Headers): string[] {
  const asked = headers.get(HEADER) ?? headers.get(LEGACY_HEADER);
  return asked === null ? [] : asked.split(",").map((uri) => uri.trim());
}
