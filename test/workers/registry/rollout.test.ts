import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { exports } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { amountOf } from "../../../shared/budget/amount.ts";
import type { ScoreboardApi } from "../../../shared/host/governance/api.ts";
import type { Change } from "../../../shared/registry/api.ts";
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

async function publish(holdings: Holdings, published: Entry, atOnce?: boolean): Promise<Entry> {
  const committed = await holdings.commit(published, [], atOnce);
  if (!committed.ok) throw new Error(committed.refusal.why);
  return committed.entry;
}

/** 1.0.0 is listed, and 1.1.0 is tried beside it. */
async function withCandidate(more: Parameters<typeof apart>[2] = {}) {
  const made = newHoldings();
  const name = newName();
  await publish(made.holdings, apart(name, "1.0.0", more));
  return { ...made, name, entered: await publish(made.holdings, apart(name, "1.1.0", more)) };
}

/** Copies of calls that went well, and what came of each of them. */
async function copies(holdings: Holdings, name: string, count: number, { ok = true, alike = true } = {}) {
  for (let id = 0; id < count; id++) {
    const { version = "none" } = (await holdings.rollouts(name))[0] ?? {};
    const base = { ok: true, ms: 100, microUsd: 10 };
    const outcome = { skill: SKILL, base, candidate: { ...base, ok }, ...(ok && { alike }) };
    await holdings.endCopy({ id, name, version, endpoint: "https://nowhere.example" }, outcome);
  }
}

async function calls(name: string, version: string, count: number, ok = true) {
  const call = { agent: name, version, skill: SKILL, ok, ms: 100, cost: amountOf({ microUsd: 10 }) };
  await SCOREBOARD.record(Array.from({ length: count }, () => call));
}

/** As a quarter of a minute later: when it looked last is lost with its memory. */
async function look(stub: DurableObjectStub) {
  await evictDurableObject(stub);
  await runDurableObjectAlarm(stub);
}

async function shown(holdings: Holdings, name: string) {
  return (await holdings.snapshot())?.entries.find((each) => each.name === name);
}

async function statuses(holdings: Holdings, name: string) {
  return (await holdings.versions(name)).map(({ version, status }) => `${version} ${status}`);
}

async function rowsOf(holdings: Holdings) {
  const { rows } = await holdings.log(0, 100);
  expect(firstBroken(rows)).toBeUndefined();
  return rows.map(({ what, version, status }) => `${what} ${version} ${status}`);
}

function to(step: RolloutChange["to"], name: string, more: Partial<RolloutChange> = {}): RolloutChange {
  return { name, to: step, reason: "said so", ...byOperator, ...more };
}

function change(name: string, version: string | undefined, step: Change["to"]): Change {
  return { name, to: step, reason: "said so", ...byOperator, ...(version !== undefined && { version }) };
}

describe("a new version at a place of its own", () => {
  it("goes from copies to a growing share of the calls and into the list, each step in the log", async () => {
    const { holdings, reach, stub, name, entered } = await withCandidate();
    expect(entered).toMatchObject({ status: "candidate", reason: expect.stringContaining("in shadow beside version 1.0.0") });
    expect(await shown(holdings, name)).toMatchObject({
      version: "1.0.0",
      status: "listed",
      candidate: { version: "1.1.0", stage: "shadow", share: 0, untrue: [] },
    });
    await copies(holdings, name, 20);
    expect((await shown(holdings, name))?.candidate).toMatchObject({ stage: "canary", share: 0.1 });
    const shares: (number | undefined)[] = [];
    while (shares.length < 12 && !(shares.length > 0 && shares.at(-1) === undefined)) {
      await Promise.all([calls(name, "1.0.0", 40), calls(name, "1.1.0", 20)]);
      await look(stub);
      shares.push((await shown(reach(), name))?.candidate?.share);
    }
    expect(shares.filter((share, at) => share !== shares[at - 1] && share !== 0.1)).toEqual([0.25, 0.5, undefined]);
    const after = await shown(reach(), name);
    expect(after).toMatchObject({ version: "1.1.0", status: "listed", others: [{ version: "1.0.0", status: "listed" }] });
    expect(after?.candidate).toBeUndefined();
    expect(await reach().rollouts()).toEqual([]);
    expect(await rowsOf(reach())).toEqual([
      "published 1.0.0 listed",
      "published 1.1.0 candidate",
      ...["canary", "ramp", "ramp"].map(() => "changed 1.1.0 candidate"),
      "changed 1.1.0 listed",
    ]);
  });

  it("begins in canary where no skill may get copies, and says why", async () => {
    const { holdings, name } = await withCandidate({ harmless: false });
    expect((await holdings.rollouts(name))[0]).toMatchObject({ stage: "canary", share: 0.1, base: "1.0.0" });
    expect((await holdings.versions(name))[0]?.reason).toContain("harmless");
    expect(await holdings.beginCopy({ agent: name, skill: SKILL, base: "1.0.0" })).toBeUndefined();
  });

  it("is listed at once where an operator says so, and the log says that it was not tried", async () => {
    const { holdings } = newHoldings();
    const name = newName();
    await publish(holdings, apart(name, "1.0.0"));
    expect(await publish(holdings, apart(name, "1.1.0"), true)).toMatchObject({ status: "listed" });
    expect((await holdings.log(0, 9)).rows.at(-1)).toMatchObject({ reason: expect.stringContaining("not tried") });
    expect(await holdings.rollouts()).toEqual([]);
  });

  it("is listed at once where it takes the place of the one that is called, whatever runs elsewhere", async () => {
    const { holdings } = newHoldings();
    const name = newName();
    await publish(holdings, apart(name, "1.0.0"));
    await publish(holdings, apart(name, "1.1.0"), true);
    const { url, endpoint } = apart(name, "1.1.0");
    expect(await publish(holdings, apart(name, "1.2.0", { url, endpoint }))).toMatchObject({ status: "listed" });
    expect(await shown(holdings, name)).toMatchObject({ version: "1.2.0" });
  });

  it("under suspicion is neither listed nor tried", async () => {
    const { holdings } = newHoldings();
    const name = newName();
    await publish(holdings, apart(name, "1.0.0"));
    await publish(holdings, apart(name, "1.1.0", { status: "quarantined", reason: "it praises itself" }));
    expect(await statuses(holdings, name)).toEqual(["1.1.0 quarantined", "1.0.0 listed"]);
    expect(await holdings.rollouts()).toEqual([]);
  });

  it("of two that are published at once is the higher one's chance, and the lower one is taken back", async () => {
    const { holdings } = newHoldings();
    const name = newName();
    await publish(holdings, apart(name, "1.0.0"));
    await Promise.all(["1.1.0", "1.2.0"].map((version) => holdings.commit(apart(name, version), [])));
    expect(await statuses(holdings, name)).toEqual(["1.2.0 candidate", "1.1.0 quarantined", "1.0.0 listed"]);
    expect(await holdings.rollouts()).toMatchObject([{ version: "1.2.0", base: "1.0.0", stage: "shadow" }]);
    expect((await holdings.versions(name))[1]?.reason).toContain("1.2.0 was published before it was through");
  });
});

describe("a candidate that is worse", () => {
  it("is taken back in shadow by its copies, before anybody got its answers", async () => {
    const { holdings, name } = await withCandidate();
    await copies(holdings, name, 40, { ok: false });
    expect(await statuses(holdings, name)).toEqual(["1.1.0 quarantined", "1.0.0 listed"]);
    expect((await holdings.versions(name))[0]?.reason).toMatch(/^taken back: .*count-words/);
    expect((await shown(holdings, name))?.candidate).toBeUndefined();
  });

  it("is taken back in shadow for answers that are unlike", async () => {
    const { holdings, name } = await withCandidate();
    await copies(holdings, name, 40, { alike: false });
    expect(await statuses(holdings, name)).toEqual(["1.1.0 quarantined", "1.0.0 listed"]);
  });

  it("is taken back in canary by its calls", async () => {
    const { holdings, reach, stub, name } = await withCandidate({ harmless: false });
    await vi.waitFor(async () => expect(await hasCounted(stub)).toBe(true));
    await Promise.all([calls(name, "1.0.0", 60), calls(name, "1.1.0", 20, false)]);
    await look(stub);
    expect(await statuses(reach(), name)).toEqual(["1.1.0 quarantined", "1.0.0 listed"]);
    expect(await shown(reach(), name)).toMatchObject({ version: "1.0.0", others: [{ version: "1.1.0", status: "quarantined" }] });
    expect(await holdings.rollouts()).toEqual([]);
  });

  it("is seen beside what came of the base since it began, and of nothing before", async () => {
    const { holdings, name, stub } = await withBusyBase();
    await publish(holdings, apart(name, "1.1.0", { harmless: false }));
    await vi.waitFor(async () => expect(await hasCounted(stub)).toBe(true));
    await Promise.all([calls(name, "1.0.0", 3), calls(name, "1.1.0", 2)]);
    const [report] = await holdings.rollouts(name);
    expect(report?.skills[SKILL]).toMatchObject({ base: { successes: 3, failures: 0 }, candidate: { successes: 2, failures: 0 } });
    expect(report?.waitsFor).toContain("18 more calls");
  });
});

describe("a rollout whose ground is gone", () => {
  it.each([
    ["is revoked", "revoked"],
    ["goes into quarantine", "quarantined"],
    ["is deprecated", "deprecated"],
  ] as const)("ends when the base %s, and lists nobody by accident", async (_, step) => {
    const { holdings, name } = await withCandidate();
    expect(await holdings.change(change(name, "1.0.0", step))).toMatchObject({ ok: true });
    expect(await statuses(holdings, name)).toEqual(["1.1.0 quarantined", `1.0.0 ${step}`]);
    expect((await holdings.versions(name))[0]?.reason).toContain(`version 1.0.0, which it was tried beside, is ${step}`);
    expect(await holdings.rollouts()).toEqual([]);
    // Whoever looks at it may list it all the same.
    expect(await holdings.change(change(name, "1.1.0", "listed"))).toMatchObject({ ok: true });
    expect(await shown(holdings, name)).toMatchObject({ version: "1.1.0", status: "listed" });
  });

  it.each(["revoked", "quarantined"] as const)("ends with the candidate when that is %s, and the base stays", async (step) => {
    const { holdings, name } = await withCandidate();
    await holdings.change(change(name, "1.1.0", step));
    expect(await statuses(holdings, name)).toEqual([`1.1.0 ${step}`, "1.0.0 listed"]);
    expect(await holdings.rollouts()).toEqual([]);
    expect((await shown(holdings, name))?.candidate).toBeUndefined();
  });

  it("ends when all versions are deprecated or revoked at once", async () => {
    const { holdings, name } = await withCandidate();
    await holdings.change(change(name, undefined, "deprecated"));
    expect(await statuses(holdings, name)).toEqual(["1.1.0 quarantined", "1.0.0 deprecated"]);
    await holdings.change(change(name, undefined, "revoked"));
    expect(await statuses(holdings, name)).toEqual(["1.1.0 revoked", "1.0.0 revoked"]);
  });

  it("ends when a version takes the place of the base", async () => {
    const { holdings, name } = await withCandidate();
    const { url, endpoint } = apart(name, "1.0.0");
    await publish(holdings, apart(name, "1.2.0", { url, endpoint }));
    expect(await statuses(holdings, name)).toEqual(["1.2.0 listed", "1.1.0 quarantined", "1.0.0 listed"]);
    expect(await shown(holdings, name)).toMatchObject({ version: "1.2.0" });
  });
});

describe("a rollout by hand", () => {
  it("is sent on by an operator, to any stage, and listed", async () => {
    const { holdings, name } = await withCandidate();
    const shares: unknown[] = [];
    for (const step of ["canary", "ramp", "ramp", "shadow"] as const) {
      expect(await holdings.roll(to(step, name))).toMatchObject({ ok: true, entry: { version: "1.1.0", status: "candidate" } });
      shares.push((await holdings.rollouts(name))[0]?.share);
    }
    expect(shares).toEqual([0.1, 0.25, 0.5, 0]);
    expect(await holdings.roll(to("active", name))).toMatchObject({ ok: true, entry: { status: "listed" } });
    expect((await holdings.log(0, 100)).rows.at(-1)).toMatchObject({ by: OPERATOR, reason: "active: said so", status: "listed" });
  });

  it("is sent back by its publisher, who may not send it on; by nobody else", async () => {
    const { holdings, name } = await withCandidate();
    const asAlice = { by: ALICE, isOperator: false };
    expect(await holdings.roll(to("active", name, asAlice))).toMatchObject({ ok: false, refusal: { code: "forbidden", field: "to" } });
    expect(await holdings.roll(to("back", name, { ...asAlice, by: BOB }))).toMatchObject({ ok: false, refusal: { field: "name" } });
    expect(await holdings.roll(to("back", name, asAlice))).toMatchObject({ ok: true, entry: { status: "quarantined" } });
    expect(await holdings.roll(to("back", name, asAlice))).toMatchObject({ ok: false, refusal: { code: "conflict" } });
    expect(await holdings.roll(to("back", "nobody", asAlice))).toMatchObject({ ok: false, refusal: { code: "not-found" } });
  });

  it("is no way round it: neither restoring nor deprecating lists a candidate", async () => {
    const { holdings, name } = await withCandidate();
    for (const step of ["listed", "deprecated"] as const)
      expect(await holdings.change(change(name, "1.1.0", step))).toMatchObject({ ok: false, refusal: { field: "version" } });
    expect(await statuses(holdings, name)).toEqual(["1.1.0 candidate", "1.0.0 listed"]);
  });
});

describe("the alarm", () => {
  it("looks every quarter of a minute while a rollout is under way, also after an eviction, and not when it is over", async () => {
    const { holdings, reach, stub, name } = await withCandidate();
    const alarmAt = () => runInDurableObject(stub, (_object, { storage }) => storage.getAlarm());
    await runDurableObjectAlarm(stub);
    expect((await alarmAt()) ?? 0).toBeLessThanOrEqual(Date.now() + 15_000);
    await evictDurableObject(stub);
    await reach().held();
    expect((await alarmAt()) ?? 0).toBeLessThanOrEqual(Date.now());
    await holdings.roll(to("back", name));
    await makeProbed(stub);
    await look(stub);
    expect((await alarmAt()) ?? 0).toBeGreaterThan(Date.now() + 15_000);
  });

  it("has the candidate's probes too, with those of the version that is called", async () => {
    const { stub } = await withCandidate();
    const due = await runInDurableObject(stub, (_object, { storage }) =>
      storage.sql.exec<{ version: string }>("SELECT version FROM versions WHERE due IS NOT NULL ORDER BY version").toArray(),
    );
    expect(due.map(({ version }) => version)).toEqual(["1.0.0", "1.1.0"]);
  });
});

describe("the snapshot", () => {
  it("has what must be known of the other versions, the latest fifty", async () => {
    const { holdings } = newHoldings();
    const name = newName();
    for (let minor = 0; minor < 53; minor++) await publish(holdings, apart(name, `1.${minor}.0`), true);
    await holdings.change(change(name, "1.50.0", "revoked"));
    const { others = [], version } = (await shown(holdings, name)) ?? {};
    expect([version, others.length, others[0]?.version, others.at(-1)?.version]).toEqual(["1.52.0", 50, "1.51.0", "1.2.0"]);
    expect(others[1]).toEqual({
      version: "1.50.0",
      digest: "a".repeat(64),
      endpoint: `https://v1-50-0.${name}.example`,
      status: "revoked",
      reason: "said so",
      streaming: false,
      extensions: [GOVERNANCE_EXTENSION],
    });
  });
});

/** As many calls before as would drown what comes after. */
async function withBusyBase() {
  const made = newHoldings();
  const name = newName();
  await publish(made.holdings, apart(name, "1.0.0", { harmless: false }));
  await calls(name, "1.0.0", 50, false);
  return { ...made, name };
}

/** Whether the first look has noted what was before. */
function hasCounted(stub: DurableObjectStub): Promise<boolean> {
  return runInDurableObject(
    stub,
    (_object, { storage }) =>
      storage.sql.exec("SELECT 1 FROM rollouts WHERE json_extract(body, '$.before') IS NOT NULL").toArray().length > 0,
  );
}

/** What is due of probes is not what is looked at here. */
function makeProbed(stub: DurableObjectStub): Promise<unknown> {
  return runInDurableObject(stub, async (_object, { storage }) => {
    storage.sql.exec("UPDATE versions SET due = ? WHERE due IS NOT NULL", Date.now() + 3_600_000);
  });
}
