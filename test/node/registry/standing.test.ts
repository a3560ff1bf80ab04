import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { admit, type Held } from "../../../shared/registry/admission.ts";
import type { Change } from "../../../shared/registry/api.ts";
import type { Entry, EntryStatus } from "../../../shared/registry/entry.ts";
import { calledVersion, decideChange, latestFirst, type Placed } from "../../../shared/registry/standing.ts";
import { compareVersions } from "../../../shared/registry/versions.ts";
import type { AgentCard } from "../../../shared/task/a2a-types.ts";

// Which of an agent's versions is called, who may change how they stand, and what may join them: whatever the registry holds.

const STATUSES = ["listed", "candidate", "deprecated", "quarantined", "revoked"] as const satisfies readonly EntryStatus[];
/** To which somebody may change one. */
const STEPS = ["listed", "deprecated", "quarantined", "revoked"] as const satisfies readonly Change["to"][];
const ALICE = "acme/desk/alice";
const BOB = "acme/desk/bob";

const numbers = fc.nat({ max: 3 });
const version = fc
  .tuple(numbers, numbers, numbers, fc.constantFrom("", "-alpha", "-rc.1"))
  .map(([a, b, c, rest]) => `${a}.${b}.${c}${rest}`);
const placed: fc.Arbitrary<Placed> = fc
  .record({ version, status: fc.constantFrom(...STATUSES), at: fc.nat({ max: 4 }) })
  .map(({ at, ...rest }) => ({ ...rest, url: `https://${at}.example`, endpoint: `https://${at}.example/rpc` }));
const versions = fc.uniqueArray(placed, { selector: ({ version }) => version, minLength: 1, maxLength: 8 });

function held(more: Partial<Held> = {}): Held {
  const url = "https://heron.example";
  return { name: "heron", version: "1.0.0", digest: "d", publisher: ALICE, url, endpoint: `${url}/rpc`, status: "listed", ...more };
}

function entry(more: Partial<Entry> = {}): Entry {
  const keys = { jku: "https://heron.example/keys", thumbprint: "t" };
  return { ...held(), card: {} as AgentCard, keys, publishedAt: "2026-11-21T12:00:00.000Z", probes: [], ...more };
}

function change(more: Partial<Change> = {}): Change {
  return { name: "heron", to: "revoked", reason: "it lies", by: ALICE, isOperator: false, ...more };
}

describe("the version that is called", () => {
  it("does not depend on the order in which versions are held", () => {
    fc.assert(
      fc.property(versions, fc.gen(), (all, gen) => {
        const shuffled = gen(() => fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length }));
        expect(calledVersion(shuffled)).toEqual(calledVersion(all));
      }),
    );
  });

  it("is never one in whose place a later one runs", () => {
    fc.assert(
      fc.property(versions, (all) => {
        const called = calledVersion(all);
        const there = all.filter(({ url }) => url === called?.url);
        if (called) expect(called).toEqual(latestFirst(there)[0]);
      }),
    );
  });

  it("is never one that is only being tried, also where there is no other", () => {
    fc.assert(
      fc.property(versions, (all) => {
        expect(calledVersion(all)?.status).not.toBe("candidate");
      }),
    );
  });

  it("is one that may be called wherever there is one that still runs, and the highest of those that are found", () => {
    fc.assert(
      fc.property(versions, (all) => {
        const running = [...Map.groupBy(all, ({ url }) => url).values()].map((there) => latestFirst(there)[0]);
        const found = running.filter((each) => each?.status === "listed");
        const called = calledVersion(all);
        if (found.length > 0) {
          expect(called?.status).toBe("listed");
          expect(found.every((each) => compareVersions(called?.version ?? "", each?.version ?? "") >= 0)).toBe(true);
        } else if (running.some((each) => each?.status === "deprecated")) expect(called?.status).toBe("deprecated");
        else expect(["quarantined", "revoked", undefined]).toContain(called?.status);
      }),
    );
  });
});

describe("a change", () => {
  it("never brings a revoked version back, whoever asks and whatever for", () => {
    fc.assert(
      fc.property(
        versions,
        fc.constantFrom(...STEPS),
        fc.boolean(),
        fc.option(version, { nil: undefined }),
        (all, to, isOperator, which) => {
          const decided = decideChange(change({ to, isOperator, ...(which !== undefined && { version: which }) }), ALICE, all);
          if (decided.ok) expect(decided.versions.filter(({ status }) => status === "revoked")).toEqual([]);
        },
      ),
    );
  });

  it("never leads out of a quarantine, or into one, but by an operator; revoking is always open", () => {
    fc.assert(
      fc.property(versions, fc.constantFrom(...STEPS), (all, to) => {
        const decided = decideChange(change({ to }), ALICE, all);
        if (!decided.ok || to === "revoked") return;
        expect(to).not.toBe(decided.versions.length > 0 ? "quarantined" : undefined);
        expect(decided.versions.some(({ status }) => status === "quarantined")).toBe(false);
      }),
    );
  });

  it("never lists or deprecates a candidate, whoever asks: its rollout does", () => {
    fc.assert(
      fc.property(versions, fc.constantFrom("listed" as const, "deprecated" as const), fc.boolean(), (all, to, isOperator) => {
        const decided = decideChange(change({ to, isOperator }), ALICE, all);
        if (decided.ok) expect(decided.versions.some(({ status }) => status === "candidate")).toBe(false);
      }),
    );
  });

  it("is nobody's who neither published it nor operates the mesh", () => {
    fc.assert(
      fc.property(versions, fc.constantFrom(...STEPS), (all, to) => {
        expect(decideChange(change({ to, by: BOB }), ALICE, all)).toMatchObject({ ok: false, refusal: { code: "forbidden" } });
      }),
    );
  });

  it("that was made is no change when it is made again", () => {
    fc.assert(
      fc.property(versions, fc.constantFrom(...STEPS), (all, to) => {
        const decided = decideChange(change({ to, isOperator: true }), ALICE, all);
        if (!decided.ok) return;
        const changed = new Set(decided.versions.map((each) => each.version));
        const after = all.map((each) => (changed.has(each.version) ? { ...each, status: to } : each));
        const again = decideChange(change({ to, isOperator: true }), ALICE, after);
        expect(again.ok ? again.versions : []).toEqual([]);
      }),
    );
  });
});

describe("a publication", () => {
  it("is taken as new only above every version that was ever published", () => {
    fc.assert(
      fc.property(versions, version, (all, next) => {
        const known = all.map((each) => held({ version: each.version, status: each.status }));
        const admission = admit(entry({ version: next }), known, [], undefined);
        const isAbove = known.every((each) => compareVersions(next, each.version) > 0);
        expect(admission.ok && !admission.again).toBe(isAbove);
      }),
    );
  });

  it.each([
    ["somebody else's name", entry({ publisher: BOB }), "forbidden", "name"],
    ["another card under its version", entry({ digest: "e" }), "conflict", "version"],
    ["its version from another place", entry({ url: "https://egret.example" }), "conflict", "url"],
    [
      "other probes under its version",
      entry({ probes: [{ skill: "count", message: "one", expect: { contains: ["1"] } }] }),
      "conflict",
      "probes",
    ],
    ["the same but for what comes after a plus", entry({ version: "1.0.0+two" }), "conflict", "version"],
    ["a place where another agent is", entry({ name: "stork", publisher: BOB }), "conflict", "url"],
    [
      "a name that looks like another's",
      entry({ name: "her0n", publisher: BOB, url: "https://b.example", endpoint: "https://b.example" }),
      "conflict",
      "name",
    ],
    ["a name of the mesh's own", entry({ name: "writer", url: "https://b.example", endpoint: "https://b.example" }), "forbidden", "name"],
  ])("of %s is refused, and names the field", (_, tried, code, field) => {
    expect(admit(tried, [held()], ["writer"], [])).toMatchObject({ ok: false, refusal: { code, field } });
  });

  it("of the very same is the same again, also without its probes, unless it was revoked", () => {
    const probes = [{ skill: "count", message: "one", expect: { contains: ["1"] } }];
    expect(admit(entry(), [held()], [], probes)).toEqual({ ok: true, again: true });
    expect(admit(entry({ probes }), [held()], [], probes)).toEqual({ ok: true, again: true });
    expect(admit(entry(), [held({ status: "revoked" })], [], [])).toMatchObject({ ok: false, refusal: { code: "conflict" } });
  });

  it("is bounded for each publisher, in agents and in versions", () => {
    const agents = Array.from({ length: 200 }, (_, n) =>
      held({ name: `bird-${n}-x`, url: `https://${n}.example`, endpoint: `https://${n}.example` }),
    );
    expect(admit(entry(), agents, [], undefined)).toMatchObject({ ok: false, refusal: { code: "conflict", field: "name" } });
    expect(admit(entry({ publisher: BOB }), agents, [], undefined)).toMatchObject({ ok: true });
    const known = Array.from({ length: 500 }, (_, n) => held({ version: `0.${n}.0` }));
    expect(admit(entry(), known, [], undefined)).toMatchObject({ ok: false, refusal: { code: "conflict", field: "version" } });
  });
});
