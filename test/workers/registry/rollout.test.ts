import { runInDurableObject } from "cloudflare:test";
import { describe, expect, it, vi } from "vitest";
import { OutcomeStore } from "../../../workers/registry/outcome-store.ts";
import { newHoldings, newName } from "./publications.ts";
import {
  apart,
  calls,
  copies,
  hasCounted,
  look,
  publish,
  rowsOf,
  SKILL,
  shown,
  statuses,
  to,
  withBusyBase,
  withCandidate,
} from "./rollouts.ts";

// A new version on its way: what the registry's object does with what was seen of it, by the contract that is deployed.

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
    // What it was listed for is what is shown of it.
    expect(after?.evidence[SKILL]?.successes).toBeGreaterThanOrEqual(60);
    expect(await reach().rollouts()).toEqual([]);
    expect(await rowsOf(reach())).toEqual([
      "published 1.0.0 listed",
      "published 1.1.0 candidate",
      ...["canary", "ramp", "ramp"].map(() => "changed 1.1.0 candidate"),
      "changed 1.1.0 listed",
    ]);
  });

  it("has a salt of its own for its lots, which stays from step to step and is in nothing that is shown outside", async () => {
    const [{ holdings, reach, name }, other] = [await withCandidate(), await withCandidate()];
    const salt = (await shown(holdings, name))?.candidate?.salt;
    expect(salt).toMatch(/^[\w-]{36}$/);
    expect((await shown(other.holdings, other.name))?.candidate?.salt).not.toBe(salt);
    await copies(holdings, name, 10);
    expect((await shown(holdings, name))?.candidate).toMatchObject({ stage: "canary", salt });
    await holdings.roll(to("ramp", name));
    expect((await shown(holdings, name))?.candidate).toMatchObject({ stage: "ramp", salt });
    const outside = [await reach().rollouts(), await reach().versions(name), await reach().log(0, 100), await reach().called()];
    expect(JSON.stringify(outside)).not.toContain(salt);
  });

  it("that an operator sends back to shadow needs copies anew", async () => {
    const { holdings, name } = await withCandidate();
    await copies(holdings, name, 10);
    expect((await holdings.rollouts(name))[0]).toMatchObject({ stage: "canary" });
    await holdings.roll(to("shadow", name));
    await copies(holdings, name, 9);
    expect((await holdings.rollouts(name))[0]).toMatchObject({
      stage: "shadow",
      waitsFor: expect.stringContaining("1 more copy to compare"),
    });
    await copies(holdings, name, 1);
    expect((await holdings.rollouts(name))[0]).toMatchObject({ stage: "canary" });
  });

  it("that an operator sends back a step stays there: it needs calls anew", async () => {
    const { reach, stub, name } = await withCandidate({ harmless: false });
    const share = async () => (await reach().rollouts(name))[0]?.share;
    await vi.waitFor(async () => expect(await hasCounted(stub)).toBe(true));
    await Promise.all([calls(name, "1.0.0", 40), calls(name, "1.1.0", 20)]);
    await look(stub);
    expect(await share()).toBe(0.25);
    await reach().roll(to("canary", name));
    expect((await reach().rollouts(name))[0]).toMatchObject({
      share: 0.1,
      waitsFor: "20 more calls to the candidate",
      skills: { [SKILL]: { base: { successes: 0 }, candidate: { successes: 0 } } },
    });
    await calls(name, "1.1.0", 19);
    await look(stub);
    expect(await share()).toBe(0.1);
    await calls(name, "1.1.0", 1);
    await look(stub);
    expect(await share()).toBe(0.25);
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

  it("stays where the calls that it failed are those that the base had failed too", async () => {
    const { holdings, name } = await withCandidate();
    await copies(holdings, name, 40, { ok: false, baseOk: false });
    expect(await statuses(holdings, name)).toEqual(["1.1.0 candidate", "1.0.0 listed"]);
    expect((await holdings.rollouts(name))[0]).toMatchObject({ stage: "shadow", waitsFor: expect.stringContaining("10 more copies") });
  });

  it("stays where two calls failed, which anybody may have sent", async () => {
    const { reach, stub, name } = await withCandidate({ harmless: false });
    await vi.waitFor(async () => expect(await hasCounted(stub)).toBe(true));
    await Promise.all([calls(name, "1.0.0", 20), calls(name, "1.1.0", 2, false)]);
    await look(stub);
    expect(await statuses(reach(), name)).toEqual(["1.1.0 candidate", "1.0.0 listed"]);
  });

  it("is taken back in canary for what it declines, although all that it takes goes well", async () => {
    const { reach, stub, name } = await withCandidate({ harmless: false });
    await vi.waitFor(async () => expect(await hasCounted(stub)).toBe(true));
    await Promise.all([calls(name, "1.0.0", 40), calls(name, "1.1.0", 2), calls(name, "1.1.0", 18, false, true)]);
    await look(stub);
    expect((await reach().versions(name))[0]).toMatchObject({
      status: "quarantined",
      reason: expect.stringContaining("refused or asked back to 18 of 20 calls"),
    });
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

  it("is taken back for what its card declares in vain, where the base keeps it", async () => {
    const { stub, reach, name } = await withCandidate();
    await runInDurableObject(stub, (_object, { storage }) => {
      const outcomes = new OutcomeStore(storage.sql);
      const outcome = { skill: "", claim: "capabilities.streaming", at: "2026-11-21T12:00:00.000Z", ms: 1, why: "tried" };
      outcomes.add(name, "1.0.0", [{ ...outcome, ok: true }]);
      outcomes.add(name, "1.1.0", [{ ...outcome, ok: false }]);
    });
    await look(stub);
    expect((await reach().versions(name))[0]).toMatchObject({
      status: "quarantined",
      reason: expect.stringContaining("capabilities.streaming"),
    });
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
