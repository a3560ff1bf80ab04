/**
 * The card that an agent serves now, as it came and as it is read. Fetches it within bounds and trusts nothing in it: whose it is and
 * whether it may be listed is asked elsewhere.
 */
import { cardDigest } from "../../shared/a2a/card/digest.ts";
import { CARD_PATH } from "../../shared/a2a/card/server.ts";
import { isObject } from "../../shared/a2a/json-object.ts";
import { VERSION } from "../../shared/a2a/version.ts";
import { type GuardedRequest, guardedFetch } from "../../shared/net/guarded-fetch.ts";
import type { RegistryRefusal } from "../../shared/registry/api.ts";
import { whyDeceiving } from "../../shared/registry/deceiving-text.ts";
import type { AgentCard, JsonObject } from "../../shared/task/a2a-types.ts";
import { checkCard } from "../../shared/task/agent-card.ts";

/** How agents are reached that somebody else runs. */
export type Reaching = Pick<GuardedRequest, "fetch" | "local" | "timeoutMs">;

export type Step<T> = ({ readonly ok: true } & T) | { readonly ok: false; readonly refusal: RegistryRefusal };

export interface Received {
  readonly card: AgentCard;
  /** With its signatures, and whatever else it has. */
  readonly raw: JsonObject;
  /** As an entry has it. */
  readonly digest: string;
}

/** @param url where the agent is, without a slash at its end @returns `unreachable` when nobody answers, or none who has a card */
export async function receive(url: string, reaching: Reaching): Promise<Step<Received>> {
  const address = url + CARD_PATH;
  const answer = await guardedFetch(address, { ...reaching, headers: { "A2A-Version": VERSION } });
  if (!answer.ok) {
    const isAway = answer.fault === "timeout" || answer.fault === "unreachable" || answer.fault === "status";
    return refused(isAway ? "unreachable" : "invalid", "card", "is at its well-known address", `${address} ${answer.why}`);
  }
  const raw = answer.json;
  if (!isObject(raw))
    return refused("invalid", "card", "is a JSON object", `${address} answers with JSON that is none: serve the card there`);
  // Before its form, which would only say that there is a letter too many.
  const disguised = typeof raw["name"] === "string" ? whyDeceiving(raw["name"]) : undefined;
  if (disguised !== undefined) return refused("invalid", "name", "shows what it says", `it ${disguised}`);
  const checked = checkCard(raw);
  if (!checked.ok) return refused("invalid", fieldAt(checked.path), "is as A2A 1.0 has it", `it ${checked.problem}`);
  return { ok: true, raw, card: checked.card, digest: cardDigest(checked.card) };
}

function fieldAt(path: readonly (string | number)[]): string {
  return path.map((each, at) => (typeof each === "number" ? `[${each}]` : at === 0 ? each : `.${each}`)).join("") || "card";
}

function refused(code: RegistryRefusal["code"], field: string, rule: string, why: string) {
  return { ok: false, refusal: { code, field, rule, why } } as const;
}
