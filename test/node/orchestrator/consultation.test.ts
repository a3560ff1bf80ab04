import { describe, expect, it } from "vitest";
import type { DelegateCall, DelegateResult } from "../../../shared/host/program.ts";
import { findingsPart } from "../../../shared/kit/finding.ts";
import type { AgentCard, JsonObject } from "../../../shared/task/a2a-types.ts";
import { pathOf } from "../../../shared/task/within.ts";
import { type Answers, cardOf, declined, dispatchContract, type Handled, handle } from "./mesh-in-memory.ts";

// Two agents that read the same documents: a caller to whom being right matters most has both of them asked.

const REQUEST = "Search the documents for the reliability floor";
const ACCURATE = { accuracy: 1, cost: 0.1, latency: 0.1 };
const ARCHIVIST: AgentCard = { ...cardOf("researcher"), name: "archivist" };

/** One passage is no draft yet: nothing is composed of it. */
function found(agent: string, findings: number, reliability = 0.9): (call: DelegateCall) => DelegateResult {
  const quoted = Array.from({ length: findings }, (_, nth) => ({
    text: `floor ${nth}`,
    source: { document: agent, position: `${nth}`, uri: `file:///${agent}` },
  }));
  const parts = [{ text: `says ${agent}` }, ...(findings > 0 ? [findingsPart(quoted)] : [])];
  return () => ({ ok: true, taskId: agent, text: "", artifacts: [{ artifactId: "a", parts }], reliability });
}

const consulting = (answers: Answers) => handle(REQUEST, answers, [ARCHIVIST], { preferences: ACCURATE });
const searched = ({ calls }: Handled) => calls.filter(({ skill }) => skill === "search").map(({ agent }) => agent);
function branchesIn({ outcome }: Handled): readonly JsonObject[] {
  if (outcome.outcome !== "completed") throw new Error(outcome.reason);
  const { goals } = outcome.metadata as { goals: { branches?: JsonObject[] }[] };
  return goals[0]?.branches ?? [];
}

describe("a goal that is put to two", () => {
  it("is answered by the one with more to show, and the metadata says of both what became of them", async () => {
    const handled = await consulting({ "researcher/search": found("researcher", 0), "archivist/search": found("archivist", 1) });
    expect(handled.questions).toEqual([]);
    expect(searched(handled).toSorted()).toEqual(["archivist", "researcher"]);
    expect(handled.text).toContain("says archivist");
    expect(handled.text).not.toContain("says researcher");
    expect(branchesIn(handled)).toMatchObject([
      { branch: "road-1", skills: ["archivist/search"], status: "merged", findings: 1 },
      {
        branch: "road-2",
        skills: ["researcher/search"],
        status: "dropped",
        reason: "archivist/search was taken: it can show where its answer is from",
      },
    ]);
    expect(handled.progress).toContain(`archivist/search and researcher/search are asked side by side: ${REQUEST}`);
    expect(handled.progress).toContain("archivist/search is taken, with 1 finding");
  });

  it("holds each road to its own skill and to half of what the contract gives", async () => {
    const { calls } = await consulting({ "researcher/search": found("researcher", 1), "archivist/search": found("archivist", 1) });
    const { branchMicroUsd, branchCalls } = dispatchContract(2);
    const share = { microUsd: branchMicroUsd / 2, calls: branchCalls / 2 };
    expect(calls.map(({ within }) => within)).toEqual([
      { goal: "g1", branch: "road-1", surface: ["archivist/search"], share },
      { goal: "g1", branch: "road-2", surface: ["researcher/search"], share },
    ]);
    expect(calls.map(({ alternatives }) => alternatives)).toEqual([[], []]);
    expect(calls.map(({ within }) => within && pathOf(within))).toEqual(["g1#road-1", "g1#road-2"]);
  });

  it("is answered by the other when one fails", async () => {
    const handled = await consulting({ "researcher/search": found("researcher", 1), "archivist/search": declined("closed today") });
    expect(handled.text).toContain("says researcher");
    expect(branchesIn(handled)).toMatchObject([
      { status: "dropped", reason: "archivist/search declined: closed today" },
      { status: "merged" },
    ]);
  });

  it("fails with both reasons when both fail, and spends no more calls on it than the contract allows", async () => {
    const handled = await consulting({ "researcher/search": declined("no key"), "archivist/search": declined("closed today") });
    expect(handled.outcome.outcome).toBe("failed");
    expect(handled.text).toMatch(/archivist\/search declined: closed today; researcher\/search declined: no key/);
    expect(handled.calls).toHaveLength(2);
  });

  it("waits for both before it judges: the quick one has no advantage", async () => {
    const slow = async (call: DelegateCall) => {
      for (let turn = 0; turn < 5; turn++) await Promise.resolve();
      return found("researcher", 1, 0.99)(call);
    };
    const handled = await consulting({ "researcher/search": slow, "archivist/search": found("archivist", 1, 0.9) });
    expect(handled.text).toContain("says researcher");
  });
});

describe("a goal is put to one alone", () => {
  const both: Answers = { "researcher/search": found("researcher", 1), "archivist/search": found("archivist", 1) };

  it.each([
    ["of a caller that says nothing of accuracy", { preferences: { accuracy: 1, cost: 1, latency: 0.5 } }],
    ["under the contract without branches", { preferences: ACCURATE, contract: dispatchContract(1) }],
    ["where consulting is only watched", { preferences: ACCURATE, contract: { ...dispatchContract(2), branches: 2, mode: "shadow" } }],
  ] as const)("%s", async (_what, setting) => {
    const handled = await handle(REQUEST, both, [], setting);
    expect(searched(handled)).toEqual(["researcher"]);
    expect(branchesIn(handled)).toEqual([]);
  });

  it("under a contract beside which consulting is tried, and what the candidate would have done is recorded", async () => {
    const alone = dispatchContract(1);
    const candidate = { contract: { ...dispatchContract(2), version: 3, mode: "candidate" as const }, own: true };
    const trying = (preferences: typeof ACCURATE) =>
      handle(REQUEST, both, [ARCHIVIST], { preferences, contract: { ...alone, margin: 0, candidate } });
    const handled = await trying(ACCURATE);
    expect(searched(handled)).toHaveLength(1);
    expect(branchesIn(handled)).toEqual([]);
    expect(handled.decisions["consult:g1"]).toMatchObject({ outcome: "single", candidate: { version: 3, would: { outcome: "consult" } } });
    // Where neither wants it there is no line about it.
    expect((await trying({ accuracy: 1, cost: 1, latency: 0.5 })).decisions).not.toHaveProperty("consult:g1");
  });

  it("and asks which one is meant when two fit equally, as before", async () => {
    const { questions } = await handle(REQUEST, both, [ARCHIVIST]);
    expect(questions).toHaveLength(1);
  });

  it("when the other one does not only read", async () => {
    const writing: AgentCard = { ...ARCHIVIST, capabilities: {} };
    const { questions, calls } = await handle(REQUEST, both, [writing], { preferences: ACCURATE });
    expect(questions).toHaveLength(1);
    expect(calls).toEqual([]);
  });

  it("and every call is held to what its goal may use", async () => {
    const { calls } = await handle(REQUEST, both);
    for (const { agent, skill, within } of calls) expect(within?.surface).toContain(`${agent}/${skill}`);
  });
});
