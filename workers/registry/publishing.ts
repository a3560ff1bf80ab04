/**
 * A publication, from an address to an entry: the card is fetched, read, verified and held to the rules, its agent is spoken to, and
 * the card is fetched again. Every rule that does not hold ends it with the field and the rule, before anything is stored; what holds
 * is committed once, whole. What it reaches and what it knows are passed in.
 */
import { CARD_PATH } from "../../shared/a2a/card/server.ts";
import { verifyCard } from "../../shared/a2a/card/verify.ts";
import { VERSION } from "../../shared/a2a/version.ts";
import { guardedFetch, whyNotReached } from "../../shared/net/guarded-fetch.ts";
import type { Admission } from "../../shared/registry/admission.ts";
import type { Check, Publication, Published, RegistryRefusal } from "../../shared/registry/api.ts";
import { CARD_CHECKS, firstBreach, interfaceOf } from "../../shared/registry/card-rules.ts";
import type { Entry } from "../../shared/registry/entry.ts";
import { examine } from "../../shared/registry/examine.ts";
import { whyNotPublisher } from "../../shared/registry/publisher-extension.ts";
import type { AgentCard } from "../../shared/task/a2a-types.ts";
import { type Reaching, receive, type Step } from "./served-card.ts";
import { whyNotSpeaking } from "./speaking.ts";

export interface PublishingDeps extends Reaching {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Whether what is held admits the entry: asked where that is, because it may be more than can be sent. */
  readonly admits: (entry: Entry, reserved: readonly string[]) => Promise<Admission>;
  /** Agents that are called; for those that are found, a card may not speak. */
  readonly called: () => Promise<readonly Pick<Entry, "card" | "status">[]>;
  /** Stores the entry, unless what is held by then does not admit it. */
  readonly commit: (entry: Entry) => Promise<Committed>;
}

type Committed =
  | { readonly ok: true; readonly entry: Entry; readonly again: boolean }
  | { readonly ok: false; readonly refusal: RegistryRefusal };
/** What is asked beyond the card's own rules, in the order in which it is. */
const CHECKED: readonly Check[] = [
  { field: "url", rule: "is an address that may be reached" },
  { field: "signatures", rule: "have one by a key from where the agent is, over this very card" },
  ...CARD_CHECKS,
  { field: "capabilities.extensions", rule: "name whoever publishes the card, where they name publishers" },
  { field: "name", rule: "is its publisher's own, and cannot be taken for another agent's" },
  { field: "version", rule: "comes after all that were published, and stands for one card" },
  { field: "endpoint", rule: `speaks JSON-RPC of A2A ${VERSION}, and answers for this agent` },
  { field: "card", rule: "is the same when it is fetched again" },
];

/** @returns the entry as it is stored now, or the first rule that does not hold */
export async function publish(publication: Publication, deps: PublishingDeps): Promise<Published> {
  const place = placeOf(publication.url, deps);
  if (!place.ok) return place;
  const { url } = place;
  const received = await receive(url, deps);
  if (!received.ok) return received;
  const { card, raw, digest } = received;
  if (publication.name !== undefined && publication.name !== card.name)
    return refused(
      "conflict",
      "name",
      "is the one that is meant",
      `the card at ${url} is of "${card.name}", and "${publication.name}" was to be published: see which agent runs there`,
    );

  const signed = await verifyCard(raw, {
    url,
    now: deps.now(),
    keysAt: (jku) => guardedFetch(jku, deps),
  });
  if (!signed.ok) return refused("invalid", signed.field, signed.rule, signed.why);
  const breach = firstBreach(card, url) ?? foreignProbe(publication, card);
  if (breach) return { ok: false, refusal: { code: "invalid", ...breach } };
  const stranger = whyNotPublisher(card, publication.publisher);
  if (stranger) return { ok: false, refusal: { code: "forbidden", ...stranger } };

  const entry = entryOf(publication, { url, card, digest, keys: signed.keys, now: deps.now(), called: await deps.called() });
  // What is asked again when it is stored is asked now, so that nobody else's agent is spoken to for nothing.
  const admission = await deps.admits(entry, publication.reserved);
  if (!admission.ok) return admission;
  const unheard = await whyNotSpeaking(entry, deps);
  if (unheard) return { ok: false, refusal: unheard };

  const again = await receive(url, deps);
  if (!again.ok) return again;
  if (again.digest !== digest)
    return refused(
      "conflict",
      "card",
      "is the same when it is fetched again",
      `the card at ${url} changed while it was checked: see that every request for it gets the same, and publish again`,
    );
  const committed = await deps.commit(entry);
  return committed.ok ? { ...committed, checks: CHECKED } : committed;
}

/** Without a slash at its end; who names the card itself means the agent whose card it is. */
function placeOf(address: string, deps: Reaching): Step<{ readonly url: string }> {
  const why = whyNotReached(address, deps);
  if (why !== undefined) return refused("invalid", "url", "is an address that may be reached", `it ${why}`);
  const { origin, pathname, search, hash } = new URL(address);
  if (search !== "" || hash !== "")
    return refused("invalid", "url", "is where the agent is", "it has a query or a fragment, under which there is no card: leave them out");
  const path = pathname.endsWith(CARD_PATH) ? pathname.slice(0, -CARD_PATH.length) : pathname;
  return { ok: true, url: origin + path.replace(/\/+$/, "") };
}

function foreignProbe({ probes = [] }: Publication, { name, skills }: AgentCard) {
  const foreign = probes.findIndex(({ skill }) => !skills.some(({ id }) => id === skill));
  if (foreign < 0) return undefined;
  return {
    field: `probes[${foreign}].skill`,
    rule: "is a skill of the card",
    why: `"${name}" has no skill "${String(probes[foreign]?.skill).slice(0, 128)}": it has ${skills.map(({ id }) => id).join(", ")}`,
  };
}

interface Checked extends Pick<Entry, "url" | "card" | "digest" | "keys"> {
  readonly now: number;
  readonly called: readonly Pick<Entry, "card" | "status">[];
}

/** A suspicion is no proof: the card is kept, and is neither found nor called until somebody has looked. */
function entryOf({ publisher, probes = [] }: Publication, { url, card, digest, keys, now, called }: Checked): Entry {
  const [suspicion, ...more] = examine(
    card,
    called.filter((each) => each.status === "listed").map((each) => each.card),
  );
  const others = more.length > 0 ? ` (and ${more.length} more)` : "";
  const { name, version } = card;
  return {
    name,
    version,
    digest,
    url,
    endpoint: interfaceOf(card.supportedInterfaces)?.url ?? url,
    card,
    publisher,
    keys,
    ...(suspicion ? { status: "quarantined", reason: `${suspicion.field}: ${suspicion.why}${others}` } : { status: "listed" }),
    publishedAt: new Date(now).toISOString(),
    probes,
  };
}

function refused(code: RegistryRefusal["code"], field: string, rule: string, why: string) {
  return { ok: false, refusal: { code, field, rule, why } } as const;
}
