/**
 * The skill `targets`: where messages may go, before anybody writes one. It names hosts and never paths: the path of a
 * webhook is often its secret, and belongs to whoever set it.
 */
import { completed, type Outcome, type Part, rejected } from "../../shared/kit/skill.ts";
import { type AllowEntry, decideTarget, explainFault, parseAllowList } from "./allow-list.ts";
import { firstUrl } from "./delivery.ts";

export type Target = { readonly ok: true; readonly url: string } | { readonly ok: false; readonly reason: string };

const SET_IT =
  'Set COURIER_ALLOW of the courier to hosts or URL prefixes, e.g. "hooks.example.com, https://chat.example.com/hooks/team-a".';

/** @param allow the allow-list's text; see allow-list.ts */
export function targets(parts: readonly Part[], allow: string): Outcome {
  const data = parts.map((part) => part.data).find((each) => typeof each === "object" && each !== null && "url" in each);
  const asked = data === undefined ? firstUrl(parts.map(({ text = "" }) => text).join("\n")) : (data as { url: unknown }).url;
  if (asked !== undefined && typeof asked !== "string") return rejected('"url" must be a text: the URL of one webhook');
  if (asked !== undefined) {
    const target = checkTarget(allow, asked);
    const text = target.ok ? `A message may be sent to ${target.url}, once somebody has approved it.` : target.reason;
    return completed([{ text }, { data: { url: asked, allowed: target.ok }, mediaType: "application/json" }]);
  }

  const list = entriesOf(allow);
  if (!list.ok) return completed(list.reason);
  const hosts = [...Map.groupBy(list.entries, ({ origin }) => origin)].map(([origin, entries]) => ({
    origin,
    everyPath: entries.some(({ segments }) => segments.length === 0),
  }));
  const lines = hosts.map(({ origin, everyPath }) => `- ${origin}${everyPath ? "" : ", below paths that the operator has set"}`);
  const text = `A message may be sent, once somebody has approved it, to:\n${lines.join("\n")}`;
  return completed([{ text }, { data: { hosts }, mediaType: "application/json" }]);
}

export function checkTarget(allow: string, url: string): Target {
  const list = entriesOf(allow);
  if (!list.ok) return list;
  const decision = decideTarget(list.entries, url);
  if (decision.allowed) return { ok: true, url: decision.url };
  const advice = decision.reason === "not-listed" ? ` Use a webhook that is, or have the operator allow it. ${SET_IT}` : "";
  return { ok: false, reason: `Nothing is sent to ${url}: ${explainFault(decision.reason)}.${advice}` };
}

function entriesOf(allow: string): { ok: true; entries: readonly AllowEntry[] } | { ok: false; reason: string } {
  const list = parseAllowList(allow);
  if (!list.ok) return { ok: false, reason: `Nothing can be sent: COURIER_ALLOW has "${list.entry}", and ${explainFault(list.reason)}.` };
  if (list.entries.length === 0) return { ok: false, reason: `Nothing may be sent: the allow-list is empty. ${SET_IT}` };
  return list;
}
