import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LABELS } from "../../../shared/contract/chain-cap.ts";
import { type ChainCapSignals, decideChainCap, describeChainCap, type Hop, isForLeaves } from "../../../shared/policy/chain-cap.ts";
import { CHAIN_CAP } from "./chain-cap-contract.ts";

const FIRST: Hop = { agent: "orchestrator", skill: null, reliability: 1, evidence: "self" };
const hop = (agent: string, reliability = 0.95): Hop => ({ agent, skill: "work", reliability, evidence: "unmeasured" });
/** The agent that began, and so many below it. */
const chain = (below: number, reliability = 0.95) => [FIRST, ...Array.from({ length: below }, (_, index) => hop(`a${index}`, reliability))];
const signals = (change: Partial<ChainCapSignals> = {}): ChainCapSignals => ({
  path: [FIRST],
  to: { agent: "researcher", skill: "search" },
  record: "unmeasured",
  basis: 1,
  hopsLeft: 8,
  surface: "inside",
  label: "internal",
  leaf: false,
  deadlineLeftMs: 60_000,
  allowed: false,
  ...change,
});
const decide = (change: Partial<ChainCapSignals> = {}) => decideChainCap(CHAIN_CAP, signals(change));

describe("decideChainCap", () => {
  it("lets a first call go out, with the reliability it was counted with", () => {
    expect(decide()).toEqual({
      policy: "chain-cap",
      version: 1,
      reliability: 0.95,
      evidence: "unmeasured",
      product: 0.95,
      floor: 0.75,
      outcome: "extend",
      reason: "within-cap",
    });
  });

  it.each([
    ["0.95^5 = 0.774", { path: chain(4) }, "extend", "within-cap"],
    ["0.95^6 = 0.735", { path: chain(5) }, "stop", "below-floor"],
    ["0.95^6, allowed by a person", { path: chain(5), allowed: true }, "extend", "allowed"],
    ["0.95 × 0.80 = 0.76, on a result", { basis: 0.8 }, "extend", "within-cap"],
    ["0.95 × 0.78 = 0.741, on a result", { basis: 0.78 }, "stop", "below-floor"],
    ["40 of 80 right: far below the floor at once", { record: { successes: 40, failures: 40 } }, "stop", "below-floor"],
    ["seven agents of 1 above: the 8th", { path: chain(7, 1) }, "extend", "within-cap"],
    ["eight agents of 1 above: the 9th", { path: chain(8, 1) }, "stop", "too-many-hops"],
    ["one hop left", { hopsLeft: 1 }, "extend", "within-cap"],
    ["no hop left", { hopsLeft: 0 }, "stop", "too-many-hops"],
    ["the last millisecond", { deadlineLeftMs: 1 }, "extend", "within-cap"],
    ["no time left", { deadlineLeftMs: 0 }, "refuse", "deadline-passed"],
    ["a skill outside the surface", { surface: "outside" }, "refuse", "outside-surface"],
    ["internal to a leaf", { leaf: true }, "extend", "within-cap"],
    ["confidential to a leaf", { leaf: true, label: "confidential" }, "refuse", "label"],
    ["restricted to an agent of the mesh", { label: "restricted" }, "extend", "within-cap"],
    ["A to B to A", { path: [FIRST, hop("researcher")] }, "refuse", "cycle"],
    ["an agent that calls itself", { path: [{ ...FIRST, agent: "researcher" }] }, "refuse", "cycle"],
  ] as const)("%s: %o", (_case, change, outcome, reason) => {
    expect(decide(change)).toMatchObject({ outcome, reason });
  });

  it.each([
    [
      "a cycle before all else",
      { surface: "outside", deadlineLeftMs: 0, hopsLeft: 0, to: { agent: "orchestrator", skill: "ask" } },
      "cycle",
    ],
    ["the surface before the label", { surface: "outside", leaf: true, label: "restricted" }, "outside-surface"],
    ["the label before the deadline", { leaf: true, label: "restricted", deadlineLeftMs: 0 }, "label"],
    ["the deadline before the hops", { deadlineLeftMs: 0, hopsLeft: 0 }, "deadline-passed"],
    ["the hops before the floor", { hopsLeft: 0, basis: 0 }, "too-many-hops"],
  ] as const)("names %s", (_rule, change, reason) => {
    expect(decide(change).reason).toBe(reason);
  });

  it("takes a chain that stands on the floor: 3 / (3 + 1) = 0.75", () => {
    const contract = { ...CHAIN_CAP, priorSuccesses: 3, priorFailures: 1 };
    expect(decideChainCap(contract, signals())).toMatchObject({ outcome: "extend", product: contract.floor });
  });

  it("lets an agent stand twice that the contract names, and no other", () => {
    const path = [FIRST, hop("researcher"), hop("writer")];
    const contract = { ...CHAIN_CAP, mayRepeat: ["researcher"] };
    expect(decideChainCap(contract, signals({ path }))).toMatchObject({ outcome: "extend" });
    expect(decideChainCap(contract, signals({ path, to: { agent: "writer", skill: "work" } }))).toMatchObject({ reason: "cycle" });
  });

  it("counts a leaf at the prior, whatever was measured of it", () => {
    const record = { successes: 5_000, failures: 0 };
    expect(decide({ leaf: true, record })).toMatchObject({ reliability: 0.95, evidence: "untrusted" });
    expect(decide({ leaf: false, record })).toMatchObject({ evidence: "measured" });
  });

  it("says which stop a person may lift", () => {
    expect(decide({ hopsLeft: 0, allowed: true })).toMatchObject({ outcome: "stop", liftable: false, hops: 0 });
    expect(decide({ basis: 0.1 })).toMatchObject({ outcome: "stop", liftable: true });
  });

  it.each([
    ["a basis that is no number", { basis: Number.NaN }, "below-floor"],
    ["a basis above one", { basis: 1.2 }, "below-floor"],
    ["an agent more reliable than sure", { path: [FIRST, hop("a", 3)] }, "below-floor"],
    ["an agent of less than nothing, twice", { path: [FIRST, hop("a", -1), hop("b", -1)] }, "below-floor"],
    ["hops that are no number", { hopsLeft: Number.NaN }, "too-many-hops"],
    ["hops without end", { hopsLeft: Infinity }, "too-many-hops"],
    ["a chain that nobody began", { path: [] }, "too-many-hops"],
    ["a deadline that is no number", { deadlineLeftMs: Number.NaN }, "deadline-passed"],
    ["a deadline without end", { deadlineLeftMs: Infinity }, "deadline-passed"],
    ["a record that is none", { record: { successes: Number.NaN, failures: 0 } }, "below-floor"],
    ["an unknown label", { label: "secret" as never }, "label"],
    ["an unknown surface", { surface: "" as never }, "outside-surface"],
  ] as const)("fails closed on %s", (_case, change, reason) => {
    const decision = decide(change);
    expect(decision.outcome).not.toBe("extend");
    expect(decision.reason).toBe(reason);
  });
});

const share = fc.double({ min: 0, max: 1, noNaN: true });
const agent = fc.constantFrom("a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l");
const anyHop: fc.Arbitrary<Hop> = fc.record({
  agent,
  skill: fc.constantFrom("x", "y"),
  reliability: fc.oneof(fc.double({ min: 0.9, max: 1, noNaN: true }), share),
  evidence: fc.constantFrom("measured", "unmeasured", "untrusted"),
});
const anySignals: fc.Arbitrary<ChainCapSignals> = fc.record({
  path: fc.array(anyHop, { minLength: 1, maxLength: 10 }),
  to: fc.record({ agent, skill: fc.constant("x") }),
  record: fc.oneof(fc.constant("unmeasured" as const), fc.record({ successes: fc.nat(500), failures: fc.nat(10) })),
  basis: fc.oneof(fc.constant(1), share),
  hopsLeft: fc.nat(31),
  surface: fc.constantFrom("inside", "inside", "outside"),
  label: fc.constantFrom("public", "internal", "confidential", "restricted"),
  leaf: fc.boolean(),
  deadlineLeftMs: fc.integer({ min: -10, max: 100_000 }),
  allowed: fc.boolean(),
});
const RANK = { refuse: 0, stop: 1, extend: 2 };

/** Of many calls, most of which are not free, none becomes free by a change of this kind. */
function neverFrees<T>(change: fc.Arbitrary<T>, worse: (given: ChainCapSignals, by: T) => ChainCapSignals) {
  fc.assert(
    fc.property(anySignals, change, (given, by) => {
      const before = RANK[decideChainCap(CHAIN_CAP, given).outcome];
      expect(RANK[decideChainCap(CHAIN_CAP, worse(given, by)).outcome] === RANK.extend && before < RANK.extend).toBe(false);
    }),
    { numRuns: 1_000 },
  );
}

describe("isForLeaves", () => {
  it("is what decides about agents that do not carry the chain on, label for label", () => {
    for (const leafLabel of LABELS)
      for (const label of LABELS) {
        const contract = { ...CHAIN_CAP, leafLabel };
        const { reason } = decideChainCap(contract, { ...signals(), label, leaf: true });
        expect(isForLeaves(contract, label), `${label}, ${leafLabel}`).toBe(reason !== "label");
      }
  });

  it("lets nothing go that is labelled as nobody knows", () => {
    expect(isForLeaves({ leafLabel: LABELS[LABELS.length - 1] ?? "internal" }, "cosmic" as never)).toBe(false);
  });
});

describe("decideChainCap, whatever the signals", () => {
  it("never frees a call by one hop more, wherever it stands", () => {
    neverFrees(fc.tuple(fc.nat(10), anyHop), (given, [at, more]) => ({ ...given, path: given.path.toSpliced(at, 0, more) }));
  });

  it("never frees a call by an agent that is less reliable", () => {
    neverFrees(fc.tuple(fc.nat(9), share), (given, [at, factor]) => ({
      ...given,
      path: given.path.map((each, index) => (index === at ? { ...each, reliability: each.reliability * factor } : each)),
    }));
  });

  it("never frees a call by a weaker result that it builds on", () => {
    neverFrees(share, (given, factor) => ({ ...given, basis: given.basis * factor }));
  });

  it("never frees a call by fewer hops, less time or a stricter label", () => {
    neverFrees(fc.nat(31), (given, fewer) => ({ ...given, hopsLeft: Math.max(0, given.hopsLeft - fewer) }));
    neverFrees(fc.nat(100_000), (given, less) => ({ ...given, deadlineLeftMs: given.deadlineLeftMs - less }));
    neverFrees(fc.constant(null), (given) => ({ ...given, label: "restricted" }));
  });

  it("never frees a measured skill by one failure more", () => {
    neverFrees(fc.constant(null), (given) => {
      if (given.record === "unmeasured" || given.record.successes + given.record.failures < CHAIN_CAP.minSamples) return given;
      return { ...given, record: { ...given.record, failures: given.record.failures + 1 } };
    });
  });

  it("extends below the floor only what a person allowed, and never past the hops", () => {
    fc.assert(
      fc.property(anySignals, (given) => {
        const decision = decideChainCap(CHAIN_CAP, given);
        if (decision.outcome !== "extend") return;
        expect(decision.reason === "allowed").toBe(decision.product < CHAIN_CAP.floor);
        expect(given.allowed || decision.reason === "within-cap").toBe(true);
        expect(given.path.length).toBeLessThanOrEqual(CHAIN_CAP.maxHops);
      }),
    );
  });

  it("decides the same from signals that were stored and read again, odd numbers included", () => {
    const odd = fc.oneof(share, fc.constantFrom(Number.NaN, Infinity, -Infinity, -0, -1, 2));
    const oddSignals = fc.tuple(anySignals, odd, odd, odd, odd).map(([given, basis, hopsLeft, deadlineLeftMs, reliability]) => ({
      ...given,
      basis,
      hopsLeft,
      deadlineLeftMs,
      path: given.path.map((each) => ({ ...each, reliability })),
      record: { successes: reliability, failures: basis },
    }));
    fc.assert(
      fc.property(fc.oneof(anySignals, oddSignals), (given) => {
        const stored = JSON.parse(JSON.stringify(given)) as ChainCapSignals;
        expect(decideChainCap(CHAIN_CAP, stored)).toEqual(decideChainCap(CHAIN_CAP, given));
      }),
    );
  });
});

describe("describeChainCap", () => {
  const inWords = (change: Partial<ChainCapSignals> = {}) => describeChainCap(decide(change), signals(change));

  it("tells the chain, the product against the floor, and that independence is assumed", () => {
    const path = [FIRST, { ...hop("analyst", 0.78), evidence: "measured" as const }];
    expect(inWords({ path })).toBe(
      "The chain orchestrator → analyst/work (0.78, measured) → researcher/search (0.95, unmeasured) comes to 0.741, and the floor is 0.75. " +
        "That counts the agents as failing independently of each other, which is an assumption. " +
        "It is below the floor, so the call waits for somebody to decide.",
    );
  });

  it("tells what the call builds on", () => {
    expect(inWords({ basis: 0.5 })).toContain("building on a result of 0.5 comes to 0.475");
  });

  it("cuts a product off instead of rounding it up to the floor", () => {
    expect(inWords({ basis: 0.7499 / 0.95 })).toContain("comes to 0.749, and the floor is 0.75");
  });

  it.each([
    [{ path: [FIRST, hop("researcher")] }, "researcher stands in the chain already"],
    [{ surface: "outside" }, "researcher/search is not among the skills"],
    [{ leaf: true, label: "restricted" }, "is restricted, too strict for researcher"],
    [{ deadlineLeftMs: 0 }, "The time for the whole chain"],
    [{ path: chain(8, 1) }, "8 agents stand below the first already"],
    [{ basis: 0.1, allowed: true }, "Somebody allowed this call."],
  ] as const)("has words for every other outcome: %#", (change, words) => {
    expect(inWords(change)).toContain(words);
  });
});
