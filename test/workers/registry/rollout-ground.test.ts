import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { GOVERNANCE_EXTENSION } from "../../../shared/task/governance-extension.ts";
import { ALICE, BOB, newHoldings, newName, OPERATOR } from "./publications.ts";
import { apart, change, look, publish, shown, statuses, to, withCandidate } from "./rollouts.ts";

// What becomes of a rollout when somebody changes what it stands on, or sends it somewhere; and what readers are told of it.

describe("a rollout whose ground is gone", () => {
  it.each([
    ["is revoked", "revoked"],
    ["goes into quarantine", "quarantined"],
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

  it("goes on when all versions are deprecated, and ends when they are revoked at once", async () => {
    const { holdings, name } = await withCandidate();
    await holdings.change(change(name, undefined, "deprecated"));
    expect(await statuses(holdings, name)).toEqual(["1.1.0 candidate", "1.0.0 deprecated"]);
    expect(await shown(holdings, name)).toMatchObject({ status: "deprecated", candidate: { version: "1.1.0", stage: "shadow" } });
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
    await reach().held(name);
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

/** What is due of probes is not what is looked at here. */
function makeProbed(stub: DurableObjectStub): Promise<unknown> {
  return runInDurableObject(stub, async (_object, { storage }) => {
    storage.sql.exec("UPDATE versions SET due = ? WHERE due IS NOT NULL", Date.now() + 3_600_000);
  });
}
