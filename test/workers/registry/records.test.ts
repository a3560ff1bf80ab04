import { describe, expect, it } from "vitest";
import type { Entry } from "../../../shared/registry/entry.ts";
import { ALICE, entry, newHoldings, newName, OPERATOR } from "./publications.ts";
import { apart, calls, change, copies, publish, SKILL, shown, statuses, to, withCandidate } from "./rollouts.ts";

// What a higher number does not shed: what was measured of the versions before it.

const byPublisher = { by: ALICE, isOperator: false };

/** At the address of 1.0.0. */
function inPlace(name: string, version: string): Entry {
  const { url, endpoint } = apart(name, "1.0.0");
  return apart(name, version, { url, endpoint });
}

/** 1.1.0 was taken back by its gates, and 1.0.0 is called. */
async function withOneTakenBack() {
  const made = await withCandidate();
  await copies(made.holdings, made.name, 40, { ok: false });
  expect(await statuses(made.holdings, made.name)).toEqual(["1.1.0 quarantined", "1.0.0 listed"]);
  return made;
}

describe("after a version that its gates took back", () => {
  it("a new one at the base's address goes into quarantine, and says after what", async () => {
    const { holdings, name } = await withOneTakenBack();
    expect(await publish(holdings, inPlace(name, "1.1.1"))).toMatchObject({
      status: "quarantined",
      reason: expect.stringMatching(/^follows version 1\.1\.0.*taken back.*an operator has to look/),
    });
    // As often as it is tried.
    expect(await publish(holdings, inPlace(name, "1.1.2"))).toMatchObject({ status: "quarantined" });
    expect(await shown(holdings, name)).toMatchObject({ status: "quarantined" });
  });

  it("a new one where nobody is left to try it beside goes into quarantine", async () => {
    const { holdings, name } = await withOneTakenBack();
    await holdings.change(change(name, "1.0.0", "quarantined"));
    expect(await publish(holdings, apart(name, "1.2.0"))).toMatchObject({ status: "quarantined" });
  });

  it("a new one at an address of its own is tried as any other, and the record is clean once it is through", async () => {
    const { holdings, name } = await withOneTakenBack();
    expect(await publish(holdings, apart(name, "1.2.0"))).toMatchObject({ status: "candidate" });
    await holdings.roll(to("active", name));
    const { url, endpoint } = apart(name, "1.2.0");
    expect(await publish(holdings, apart(name, "1.2.1", { url, endpoint }))).toMatchObject({ status: "listed" });
  });

  it("a new one is listed at once after an operator has put a later one back, and not after an earlier one", async () => {
    const { holdings, name } = await withOneTakenBack();
    await holdings.change(change(name, "1.0.0", "quarantined"));
    await holdings.change(change(name, "1.0.0", "listed"));
    await publish(holdings, inPlace(name, "1.1.1"));
    expect(await statuses(holdings, name)).toContain("1.1.1 quarantined");
    await holdings.change(change(name, "1.1.1", "listed"));
    expect(await publish(holdings, inPlace(name, "1.1.2"))).toMatchObject({ status: "listed" });
  });

  it("a publisher who deprecates the base and takes that back has cleaned nothing", async () => {
    const { holdings, name } = await withOneTakenBack();
    await holdings.change({ ...change(name, "1.0.0", "deprecated"), ...byPublisher });
    await holdings.change({ ...change(name, "1.0.0", "listed"), ...byPublisher });
    expect(await publish(holdings, inPlace(name, "1.1.1"))).toMatchObject({ status: "quarantined" });
  });

  it("an operator lists a new one at once", async () => {
    const { holdings, name } = await withOneTakenBack();
    expect(await publish(holdings, inPlace(name, "1.1.1"), true)).toMatchObject({ status: "listed" });
    expect(await publish(holdings, inPlace(name, "1.1.2"))).toMatchObject({ status: "listed" });
  });
});

describe("a publisher who takes the base away", () => {
  it("from a version that is tried leaves no way past the gates: deprecated it goes on, revoked an operator has to look", async () => {
    const { holdings, name } = await withCandidate();
    await holdings.change({ ...change(name, "1.0.0", "deprecated"), ...byPublisher });
    expect(await statuses(holdings, name)).toEqual(["1.1.0 candidate", "1.0.0 deprecated"]);
    await holdings.change({ ...change(name, "1.0.0", "revoked"), ...byPublisher });
    expect(await statuses(holdings, name)).toEqual(["1.1.0 quarantined", "1.0.0 revoked"]);
    expect(await publish(holdings, apart(name, "1.2.0"))).toMatchObject({ status: "quarantined" });
  });

  it("before a version is published has that one tried beside it all the same", async () => {
    const { holdings } = newHoldings();
    const name = newName();
    await publish(holdings, apart(name, "1.0.0"));
    await holdings.change({ ...change(name, "1.0.0", "deprecated"), ...byPublisher });
    expect(await publish(holdings, apart(name, "1.1.0"))).toMatchObject({ status: "candidate" });
    expect(await holdings.rollouts(name)).toMatchObject([{ base: "1.0.0", stage: "shadow" }]);
  });
});

describe("what is only suspected, or said by an operator", () => {
  it("is mended by a higher version, which is looked at for itself", async () => {
    const { holdings } = newHoldings();
    const name = newName();
    await publish(holdings, entry({ name, status: "quarantined", reason: "it praises itself" }));
    expect(await publish(holdings, entry({ name, version: "1.0.1" }))).toMatchObject({ status: "listed" });
    await holdings.change({ ...change(name, "1.0.1", "quarantined"), by: OPERATOR });
    expect(await publish(holdings, entry({ name, version: "1.0.2" }))).toMatchObject({ status: "listed" });
  });
});

describe("the calls that a version lost", () => {
  it("count for the one that takes its place until it has calls of its own, and it is nobody new", async () => {
    const { holdings } = newHoldings();
    const name = newName();
    await publish(holdings, entry({ name }));
    await calls(name, "1.0.0", 100, false);
    await publish(holdings, entry({ name, version: "1.0.1" }));
    await holdings.measure(name, "1.0.1", ALICE);
    const first = (await shown(holdings, name))?.evidence[SKILL];
    expect(first).toMatchObject({ successes: 0, failures: 0, carried: { successes: 0, failures: 20 }, others: 100 });
    // Beta(19, 21) exceeds 0.35 with a probability of 95%; of a clean slate, Beta(19, 1), it is 0.85.
    expect(first?.reliability).toBeLessThan(0.4);

    await publish(holdings, entry({ name, version: "1.0.2" }));
    expect((await shown(holdings, name))?.evidence[SKILL]).toMatchObject({ carried: { successes: 0, failures: 20 }, others: 100 });
    await calls(name, "1.0.2", 20);
    await holdings.measure(name, "1.0.2", ALICE);
    const last = (await shown(holdings, name))?.evidence[SKILL];
    expect(last).toMatchObject({ successes: 20, failures: 0 });
    expect(last).not.toHaveProperty("carried");
  });

  it("are none for the first version", async () => {
    const { holdings } = newHoldings();
    const name = newName();
    await publish(holdings, entry({ name }));
    const first = (await shown(holdings, name))?.evidence[SKILL];
    expect(first).not.toHaveProperty("carried");
    expect(first).not.toHaveProperty("others");
  });
});
