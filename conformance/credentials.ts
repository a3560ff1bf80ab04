/**
 * Who is calling, as headers: a bearer token always travels the same way, an API key where the card says. (A2A 1.0.1, 4.5)
 */
import type { AgentCard } from "../shared/task/a2a-types.ts";
import { isObject } from "./agent.ts";

export interface Credentials {
  readonly token?: string | undefined;
  readonly key?: string | undefined;
}

export type Headers = Readonly<Record<string, string>>;

/** Where a key goes when no scheme of the card says. */
const USUAL_KEY_HEADER = "X-API-Key";

export function headersFor(card: AgentCard, { token, key }: Credentials): Headers {
  return { ...(token && { Authorization: `Bearer ${token}` }), ...(key && { [keyHeader(card)]: key }) };
}

function keyHeader(card: AgentCard): string {
  for (const scheme of Object.values(card.securitySchemes ?? {})) {
    const form = scheme["apiKeySecurityScheme"];
    if (isObject(form) && form["location"] === "header" && typeof form["name"] === "string") return form["name"];
  }
  return USUAL_KEY_HEADER;
}
