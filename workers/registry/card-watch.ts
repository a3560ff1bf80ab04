/**
 * Whether a published agent still serves the card that it was published with. A version stands for one card for ever, so whoever
 * changes it without a higher version, or lets another agent answer in its place, is found out; whoever is about to publish a higher
 * one is not. Stores nothing, and decides nothing about it.
 */
import { verifyCard } from "../../shared/a2a/card/verify.ts";
import { guardedFetch } from "../../shared/net/guarded-fetch.ts";
import type { Entry } from "../../shared/registry/entry.ts";
import type { ProbeOutcome } from "../../shared/registry/probe.ts";
import { compareVersions, isSemantic } from "../../shared/registry/versions.ts";
import { type Reaching, receive } from "./served-card.ts";

type Watched = Pick<Entry, "name" | "version" | "digest" | "url">;

/** @returns one of the claim `card`; none when the agent is away, which says nothing of its card */
export async function cardOutcome(entry: Watched, deps: Reaching & { readonly now: () => number }): Promise<readonly ProbeOutcome[]> {
  const began = deps.now();
  const said = await saidOf(entry, deps, began);
  return said ? [{ skill: "", claim: "card", at: new Date(began).toISOString(), ms: deps.now() - began, ...said }] : [];
}

async function saidOf(
  { name, version, digest, url }: Watched,
  deps: Reaching,
  now: number,
): Promise<Pick<ProbeOutcome, "ok" | "why"> | undefined> {
  const no = (why: string) => ({ ok: false, why: `the card of ${name} ${version} ${why}` });
  const served = await receive(url, deps);
  if (!served.ok) {
    const { code, field, why } = served.refusal;
    return code === "unreachable" ? undefined : no(`is none any more (${field}: ${why})`);
  }
  const { card, raw } = served;
  if (card.name !== name) return no(`is not at ${url} any more, where "${card.name}" answers: revoke the one or the other`);
  const isNext = isSemantic(card.version) && compareVersions(card.version, version) > 0;
  if (!isNext && served.digest !== digest)
    return no("has changed since it was published: serve it as it was, or raise its version and publish it again");
  const signed = await verifyCard(raw, { url, now, keysAt: (jku) => guardedFetch(jku, deps) });
  if (signed.ok)
    return { ok: true, why: isNext ? `version ${card.version} is served, and not published yet` : "is served as it was published" };
  // Keys that cannot be fetched are away, as an agent may be.
  return signed.fault === "no-keys" ? undefined : no(`is not signed any more (${signed.field}: ${signed.why})`);
}
