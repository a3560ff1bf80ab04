import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { exports } from "cloudflare:workers";
import { describe, expect, inject, it } from "vitest";
import { amountOf } from "../../../shared/budget/amount.ts";
import type { ScoreboardApi } from "../../../shared/host/governance/api.ts";
import { firstBroken } from "../../../shared/registry/history.ts";
import type { Probe } from "../../../shared/registry/probe.ts";
import type { Holdings } from "../../../workers/registry/holdings.ts";
import { ALICE, anAgentAt, type Conduct, entry, newHoldings, newName, OPERATOR } from "./publications.ts";

// What the registry measures of agents over real HTTP: when it does, what it keeps, and what becomes of one that does not hold its claims.

const SCOREBOARD = (exports as unknown as { Scoreboard: ScoreboardApi }).Scoreboard;
const PROBES: readonly Probe[] = [2, 3, 4, 5, 6, 7].map((count) => ({
  skill: "count-words",
  message: Array.from({ length: count }, () => "heron").join(" "),
  expect: { number: { value: count, within: 0 } },
}));

async function published(holdings: Holdings, name: string, conduct: Partial<Conduct> = {}, probes = PROBES) {
  const { url, card, digest } = await anAgentAt(inject("agentsServer"), name, conduct);
  const committed = await holdings.commit(entry({ name, version: card.version, url, endpoint: url, card, digest, probes }), []);
  expect(committed).toMatchObject({ ok: true });
  return card.version;
}

async function calledOf(holdings: Holdings, name: string) {
  return (await holdings.snapshot())?.entries.find((each) => each.name === name);
}

describe("an agent that does what is claimed", () => {
  it("has its outcomes counted, with latency, and the log says so", async () => {
    const { holdings } = newHoldings();
    const name = newName();
    await published(holdings, name);
    const before = await holdings.snapshot();
    expect(await holdings.measure(name, "1.0.0", ALICE)).toMatchObject({ status: "listed" });
    const evidence = (await calledOf(holdings, name))?.evidence["count-words"];
    expect(evidence).toMatchObject({ successes: 6, failures: 0, ms: expect.any(Number), untrue: [] });
    expect(evidence?.reliability).toBeGreaterThan(before?.entries[0]?.evidence["count-words"]?.reliability ?? Number.NaN);
    const { rows } = await holdings.log(0, 10);
    expect(rows.at(-1)).toMatchObject({ what: "probed", by: ALICE, reason: "6 of 6 probes held" });
    expect(firstBroken(rows)).toBeUndefined();
  });

  it("has the calls counted that were made to this version, and what they took and cost", async () => {
    const { holdings } = newHoldings();
    const name = newName();
    await published(holdings, name, {}, PROBES.slice(0, 1));
    const call = { agent: name, version: "1.0.0", skill: "count-words", ok: true, ms: 900, cost: amountOf({ microUsd: 70 }) };
    const calls = [call, call, call, { ...call, ok: false }, { ...call, version: "0.9.0" }, { ...call, cost: amountOf({}) }];
    await SCOREBOARD.record(calls);
    await holdings.measure(name, "1.0.0", ALICE);
    expect((await calledOf(holdings, name))?.evidence["count-words"]).toMatchObject({
      successes: 1 + 4,
      failures: 1,
      ms: 900,
      microUsd: 70,
    });
  });

  it("is probed once when several ask for it at once", async () => {
    const { holdings } = newHoldings();
    const name = newName();
    await published(holdings, name);
    await Promise.all([1, 2, 3].map(() => holdings.measure(name, "1.0.0", ALICE)));
    expect((await calledOf(holdings, name))?.evidence["count-words"]).toMatchObject({ successes: 6 });
  });

  it("is probed by the alarm, again every six hours, and only in the version that is called", async () => {
    const { holdings, stub } = newHoldings();
    const name = newName();
    await published(holdings, name);
    await published(holdings, name, { version: "1.1.0" });
    const alarmAt = () => runInDurableObject(stub, (_object, { storage }) => storage.getAlarm());
    expect((await alarmAt()) ?? 0).toBeLessThanOrEqual(Date.now() + 60_000);
    await makeDue(stub);
    await runDurableObjectAlarm(stub);
    expect(await calledOf(holdings, name)).toMatchObject({ version: "1.1.0", evidence: { "count-words": { successes: 6 } } });
    expect((await alarmAt()) ?? 0).toBeGreaterThan(Date.now() + 5 * 3_600_000);
    const { rows } = await holdings.log(0, 10);
    expect(rows.filter(({ what }) => what === "probed").map(({ version, by }) => [version, by])).toEqual([["1.1.0", "registry"]]);
  });
});

describe("an agent that does not do what is claimed", () => {
  it("is put into quarantine, with what did not hold, and is called no more", async () => {
    const { holdings } = newHoldings();
    const name = newName();
    await published(holdings, name, { countsRight: false });
    const after = await holdings.measure(name, "1.0.0", ALICE);
    expect(after).toMatchObject({ status: "quarantined", reason: expect.stringContaining("0 of 6 probes held") });
    expect(await calledOf(holdings, name)).toMatchObject({ status: "quarantined" });
    const { rows } = await holdings.log(0, 10);
    expect(rows.slice(-2)).toMatchObject([
      { what: "probed", status: "listed", reason: "0 of 6 probes held" },
      { what: "changed", status: "quarantined", by: "registry" },
    ]);
  });

  it("is put into quarantine as well for a card that is not the one that was published, whatever it does", async () => {
    const { holdings } = newHoldings();
    const name = newName();
    await published(holdings, name);
    await anAgentAt(inject("agentsServer"), name, { version: "0.9.0" });
    const after = await holdings.measure(name, "1.0.0", ALICE);
    expect(after).toMatchObject({ status: "quarantined", reason: expect.stringContaining("has changed since it was published") });
  });

  it("gives way to the version before it, where that still runs, and is tried no more", async () => {
    const { holdings } = newHoldings();
    const name = newName();
    await published(holdings, name);
    const { url, card, digest } = await anAgentAt(inject("agentsServer"), newName(), { countsRight: false });
    const later = entry({ name, version: "2.0.0", url, endpoint: url, card, digest, probes: PROBES });
    expect(await holdings.commit(later, [])).toMatchObject({ ok: true });
    expect(await holdings.rollouts(name)).toMatchObject([{ version: "2.0.0" }]);
    expect(await holdings.measure(name, "2.0.0", ALICE)).toMatchObject({ status: "quarantined" });
    expect(await calledOf(holdings, name)).toMatchObject({ version: "1.0.0", status: "listed" });
    expect(await holdings.rollouts(name)).toEqual([]);
  });

  it("that did it once is found by the alarm; whoever lists it again has looked at what was measured before", async () => {
    const { holdings, stub } = newHoldings();
    const name = newName();
    await published(holdings, name);
    for (let times = 0; times < 3; times++) await holdings.measure(name, "1.0.0", ALICE);
    const server = inject("agentsServer");
    await anAgentAt(server, name, { countsRight: false });
    for (let runs = 0; runs < 3; runs++) {
      await makeDue(stub);
      await runDurableObjectAlarm(stub);
    }
    expect(await calledOf(holdings, name)).toMatchObject({ status: "quarantined", reason: expect.stringContaining("has fallen") });

    await anAgentAt(server, name, {});
    const listed = { name, to: "listed", reason: "mended", by: OPERATOR, isOperator: true } as const;
    expect(await holdings.change(listed)).toMatchObject({ ok: true });
    expect(await holdings.measure(name, "1.0.0", OPERATOR)).toMatchObject({ status: "listed" });
  });
});

describe("what is kept of outcomes", () => {
  it("is bounded: of a skill the first and the latest", async () => {
    const { holdings, stub } = newHoldings();
    const name = newName();
    await published(holdings, name);
    await holdings.measure(name, "1.0.0", ALICE);
    await runInDurableObject(stub, (_object, { storage }) => {
      const row =
        "INSERT INTO outcomes (name, version, skill, at, ok, ms, why) VALUES (?, '1.0.0', 'count-words', '2026-11-21T12:00:00.000Z', 1, ?, '')";
      for (let ms = 1; ms <= 400; ms++) storage.sql.exec(row, name, ms);
    });
    await holdings.measure(name, "1.0.0", ALICE);
    const kept = await runInDurableObject(stub, (_object, { storage }) =>
      storage.sql
        .exec<{ n: number }>("SELECT n FROM outcomes WHERE skill = 'count-words' ORDER BY n")
        .toArray()
        .map(({ n }) => n),
    );
    expect(kept).toHaveLength(220);
    // Each time the card is looked at first.
    expect([kept[0], kept[19], kept.at(-1)]).toEqual([2, 21, 1 + 6 + 400 + 1 + 6]);
  });
});

/** As six hours later. */
function makeDue(stub: DurableObjectStub): Promise<unknown> {
  return runInDurableObject(stub, async (_object, { storage }) => {
    storage.sql.exec("UPDATE versions SET due = ? WHERE due IS NOT NULL", Date.now() - 1);
  });
}
