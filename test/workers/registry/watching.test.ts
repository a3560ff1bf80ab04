import { runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { DEPLOYED_CONTRACTS } from "../../../contracts/deployed.ts";
import { contractShelf } from "../../../shared/contract/shelf.ts";
import type { ProbeOutcome } from "../../../shared/registry/probe.ts";
import { defineRegistryObject } from "../../../workers/registry/registry-object.ts";
import { ALICE, entry, newHoldings, newName } from "./publications.ts";

// What the mode of the publishing contract changes: whether one who has fallen is taken out of the list, or only written of.

const shelf = contractShelf(DEPLOYED_CONTRACTS);
const failing = (count: number): ProbeOutcome[] =>
  Array.from({ length: count }, () => ({ skill: "count-words", at: "2026-11-21T12:00:00.000Z", ok: false, ms: 5, why: "says 8" }));

/** The registry's object as it is deployed, but for this mode, and with probes that all fail. */
function objectOf(mode: "enforce" | "shadow") {
  const parts = {
    probe: async () => failing(8),
    calls: async () => ({}),
    prior: shelf.contract("chain-cap", shelf.latest),
    publishing: { ...shelf.contract("publishing", shelf.latest), mode },
    rollout: () => shelf.contract("rollout", shelf.latest),
  };
  return defineRegistryObject<object>(parts);
}

async function measured(mode: "enforce" | "shadow") {
  const name = newName();
  return await runInDurableObject(newHoldings().stub, async (_object, state) => {
    const object = new (objectOf(mode))(state, {});
    await object.commit(entry({ name }), []);
    const after = await object.measure(name, "1.0.0", ALICE);
    return { after, rows: (await object.log(0, 10)).rows };
  });
}

describe("an agent whose probes all fail", () => {
  it("goes into quarantine where the contract is enforced", async () => {
    const { after, rows } = await measured("enforce");
    expect(after).toMatchObject({ status: "quarantined", reason: expect.stringContaining("0 of 8 probes held") });
    expect(rows.at(-1)).toMatchObject({ what: "changed", status: "quarantined" });
  });

  it("stays where it only watches, and the log says what would have been done", async () => {
    const { after, rows } = await measured("shadow");
    expect(after).toMatchObject({ status: "listed" });
    expect(rows.at(-1)).toMatchObject({
      what: "probed",
      status: "listed",
      reason: expect.stringMatching(/^would go into quarantine: .*0 of 8 probes held/),
    });
  });
});
