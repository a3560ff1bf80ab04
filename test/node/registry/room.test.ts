import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Entry, EntryStatus } from "../../../shared/registry/entry.ts";
import {
  MOST_SHOWN,
  MOST_SHOWN_OF_PUBLISHER,
  MOST_STORED,
  MOST_STORED_OF_PUBLISHER,
  SHOWN_FAILURE,
  SHOWN_REASON,
  type SizedVersion,
  shownOf,
  sizesOf,
  whyNoRoom,
} from "../../../shared/registry/room.ts";
import { evidenceOf } from "../../../shared/registry/score.ts";
import type { AgentCard } from "../../../shared/task/a2a-types.ts";
import { outcome, PRIOR } from "./outcomes.ts";

// How much the registry takes: of whom, and that no reader is ever sent more than is counted here.

const T0 = Date.UTC(2026, 10, 21);
const DAY_MS = 24 * 3_600_000;

function sized(more: Partial<SizedVersion> = {}): SizedVersion {
  return { name: "heron", publisher: "a/a/ada", status: "listed", shown: 1_000, other: 100, stored: 1_500, ...more };
}

function agents(count: number, more: Partial<SizedVersion>): SizedVersion[] {
  return Array.from({ length: count }, (_, at) => sized({ name: `${more.publisher}-${at}`, ...more }));
}

describe("what is shown of an agent", () => {
  it("is counted as the largest version that may be called, the one that is tried, and the others", () => {
    const versions = [sized({ shown: 500 }), sized({ shown: 900 }), sized({ shown: 700, status: "candidate" })];
    expect(shownOf(versions, T0)).toBe(900 + 700 + 3 * 100);
  });

  it("is next to nothing once it is revoked, and nothing of a version to which no call can be out", () => {
    const revoked = (revokedAt: number) => sized({ shown: 900_000, status: "revoked", revokedAt });
    expect(shownOf([revoked(T0)], T0)).toBeLessThan(1_000);
    expect(shownOf([sized(), revoked(T0)], T0 + 30 * DAY_MS)).toBe(shownOf([sized(), revoked(T0)], T0));
    expect(shownOf([sized(), revoked(T0)], T0 + 31 * DAY_MS)).toBe(shownOf([sized()], T0));
  });

  it("has the latest fifty others at most", () => {
    expect(shownOf(Array(80).fill(sized()), T0)).toBe(1_000 + 50 * 100);
  });

  it("is never more than is counted, whatever is measured of it", () => {
    const text = fc.string({ maxLength: 400, unit: "binary" });
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 20 }), text, text, (ids, description, why) => {
        const skills = ids.map((id, at) => ({ id: `${at}${id}`.slice(0, 128), name: id, description, tags: [id] }));
        const card = { name: "heron", version: "1.0.0", description, skills, capabilities: {} } as unknown as AgentCard;
        const failed = why.slice(0, SHOWN_FAILURE);
        const claims = ["pushNotifications", "extendedAgentCard", "streaming"].map((each) => `capabilities.${each}`);
        const outcomes = [
          ...skills.flatMap(({ id }) => [
            outcome({ skill: id, ok: false, why: failed }),
            outcome({ skill: id, ms: 1e5 / 3, microUsd: 1e9 }),
          ]),
          ...[...claims, "card"].map((claim) => outcome({ skill: "", claim, ok: false })),
        ];
        const measured = evidenceOf(
          skills.map(({ id }) => id),
          outcomes,
          PRIOR,
        );
        // Sent as one list, however many skills share it.
        const evidence = Object.entries(measured).map(([id, each]) => [id, { ...each, untrue: [] }]);
        const { status: _, probes: __, publisher: ___, keys: ____, publishedAt: _____, ...shown } = entry(card);
        const sent = { ...shown, status: "quarantined", reason: "r".repeat(SHOWN_REASON), evidence, untrue: claims };
        const listed = { name: "heron", publisher: "a/a/ada", status: "listed" as EntryStatus };
        expect(JSON.stringify(sent).length).toBeLessThanOrEqual(shownOf([{ ...listed, ...sizesOf(entry(card)) }], T0));
      }),
    );
  });
});

describe("a publisher", () => {
  it("has a share of what is shown, and leaves room to the others", () => {
    const large = agents(8, { publisher: "a/a/ada", shown: 240_000 });
    const more = (publisher: string) => sized({ name: "more", publisher, shown: 240_000 });
    expect(whyNoRoom(more("a/a/ada"), large, T0)).toMatchObject({
      code: "conflict",
      field: "card",
      rule: expect.stringContaining("share"),
      why: expect.stringContaining("revoke"),
    });
    expect(whyNoRoom(more("b/b/bob"), large, T0)).toBeUndefined();
  });

  it("has room again after an agent was revoked", () => {
    const [first, ...others] = agents(8, { publisher: "a/a/ada", shown: 240_000 });
    const revoked = { ...(first ?? sized()), status: "revoked", revokedAt: T0 } as const;
    expect(whyNoRoom(sized({ name: "more", shown: 240_000 }), [revoked, ...others], T0)).toBeUndefined();
  });

  it("has a share of what is stored, which no revocation gives back", () => {
    const held = agents(64, { status: "revoked", revokedAt: 0, stored: MOST_STORED_OF_PUBLISHER / 64, publisher: "a/a/ada" });
    expect(whyNoRoom(sized(), held, T0)).toMatchObject({ field: "card", why: expect.stringContaining("none is ever deleted") });
    expect(whyNoRoom(sized({ publisher: "b/b/bob" }), held, T0)).toBeUndefined();
  });
});

describe("all agents together", () => {
  it("have bodies that leave an object room for its log", () => {
    const held = (share: number) => Array.from({ length: 100 }, (_, at) => sized({ publisher: `t/a/${at}`, stored: MOST_STORED / share }));
    expect(whyNoRoom(sized({ publisher: "t/a/late" }), held(100), T0)).toMatchObject({ rule: "fits beside all others" });
    expect(whyNoRoom(sized({ publisher: "t/a/late" }), held(101), T0)).toBeUndefined();
  });

  it("are never more than a reader can be sent, in letters of two bytes each", () => {
    const publishers = Array.from({ length: 9 }, (_, at) => `t/a/${at}`);
    const held: SizedVersion[] = [];
    for (const publisher of publishers)
      for (const each of agents(9, { publisher, shown: 240_000 })) if (!whyNoRoom(each, held, T0)) held.push(each);
    const shown = [...Map.groupBy(held, ({ name }) => name).values()].map((each) => shownOf(each, T0));
    const all = shown.reduce((total, each) => total + each, 0);
    expect(all).toBeGreaterThan(MOST_SHOWN - 2 * MOST_SHOWN_OF_PUBLISHER);
    expect(2 * all).toBeLessThan(32 * 1024 * 1024);
    expect(whyNoRoom(sized({ publisher: "t/a/late", shown: MOST_SHOWN - all }), held, T0)).toMatchObject({ rule: expect.any(String) });
  });
});

function entry(card: AgentCard): Entry {
  const url = "https://heron.example";
  return {
    ...{ name: "heron", version: "1.0.0", digest: "a".repeat(64), url, endpoint: url, card, publisher: "a/a/ada", status: "listed" },
    keys: { jku: `${url}/.well-known/jwks.json`, thumbprint: "t".repeat(43) },
    publishedAt: "2026-11-21T12:00:00.000Z",
    probes: [],
  };
}
