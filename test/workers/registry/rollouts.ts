/** Rollouts of the test's own: versions of an agent side by side, what is seen of them, and the registry's looks at them. */
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { exports } from "cloudflare:workers";
import { expect } from "vitest";
import { amountOf } from "../../../shared/budget/amount.ts";
import type { ScoreboardApi } from "../../../shared/host/governance/api.ts";
import type { Change } from "../../../shared/registry/api.ts";
import type { Entry } from "../../../shared/registry/entry.ts";
import { firstBroken } from "../../../shared/registry/history.ts";
import type { RolloutChange } from "../../../shared/registry/rollout.ts";
import { GOVERNANCE_EXTENSION } from "../../../shared/task/governance-extension.ts";
import type { Holdings } from "../../../workers/registry/holdings.ts";
import { entry, newHoldings, newName, OPERATOR } from "./publications.ts";

const SCOREBOARD = (exports as unknown as { Scoreboard: ScoreboardApi }).Scoreboard;
export const SKILL = "count-words";
const byOperator = { by: OPERATOR, isOperator: true } as const;

/** At a place of its own, and harmless by its own account. */
export function apart(name: string, version: string, { harmless = true, ...more }: Partial<Entry> & { harmless?: boolean } = {}): Entry {
  const url = `https://v${version.replaceAll(".", "-")}.${name}.example`;
  const made = entry({ name, version, url, endpoint: url, ...more });
  const extensions = harmless ? [{ uri: GOVERNANCE_EXTENSION, params: { skills: { [SKILL]: { readOnly: true } } } }] : [];
  return { ...made, card: { ...made.card, capabilities: { extensions } } };
}

export async function publish(holdings: Holdings, published: Entry, atOnce?: boolean): Promise<Entry> {
  const committed = await holdings.commit(published, [], atOnce);
  if (!committed.ok) throw new Error(committed.refusal.why);
  return committed.entry;
}

/** 1.0.0 is listed, and 1.1.0 is tried beside it. */
export async function withCandidate(more: Parameters<typeof apart>[2] = {}) {
  const made = newHoldings();
  const name = newName();
  await publish(made.holdings, apart(name, "1.0.0", more));
  return { ...made, name, entered: await publish(made.holdings, apart(name, "1.1.0", more)) };
}

/** Copies of calls that went well, and what came of each of them. */
export async function copies(holdings: Holdings, name: string, count: number, { ok = true, alike = true, baseOk = true } = {}) {
  for (let id = 0; id < count; id++) {
    const { version = "none" } = (await holdings.rollouts(name))[0] ?? {};
    const base = { ok: baseOk, ms: 100, microUsd: 10 };
    const outcome = { skill: SKILL, base, candidate: { ...base, ok }, ...(ok && baseOk && { alike }) };
    await holdings.endCopy({ id, name, version, endpoint: "https://nowhere.example" }, outcome);
  }
}

export async function calls(name: string, version: string, count: number, ok = true, declined = false) {
  const call = {
    agent: name,
    version,
    skill: SKILL,
    ok,
    ...(declined && { declined: true as const }),
    ms: 100,
    cost: amountOf({ microUsd: 10 }),
  };
  await SCOREBOARD.record(Array.from({ length: count }, () => call));
}

/** As a quarter of a minute later: when it looked last is lost with its memory. */
export async function look(stub: DurableObjectStub) {
  await evictDurableObject(stub);
  await runDurableObjectAlarm(stub);
}

export async function shown(holdings: Holdings, name: string) {
  return (await holdings.snapshot())?.entries.find((each) => each.name === name);
}

export async function statuses(holdings: Holdings, name: string) {
  return (await holdings.versions(name)).map(({ version, status }) => `${version} ${status}`);
}

export async function rowsOf(holdings: Holdings) {
  const { rows } = await holdings.log(0, 100);
  expect(firstBroken(rows)).toBeUndefined();
  return rows.map(({ what, version, status }) => `${what} ${version} ${status}`);
}

export function to(step: RolloutChange["to"], name: string, more: Partial<RolloutChange> = {}): RolloutChange {
  return { name, to: step, reason: "said so", ...byOperator, ...more };
}

export function change(name: string, version: string | undefined, step: Change["to"]): Change {
  return { name, to: step, reason: "said so", ...byOperator, ...(version !== undefined && { version }) };
}

/** As many calls before as would drown what comes after. */
export async function withBusyBase() {
  const made = newHoldings();
  const name = newName();
  await publish(made.holdings, apart(name, "1.0.0", { harmless: false }));
  await calls(name, "1.0.0", 50, false);
  return { ...made, name };
}

/** Whether the first look has noted what was before. */
export function hasCounted(stub: DurableObjectStub): Promise<boolean> {
  return runInDurableObject(
    stub,
    (_object, { storage }) =>
      storage.sql.exec("SELECT 1 FROM rollouts WHERE json_extract(body, '$.before') IS NOT NULL").toArray().length > 0,
  );
}
