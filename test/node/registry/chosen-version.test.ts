import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { chosenVersion } from "../../../shared/registry/chosen-version.ts";
import type { CandidateEntry, OtherVersion, SnapshotEntry } from "../../../shared/registry/entry.ts";
import type { AgentCard } from "../../../shared/task/a2a-types.ts";
import { GOVERNANCE_EXTENSION } from "../../../shared/task/governance-extension.ts";

// One agent in three versions: 1.0.0 was called before, 1.1.0 is called, and 1.2.0 is on its way into the list.

const CALLS = 20_000;
const NEW = { skill: "forecast", lot: "task/delegate:1" } as const;

function card(skills: readonly string[], more: Partial<AgentCard["capabilities"]> = {}): AgentCard {
  return {
    name: "weather",
    description: "Tells the weather.",
    version: "1.0.0",
    supportedInterfaces: [],
    capabilities: { streaming: true, ...more },
    defaultInputModes: ["text/plain"],
    defaultOutputModes: ["text/plain"],
    skills: skills.map((id) => ({ id, name: id, description: id, tags: [id] })),
  };
}

const of = (version: string) => ({ version, digest: `of ${version}`, url: `https://${version}`, endpoint: `https://${version}/` });

function candidate(share: number, more: Partial<CandidateEntry> = {}): CandidateEntry {
  return { ...of("1.2.0"), card: card(["forecast"]), stage: share === 0 ? "shadow" : "ramp", share, untrue: [], ...more };
}

function other(version: string, more: Partial<OtherVersion> = {}): OtherVersion {
  const { digest, endpoint } = of(version);
  return { version, digest, endpoint, status: "listed", streaming: true, extensions: [], ...more };
}

function entry(more: Partial<SnapshotEntry> = {}): SnapshotEntry {
  const common = { name: "weather", card: card(["forecast", "report"]), status: "listed", evidence: {}, others: [other("1.0.0")] } as const;
  return { ...of("1.1.0"), ...common, ...more };
}

const versionOf = (of: SnapshotEntry, lot: string, skill = "forecast") => chosenVersion(of, { skill, lot }).version;
const begunWith = (version: string) => ({ card: { version, digest: of(version).digest } });

describe("a new call", () => {
  it("goes to the candidate as often as its share says, within what chance explains", () => {
    for (const share of [0.01, 0.05, 0.25, 0.5, 0.9]) {
      const tried = entry({ candidate: candidate(share) });
      const went = Array.from({ length: CALLS }, (_, call) => versionOf(tried, `task-${call}/delegate:1`)).filter(
        (v) => v === "1.2.0",
      ).length;
      // Five standard deviations of so many draws: one run in millions is farther off by chance.
      const bound = 5 * Math.sqrt(CALLS * share * (1 - share));
      expect(Math.abs(went - CALLS * share), `share ${share}`).toBeLessThan(bound);
    }
  });

  it("draws a lot that stays, so that a growing share takes no call away from the candidate", () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (lot, one, other) => {
          const [less, more] = [Math.min(one, other), Math.max(one, other)];
          const before = versionOf(entry({ candidate: candidate(less) }), lot);
          expect(versionOf(entry({ candidate: candidate(less) }), lot)).toBe(before);
          if (before === "1.2.0") expect(versionOf(entry({ candidate: candidate(more) }), lot)).toBe("1.2.0");
        },
      ),
    );
  });

  it("draws another lot for another candidate, and for another call of the same task", () => {
    const lots = Array.from({ length: 200 }, (_, call) => `task/delegate:${call}`);
    const half = entry({ candidate: candidate(0.5) });
    const next = entry({ candidate: candidate(0.5, of("1.3.0")) });
    const isTried = (tried: SnapshotEntry) => lots.map((lot) => versionOf(tried, lot) !== "1.1.0");
    expect(new Set(isTried(half)).size).toBe(2);
    expect(isTried(next)).not.toEqual(isTried(half));
  });

  it("draws a lot that nobody can tell who has not the rollout's salt, and that stays as long as there is that salt", () => {
    const lots = Array.from({ length: CALLS }, (_, call) => `task-${call}/delegate:1`);
    const drawn = (salt: string | undefined, share = 0.5) => {
      const tried = entry({ candidate: candidate(share, salt === undefined ? {} : { salt }) });
      return lots.map((lot) => versionOf(tried, lot) === "1.2.0");
    };
    const [one, other, none] = [drawn("one"), drawn("other"), drawn(undefined)];
    expect(drawn("one")).toEqual(one);
    // Of two draws that know nothing of each other half agree: five standard deviations are the bound.
    const agreeing = (those: readonly boolean[]) => one.filter((went, at) => went === those[at]).length;
    for (const those of [other, none]) expect(Math.abs(agreeing(those) - CALLS / 2)).toBeLessThan(5 * Math.sqrt(CALLS / 4));
    expect(drawn("one", 0.9).every((went, at) => went || !one[at])).toBe(true);
  });

  it("never goes to a candidate in shadow, and always to one with a share of all", () => {
    fc.assert(
      fc.property(fc.string(), (lot) => {
        expect(versionOf(entry({ candidate: candidate(0) }), lot)).toBe("1.1.0");
        expect(versionOf(entry({ candidate: candidate(1) }), lot)).toBe("1.2.0");
      }),
    );
  });

  it("of a skill that the candidate does not have goes where it went before", () => {
    expect(versionOf(entry({ candidate: candidate(1) }), NEW.lot, "report")).toBe("1.1.0");
  });

  it("goes by what the card of its version says, but for what was found untrue", () => {
    const governed = { uri: GOVERNANCE_EXTENSION, params: { skills: { forecast: { readOnly: true, price: 70 } } } };
    const claims = card(["forecast"], { extensions: [governed] });
    const tried = entry({
      candidate: candidate(1, { card: claims, untrue: ["capabilities.streaming"] }),
      evidence: { forecast: { successes: 9, failures: 0, reliability: 0.9, reliabilityAtMost: 1, microUsd: 5, untrue: [] } },
    });
    const chosen = chosenVersion(tried, NEW);
    expect(chosen).toMatchObject({ version: "1.2.0", status: "candidate", endpoint: "https://1.2.0/" });
    expect(chosen.declares()).toEqual({ streaming: false, extensions: [GOVERNANCE_EXTENSION] });
    // What the version before it was seen to cost says nothing of it.
    expect(chosen.facts().get("forecast")).toMatchObject({ readOnly: true, price: 70 });
    expect(chosenVersion(tried).facts().get("forecast")).toMatchObject({ price: 5 });
  });
});

describe("a call that has begun", () => {
  /** The same call, whatever has become of its version. */
  const after: readonly [string, SnapshotEntry][] = [
    ["while it is tried", entry({ candidate: candidate(0.05) })],
    ["when it is tried on fewer calls", entry({ candidate: candidate(0) })],
    ["when it was promoted", entry({ ...of("1.2.0"), others: [other("1.0.0"), other("1.1.0")] })],
    ["when it was taken back", entry({ others: [other("1.0.0"), other("1.2.0", { status: "quarantined", reason: "it was slow" })] })],
    ["when the next one is tried", entry({ candidate: candidate(1, of("1.3.0")), others: [other("1.2.0", { status: "deprecated" })] })],
  ];
  it.each(after)("goes on at its version %s", (_when, now) => {
    expect(chosenVersion(now, begunWith("1.2.0"))).toMatchObject({ version: "1.2.0", endpoint: "https://1.2.0/" });
  });

  it("goes on at the version before, however large the candidate's share has become", () => {
    expect(chosenVersion(entry({ candidate: candidate(1) }), begunWith("1.1.0"))).toMatchObject({ endpoint: "https://1.1.0/" });
    expect(chosenVersion(entry({ candidate: candidate(1) }), begunWith("1.0.0"))).toMatchObject({ endpoint: "https://1.0.0/" });
  });

  it("is over when its own version is revoked, and not when another one is", () => {
    const others = [other("1.2.0", { status: "revoked", reason: "it leaks" }), other("1.0.0")];
    expect(chosenVersion(entry({ others }), begunWith("1.2.0"))).toMatchObject({ status: "revoked", reason: "it leaks" });
    expect(chosenVersion(entry({ others }), begunWith("1.1.0")).status).toBe("listed");
    expect(chosenVersion(entry({ status: "revoked", others }), begunWith("1.0.0")).status).toBe("listed");
  });

  it("is sent nowhere when its version is not known any more, nor to another card of that version", () => {
    expect(chosenVersion(entry(), begunWith("0.9.0")).endpoint).toBeUndefined();
    expect(chosenVersion(entry(), { card: { version: "1.1.0", digest: "another" } }).endpoint).toBeUndefined();
  });
});
