import { describe, expect, it } from "vitest";
import { type CardKey, newCardKey } from "../../../cli/card-keys.ts";
import { whyQuarantine } from "../../../shared/registry/drift.ts";
import type { Entry } from "../../../shared/registry/entry.ts";
import { cardOutcome } from "../../../workers/registry/card-watch.ts";
import { publish } from "../../../workers/registry/publishing.ts";
import { anAgent, CARD_AT, cardAt, json, KEYS_AT, neverAnswers, type RunningAgent, redirectTo } from "./an-agent.ts";
import { PUBLISHING } from "./publishing-contract.ts";

// What becomes of a card after it was published: agents over HTTP, looked at again.

const T0 = Date.UTC(2026, 0, 5);
const DEPS = { fetch: (url: string, init: RequestInit) => fetch(url, init), local: true, now: () => T0, timeoutMs: 300 };

async function published(agent: RunningAgent): Promise<Entry> {
  const commit = async (entry: Entry) => ({ ok: true, entry, again: false }) as const;
  const admits = async () => ({ ok: true, again: false }) as const;
  const deps = { ...DEPS, admits, called: async () => [], commit };
  const answer = await publish({ url: agent.url, publisher: "acme/app/ada", reserved: [] }, deps);
  if (!answer.ok) throw new Error(answer.refusal.why);
  return answer.entry;
}

const key: CardKey = newCardKey("ES256");
const { d: _, ...publicKey } = key;

describe("a published agent stays in the list", () => {
  it.each<[string, (agent: RunningAgent) => Promise<void> | void, string | undefined]>([
    ["serves its card as it was", () => {}, "is served as it was published"],
    ["signs it anew", (agent) => agent.serve(cardAt(agent.url)), "is served as it was published"],
    [
      "is about to publish a higher version",
      (agent) => agent.serve(cardAt(agent.url, { version: "1.0.1" })),
      "version 1.0.1 is served, and not published yet",
    ],
    ["does not answer", (agent) => agent.at(CARD_AT, neverAnswers), undefined],
    ["is broken for a while", (agent) => agent.at(CARD_AT, json({}, 503)), undefined],
    ["has its keys at a server that is broken", (agent) => agent.at(KEYS_AT, json({}, 503)), undefined],
  ])("that %s", async (_what, change, why) => {
    await using agent = await anAgent({}, [key]);
    const entry = await published(agent);
    await change(agent);
    const outcomes = await cardOutcome(entry, DEPS);
    expect(outcomes.map((each) => each.why)).toEqual(why === undefined ? [] : [why]);
    expect(whyQuarantine(PUBLISHING, outcomes)).toBeUndefined();
  });
});

describe("a published agent is taken out of the list", () => {
  it.each<[string, (agent: RunningAgent) => Promise<void> | void, RegExp]>([
    [
      "changes its card under its version",
      (agent) => agent.serve(cardAt(agent.url, { description: "Counts what it is paid for." })),
      /has changed since it was published/,
    ],
    ["goes back to a lower version", (agent) => agent.serve(cardAt(agent.url, { version: "0.9.0" })), /has changed since/],
    [
      "lets another answer in its place",
      (agent) => agent.serve(cardAt(agent.url, { name: "stork-counter" })),
      /where "stork-counter" answers/,
    ],
    ["takes its signature away", (agent) => agent.serve(cardAt(agent.url), { asItIs: true }), /is not signed any more \(signatures: /],
    [
      "signs with a key that was revoked",
      (agent) => agent.at(KEYS_AT, json({ keys: [{ ...publicKey, revoked: { revoked_at: 1 } }] })),
      /has expired or was revoked/,
    ],
    ["takes its key away", (agent) => agent.at(KEYS_AT, json({ keys: [] })), /there is no key/],
    [
      "redirects to somewhere else",
      (agent) => agent.at(CARD_AT, redirectTo("https://stork.org/")),
      /is none any more \(card: .* redirects to/,
    ],
    ["serves a card that is none", (agent) => agent.at(CARD_AT, json({ name: "heron-counter" })), /is none any more \(description: /],
  ])("that %s", async (_what, change, why) => {
    await using agent = await anAgent({}, [key]);
    const entry = await published(agent);
    await change(agent);
    const outcomes = await cardOutcome(entry, DEPS);
    expect(outcomes).toEqual([expect.objectContaining({ claim: "card", ok: false, skill: "", at: "2026-01-05T00:00:00.000Z" })]);
    expect(whyQuarantine(PUBLISHING, outcomes)).toMatch(why);
  });

  it("until it serves its card again", async () => {
    await using agent = await anAgent({}, [key]);
    const entry = await published(agent);
    await agent.serve(cardAt(agent.url, { description: "Another." }));
    const before = await cardOutcome(entry, DEPS);
    await agent.serve(cardAt(agent.url));
    expect(whyQuarantine(PUBLISHING, [...before, ...(await cardOutcome(entry, DEPS))])).toBeUndefined();
  });
});
