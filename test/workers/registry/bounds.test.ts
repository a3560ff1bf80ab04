import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { DEPLOYED_CONTRACTS } from "../../../contracts/deployed.ts";
import { contractShelf } from "../../../shared/contract/shelf.ts";
import { MOST_ASKED } from "../../../shared/registry/asking-again.ts";
import type { Entry } from "../../../shared/registry/entry.ts";
import { MOST_SHOWN_OF_PUBLISHER } from "../../../shared/registry/room.ts";
import { Copies } from "../../../workers/registry/copies.ts";
import type { Holdings } from "../../../workers/registry/holdings.ts";
import { defineRegistryObject } from "../../../workers/registry/registry-object.ts";
import { RegistryStore } from "../../../workers/registry/registry-store.ts";
import { RolloutStore } from "../../../workers/registry/rollout-store.ts";
import { ALICE, BOB, entry, newHoldings, newName, OBJECT, REGISTRY } from "./publications.ts";
import { apart, change, publish, SKILL, shown, withCandidate } from "./rollouts.ts";

// What one publisher, one agent or one caller can do to everybody else's registry: not much.

const shelf = contractShelf(DEPLOYED_CONTRACTS);

/** With a card of so many characters. */
function large(more: Partial<Entry> & { readonly name: string }, chars = 240_000): Entry {
  const made = entry(more);
  return { ...made, card: { ...made.card, description: "d".repeat(chars) } };
}

async function fill(holdings: Holdings, publisher: string) {
  const names: string[] = [];
  for (let agents = 0; agents < 100; agents++) {
    const name = newName();
    const committed = await holdings.commit(large({ name, publisher }), []);
    if (!committed.ok) return { names, refusal: committed.refusal };
    names.push(name);
  }
  throw new Error("nobody was refused");
}

describe("a publisher who publishes all that there is room for", () => {
  it("is told so, leaves room to others, and has room again for what is revoked", async () => {
    const { holdings } = newHoldings();
    const { names, refusal } = await fill(holdings, ALICE);
    expect(refusal).toMatchObject({ code: "conflict", field: "card", why: expect.stringContaining("revoke what nobody calls") });
    expect(await holdings.commit(large({ name: newName(), publisher: BOB }), [])).toMatchObject({ ok: true });
    await holdings.change({ ...change(names[0] ?? "", undefined, "revoked"), by: ALICE, isOperator: false });
    expect(await holdings.commit(large({ name: newName(), publisher: ALICE }), [])).toMatchObject({ ok: true });
  });

  it("is held to the same where what is held was stored before sizes were kept", async () => {
    const { reach, stub } = newHoldings();
    await fill(reach(), ALICE);
    await runInDurableObject(stub, (_object, { storage }) => {
      storage.sql.exec("DROP TABLE sizes");
    });
    await evictDurableObject(stub);
    expect(await reach().commit(large({ name: newName() }), [])).toMatchObject({ ok: false, refusal: { field: "card" } });
    expect(await reach().commit(entry({ name: newName(), publisher: BOB }), [])).toMatchObject({ ok: true });
  });

  it("keeps no reader from the snapshot with versions of many extensions, and sends them none of a card that is revoked", async () => {
    const { holdings } = newHoldings();
    const names = [newName(), newName()];
    const uris = Array.from({ length: 20 }, (_, at) => ({ uri: `urn:skein:${at}:${"x".repeat(1_900)}` }));
    let refused = 0;
    for (const name of names)
      for (let minor = 0; minor < 40; minor++) {
        const made = apart(name, `1.${minor}.0`);
        const committed = await holdings.commit({ ...made, card: { ...made.card, capabilities: { extensions: uris } } }, [], true);
        if (!committed.ok) refused += 1;
      }
    expect(refused).toBeGreaterThan(0);
    const whole = JSON.stringify(await holdings.snapshot());
    expect(whole.length).toBeGreaterThan(MOST_SHOWN_OF_PUBLISHER / 2);
    expect(whole.length).toBeLessThan(MOST_SHOWN_OF_PUBLISHER);
    const [name = ""] = names;
    await holdings.change(change(name, undefined, "revoked"));
    const revoked = await shown(holdings, name);
    expect(revoked).toMatchObject({ status: "revoked", reason: "said so", card: { name, skills: [], capabilities: {} }, evidence: {} });
  });
});

describe("an agent of many versions", () => {
  it("is read page by page, each version once, the latest first", async () => {
    const { holdings } = newHoldings();
    const name = newName();
    const published = Array.from({ length: 25 }, (_, minor) => `1.${minor}.0`);
    for (const version of published) await publish(holdings, entry({ name, version }));
    const read: string[] = [];
    for (let page = await holdings.versions(name); page.length > 0; page = await holdings.versions(name, read.at(-1))) {
      expect(page.length).toBeLessThanOrEqual(11);
      read.push(...page.map(({ version }) => version));
    }
    expect(read).toEqual(published.toReversed());
    expect(await holdings.versions(name, "1.5.0", 2)).toMatchObject([{ version: "1.4.0" }, { version: "1.3.0" }]);
  });

  it("is told of without versions that were revoked so long ago that no call to them is out", async () => {
    const { holdings, stub, reach } = newHoldings();
    const name = newName();
    for (const version of ["1.0.0", "1.1.0", "1.2.0"]) await publish(holdings, apart(name, version), true);
    await holdings.change(change(name, "1.0.0", "revoked"));
    await holdings.change(change(name, "1.1.0", "revoked"));
    await runInDurableObject(stub, (_object, { storage }) => {
      storage.sql.exec("UPDATE sizes SET revoked_at = ? WHERE version = '1.0.0'", Date.now() - 32 * 24 * 3_600_000);
    });
    await evictDurableObject(stub);
    expect((await shown(reach(), name))?.others?.map(({ version }) => version)).toEqual(["1.1.0"]);
  });
});

describe("a list of large agents", () => {
  it("comes in pages that fit, and leaves none out", async () => {
    const { holdings } = newHoldings();
    const names: string[] = [];
    for (let agents = 0; agents < 20; agents++) {
      names.push(newName());
      await publish(holdings, large({ name: names.at(-1) ?? "", publisher: `acme/desk/${agents % 4}` }, 300_000));
    }
    const first = await holdings.called();
    expect(first.entries.length).toBeLessThan(20);
    const rest = await holdings.called(first.next);
    expect([...first.entries, ...rest.entries].map(({ name }) => name)).toEqual(names.toSorted());
    expect(rest.next).toBeUndefined();
    const page = await holdings.called("", 3);
    expect([page.entries.length, page.next]).toEqual([3, names.toSorted()[2]]);
  });
});

describe("probes", () => {
  /** The registry's object as it is deployed, with probes of the test's own. */
  function probing(probe: (entry: Entry) => Promise<{ ok: boolean }>) {
    const object = defineRegistryObject<object>({
      probe: async (probed) => [{ skill: SKILL, at: "2026-11-21T12:00:00.000Z", ms: 5, why: "", ...(await probe(probed)) }],
      calls: async () => ({}),
      prior: shelf.contract("chain-cap", shelf.latest),
      publishing: shelf.contract("publishing", shelf.latest),
      rollout: () => shelf.contract("rollout", shelf.latest),
    });
    return object;
  }

  it("of an agent that hangs keep nobody else's waiting", async () => {
    const hanging = Promise.withResolvers<void>();
    const probed: string[] = [];
    await runInDurableObject(newHoldings().stub, async (_object, state) => {
      const object = new (probing(async ({ name }) => {
        if (name.startsWith("a-hanging")) await hanging.promise;
        probed.push(name);
        return { ok: true };
      }))(state, {});
      const others = [newName(), newName(), newName(), newName()];
      for (const name of ["a-hanging-one", ...others]) await object.commit(entry({ name }), []);
      state.storage.sql.exec("UPDATE versions SET due = IIF(name = 'a-hanging-one', 1, 2)");
      const alarm = object.alarm();
      while (probed.length < others.length) await new Promise((resolve) => setTimeout(resolve, 5));
      expect(probed.toSorted()).toEqual(others.toSorted());
      hanging.resolve();
      await alarm;
    });
    expect(probed).toContain("a-hanging-one");
  });

  it("of an agent that is away are sent more and more seldom, until it answers", async () => {
    await runInDurableObject(newHoldings().stub, async (_object, state) => {
      let ok = false;
      const object = new (probing(async () => ({ ok })))(state, {});
      const name = newName();
      await object.commit(entry({ name }), []);
      const pauses: number[] = [];
      for (ok of [false, false, true, false]) {
        await object.measure(name, "1.0.0", ALICE);
        const { due } = state.storage.sql.exec<{ due: number }>("SELECT due FROM versions WHERE name = ?", name).one();
        pauses.push(Math.round((due - Date.now()) / 3_600_000));
      }
      expect(pauses).toEqual([12, 24, 6, 12]);
    });
  });

  it("are run at somebody's wish so many times in an hour, also by an object that was let go of meanwhile", async () => {
    const { reach, stub } = newHoldings();
    const name = newName();
    await publish(reach(), entry({ name }));
    for (let times = 0; times < MOST_ASKED; times++) expect(await reach().ask(name)).toBeUndefined();
    await evictDurableObject(stub);
    expect(await reach().ask(name)).toBeGreaterThan(Date.now() + 3_500_000);
    expect(await reach().ask(newName())).toBeUndefined();
  });
});

describe("the registry's entrypoint", () => {
  it("tells what was measured of the agents that are asked for, and of no others", async () => {
    const { name, version } = entry({ name: newName() });
    const other = newName();
    const holdings = OBJECT.getByName("registry") as unknown as Holdings;
    for (const each of [name, other]) await publish(holdings, entry({ name: each }));
    expect(await REGISTRY.evidence([name, "nobody"])).toMatchObject([{ name, version, evidence: { [SKILL]: { successes: 0 } } }]);
  });
});

describe("a rollout that nobody calls", () => {
  it("is looked at every five minutes only, and one that was begun or seen of a short while ago every quarter of a minute", async () => {
    const { stub, name } = await withCandidate();
    const nextLook = async () => {
      await runDurableObjectAlarm(stub);
      return runInDurableObject(stub, async (_object, { storage }) => ((await storage.getAlarm()) ?? 0) - Date.now());
    };
    await runInDurableObject(stub, (_object, { storage }) => {
      storage.sql.exec("UPDATE versions SET due = ? WHERE due IS NOT NULL", Date.now() + 3_600_000);
    });
    await evictDurableObject(stub);
    expect(await nextLook()).toBeLessThanOrEqual(15_000);
    await runInDurableObject(stub, (_object, { storage }) => {
      const longAgo = new Date(Date.now() - 3_600_000).toISOString();
      storage.sql.exec("UPDATE rollouts SET body = json_set(body, '$.since', ?1, '$.changedAt', ?1) WHERE name = ?2", longAgo, name);
    });
    await evictDurableObject(stub);
    expect(await nextLook()).toBeGreaterThan(200_000);
  });
});

describe("a call that is told of", () => {
  it("costs no reading of cards where all slots are taken, and of one rollout no second reading", async () => {
    const { stub, name } = await withCandidate();
    await runInDurableObject(stub, (_object, { storage }) => {
      let read = 0;
      class Counting extends RegistryStore {
        override entry(...which: Parameters<RegistryStore["entry"]>) {
          read += 1;
          return super.entry(...which);
        }
      }
      const parts = { store: new Counting(storage.sql), rows: new RolloutStore(storage.sql) };
      const copies = new Copies({ ...parts, contract: () => shelf.contract("rollout", shelf.latest) });
      const call = { agent: name, skill: SKILL, base: "1.0.0" };
      const begun = [1, 2, 3].map(() => copies.begin(call, Date.now()));
      expect(begun.map((each) => each !== undefined)).toEqual([true, true, false]);
      expect(read).toBe(2);
    });
  });
});
