import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { exports } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { amountOf } from "../../../shared/budget/amount.ts";
import type { ScoreboardApi } from "../../../shared/host/governance/api.ts";
import type { Entry } from "../../../shared/registry/entry.ts";
import { firstBroken } from "../../../shared/registry/history.ts";
import type { RolloutChange } from "../../../shared/registry/rollout.ts";
import { GOVERNANCE_EXTENSION } from "../../../shared/task/governance-extension.ts";
import type { Holdings } from "../../../workers/registry/holdings.ts";
import { ALICE, BOB, entry, newHoldings, newName, OPERATOR } from "./publications.ts";

// A new version on its way: what the registry's object does with what was seen of it, by the contract that is deployed.

const SCOREBOARD = (exports as unknown as { Scoreboard: ScoreboardApi }).Scoreboard;
const SKILL = "count-words";
const byOperator = { by: OPERATOR, isOperator: true } as const;

/** At a place of its own, and harmless by its own account. */
function apart(name: string, version: string, { harmless = true, ...more }: Partial<Entry> & { harmless?: boolean } = {}): Entry {
  const url = `https://v${version.replaceAll(".", "-")}.${name}.example`;
  const made = entry({ name, version, url, endpoint: url, ...more });
  const extensions = harmless ? [{ uri: GOVERNANCE_EXTENSION, params: { skills: { [SKILL]: { readOnly: true } } } }] : [];
  return { ...made, card: { ...made.card, capabilities: { extensions } } };
}

async function publish(holdings: Holdings, published: Entry): Promise<Entry> {
  const committed = await holdings.commit(published, []);
  if (!committed.ok) throw new Error(committed.refusal.why);
  return committed.entry;
}

async function candidateBeside(holdings: Holdings, name: string, more: Parameters<typeof apart>[2] = {}) {
  await publish(holdings, apart(name, "1.0.0", more));
  return publish(holdings, apart(name, "1.1.0", more));
}

/** Copies that came out the same on both sides, but for what is said of the candidate's. */
async function copies(holdings: Holdings, name: string, count: number, { ok = true, alike = true } = {}) {
  for (let made = 0; made < count; made++) {
    const { version, stage } = (await holdings.rollouts(name))[0] ?? {};
    if (version === undefined || stage !== "shadow") return;
    const target = { id: made, name, version, endpoint: "https://nowhere.example" };
    const base = { ok: true, ms: 100, microUsd: 10 };
    await holdings.endCopy(target, { skill: SKILL, base, candidate: { ...base, ok }, ...(ok && { alike }) });
  }
}

async function calls(name: string, version: string, count: number, ok = true) {
  const call = { agent: name, version, skill: SKILL, ok, ms: 100, cost: amountOf({ microUsd: 10 }) };
  await SCOREBOARD.record(Array.from({ length: count }, () => call));
}

/** As a quarter of a minute later. */
async function look(stub: DurableObjectStub) {
  // What is kept in memory of the last look is lost with it.
  await evictDurableObject(stub);
  await runDurableObjectAlarm(stub);
}

async function shown(holdings: Holdings, name: string) {
  return (await holdings.snapshot())?.entries.find((each) => each.name === name);
}

async function statuses(holdings: Holdings, name: string) {
  return (await holdings.versions(name)).map(({ version, status }) => `${version} ${status}`);
}

function to(step: RolloutChange["to"], name: string, more: Partial<RolloutChange> = {}): RolloutChange {
  return { name, to: step, reason: "said so", ...byOperator, ...more };
}

describe("a new version at a place of its own", () => {
  it("goes from copies to a growing share of the calls and into the list, each step in the log", async () => {
    const { holdings, reach, stub } = newHoldings();
    const name = newName();
    expect(await candidateBeside(holdings, name)).toMatchObject({ status: "candidate", reason: expect.stringContaining("in shadow") });
    expect(await shown(holdings, name)).toMatchObject({
      version: "1.0.0",
      candidate: { version: "1.1.0", stage: "shadow", share: 0, untrue: [] },
    });
    await copies(holdings, name, 40);
    expect((await shown(holdings, name))?.candidate).toMatchObject({ stage: "canary", share: 0.1 });
    const shares: (number | undefined)[] = [];
    for (let looks = 0; looks < 12; looks++) {
      await Promise.all([calls(name, "1.0.0", 40), calls(name, "1.1.0", 20)]);
      await look(stub);
      shares.push((await shown(reach(), name))?.candidate?.share);
      if (shares.at(-1) === undefined) break;
    }
    expect([...new Set(shares)]).toEqual([0.25, 0.5, undefined].filter((share) => shares.includes(share)));
    const after = await shown(reach(), name);
    expect(after).toMatchObject({ version: "1.1.0", status: "listed", others: [{ version: "1.0.0", status: "listed" }] });
    expect(after?.candidate).toBeUndefined();
    const { rows } = await reach().log(0, 100);
    expect(firstBroken(rows)).toBeUndefined();
    expect(rows.map(({ what, version, status }) => `${what} ${version} ${status}`)).toEqual([
      "published 1.0.0 listed",
      "published 1.1.0 candidate",
      ...["canary", "ramp", "ramp"].map(() => "changed 1.1.0 candidate"),
      "changed 1.1.0 listed",
    ]);
  });
});
