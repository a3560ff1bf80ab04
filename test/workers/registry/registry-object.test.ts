import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import type { Change } from "../../../shared/registry/api.ts";
import { firstBroken } from "../../../shared/registry/history.ts";
import { upToDate } from "../../../shared/registry/snapshot.ts";
import type { Holdings } from "../../../workers/registry/holdings.ts";
import { ALICE, BOB, entry, newHoldings, newName, OBJECT, OPERATOR } from "./publications.ts";

// What the registry holds: whose names are, which versions there may be, how they stand, and that all of it can be checked.

function change(name: string, more: Partial<Change> = {}): Change {
  return { name, to: "revoked", reason: "it lies", by: ALICE, isOperator: false, ...more };
}

const byOperator = { by: OPERATOR, isOperator: true };

async function listed(holdings: Holdings, name: string, ...versions: string[]) {
  for (const version of versions) expect(await holdings.commit(entry({ name, version }), [])).toMatchObject({ ok: true });
}

/** Each version at a place of its own. */
async function listedApart(holdings: Holdings, name: string, ...versions: string[]) {
  for (const version of versions) {
    const url = `https://v${version}.${name}.example`;
    expect(await holdings.commit(entry({ name, version, url, endpoint: url }), [], true)).toMatchObject({ ok: true });
  }
}

async function calledOf(holdings: Holdings, name: string) {
  return (await holdings.snapshot())?.entries.find((each) => each.name === name);
}

describe("a name", () => {
  it("belongs to whoever published under it first", async () => {
    const { holdings } = newHoldings();
    const name = newName();
    await listed(holdings, name, "1.0.0");
    const tried = await holdings.commit(entry({ name, version: "1.1.0", publisher: BOB }), []);
    expect(tried).toMatchObject({ ok: false, refusal: { code: "forbidden", field: "name" } });
    expect(await holdings.versions(name)).toHaveLength(1);
  });

  it("of an agent of the mesh itself is nobody's", async () => {
    const { holdings } = newHoldings();
    expect(await holdings.commit(entry({ name: "writer" }), ["writer"])).toMatchObject({ ok: false, refusal: { field: "name" } });
    expect(await holdings.called()).toEqual({ entries: [] });
  });

  it("is won by one of two who publish under it at once", async () => {
    const { holdings } = newHoldings();
    const name = newName();
    const both = await Promise.all([ALICE, BOB].map((publisher) => holdings.commit(entry({ name, publisher }), [])));
    expect(both.map(({ ok }) => ok).sort()).toEqual([false, true]);
    expect(await holdings.log(0, 10)).toMatchObject({ last: 1 });
  });
});

describe("a version", () => {
  it("is won by one of many cards that are published under it at once, and nothing is left of the others", async () => {
    const { holdings } = newHoldings();
    const name = newName();
    const cards = Array.from({ length: 8 }, (_, index) => entry({ name, digest: index.toString(16).repeat(64) }));
    const answers = await Promise.all(cards.map((each) => holdings.commit(each, [])));
    const won = answers.filter(({ ok }) => ok);
    expect(won).toHaveLength(1);
    expect(await holdings.versions(name)).toEqual([won[0]?.ok && won[0].entry]);
    expect((await holdings.log(0, 10)).rows).toHaveLength(1);
  });

  it("is the same again when the same card is published again, and the log says nothing new", async () => {
    const { holdings } = newHoldings();
    const name = newName();
    const answers = await Promise.all([1, 2, 3].map(() => holdings.commit(entry({ name }), [])));
    expect(answers.map((each) => each.ok && each.again).sort()).toEqual([false, true, true]);
    expect((await holdings.log(0, 10)).last).toBe(1);
  });

  it("never gets another card, nor other probes, and says to raise it", async () => {
    const { holdings } = newHoldings();
    const name = newName();
    await listed(holdings, name, "1.0.0");
    const refusal = { code: "conflict", field: "version", why: expect.stringContaining("raise the card's version") };
    expect(await holdings.commit(entry({ name, digest: "b".repeat(64) }), [])).toMatchObject({ ok: false, refusal });
    const probes = [{ skill: "count-words", message: "one two", expect: { contains: ["2"] } }];
    expect(await holdings.commit(entry({ name, probes }), [])).toMatchObject({ ok: false, refusal: { ...refusal, field: "probes" } });
  });

  it.each([
    ["1.9.0", "1.10.0", "1.9.9"],
    ["1.0.0", "1.0.0-beta.2", "0.9.9"],
    ["2.0.0", "2.0.0+build.1", "2.0.0-rc.1"],
  ])("comes after all before it: after %s not %s only where that is below", async (first, second, third) => {
    const { holdings } = newHoldings();
    const name = newName();
    await listed(holdings, name, first);
    const [later, lower] = [
      await holdings.commit(entry({ name, version: second }), []),
      await holdings.commit(entry({ name, version: third }), []),
    ];
    expect(later.ok).toBe(second === "1.10.0");
    expect(lower).toMatchObject({ ok: false, refusal: { code: "conflict", field: "version" } });
  });

  it("that was revoked stays so, for its publisher, for an operator, and for whoever publishes it again", async () => {
    const { holdings } = newHoldings();
    const name = newName();
    await listed(holdings, name, "1.0.0");
    expect(await holdings.change(change(name))).toMatchObject({ ok: true, entry: { status: "revoked", reason: "it lies" } });
    expect(await holdings.commit(entry({ name }), [])).toMatchObject({ ok: false, refusal: { code: "conflict" } });
    expect(await holdings.change(change(name, { to: "listed", ...byOperator }))).toMatchObject({
      ok: false,
      refusal: { code: "conflict" },
    });
    await listed(holdings, name, "1.0.1");
    expect(await calledOf(holdings, name)).toMatchObject({ version: "1.0.1", status: "listed" });
  });
});

describe("a change", () => {
  it("is its publisher's and the operators', and nobody else's", async () => {
    const { holdings } = newHoldings();
    const name = newName();
    await listed(holdings, name, "1.0.0");
    expect(await holdings.change(change(name, { by: BOB }))).toMatchObject({ ok: false, refusal: { code: "forbidden" } });
    expect(await calledOf(holdings, name)).toMatchObject({ status: "listed" });
    expect(await holdings.change(change(name, byOperator))).toMatchObject({ ok: true, entry: { status: "revoked" } });
  });

  it("of what is not there is refused, and says what is", async () => {
    const { holdings } = newHoldings();
    const name = newName();
    await listed(holdings, name, "1.0.0", "1.1.0");
    expect(await holdings.change(change("nobody"))).toMatchObject({ ok: false, refusal: { code: "not-found", field: "name" } });
    const answer = await holdings.change(change(name, { version: "3.0.0" }));
    expect(answer).toMatchObject({ ok: false, refusal: { code: "not-found", field: "version", why: expect.stringContaining("1.1.0") } });
  });

  it("of a quarantine is an operator's", async () => {
    const { holdings } = newHoldings();
    const name = newName();
    await holdings.commit(entry({ name, status: "quarantined", reason: "it praises itself" }), []);
    expect(await calledOf(holdings, name)).toMatchObject({ status: "quarantined", reason: "it praises itself" });
    for (const to of ["listed", "deprecated"] as const)
      expect(await holdings.change(change(name, { to }))).toMatchObject({ ok: false, refusal: { code: "forbidden" } });
    expect(await holdings.change(change(name, { to: "listed", ...byOperator }))).toMatchObject({ ok: true, entry: { status: "listed" } });
    expect((await calledOf(holdings, name))?.reason).toBeUndefined();
    expect(await holdings.change(change(name, { to: "quarantined" }))).toMatchObject({ ok: false, refusal: { code: "forbidden" } });
  });

  it("that names no version is made to all that it can be made to, and is no change the second time", async () => {
    const { holdings } = newHoldings();
    const name = newName();
    await listed(holdings, name, "1.0.0", "1.1.0", "1.2.0");
    await holdings.change(change(name, { version: "1.1.0" }));
    for (let times = 0; times < 2; times++)
      expect(await holdings.change(change(name, { to: "deprecated", reason: "use another" }))).toMatchObject({ ok: true });
    expect((await holdings.versions(name)).map(({ version, status }) => `${version} ${status}`)).toEqual([
      "1.2.0 deprecated",
      "1.1.0 revoked",
      "1.0.0 deprecated",
    ]);
    expect((await holdings.log(0, 100)).last).toBe(3 + 1 + 2);
  });
});

describe("the snapshot", () => {
  it("has of each agent the highest version that is listed, else the highest that is not, with the reason", async () => {
    const { holdings } = newHoldings();
    const name = newName();
    await listedApart(holdings, name, "1.9.0", "1.10.0", "2.0.0");
    expect(await calledOf(holdings, name)).toMatchObject({ version: "2.0.0" });
    await holdings.change(change(name, { version: "2.0.0" }));
    expect(await calledOf(holdings, name)).toMatchObject({ version: "1.10.0", status: "listed" });
    await holdings.change(change(name, { version: "1.10.0", to: "deprecated", reason: "old" }));
    expect(await calledOf(holdings, name)).toMatchObject({ version: "1.9.0", status: "listed" });
    await holdings.change(change(name, { version: "1.9.0" }));
    expect(await calledOf(holdings, name)).toMatchObject({ version: "1.10.0", status: "deprecated", reason: "old" });
    await holdings.change(change(name));
    expect(await calledOf(holdings, name)).toMatchObject({ version: "2.0.0", status: "revoked", reason: "it lies" });
  });

  it("has no version that another one has taken the place of, when that one is revoked", async () => {
    const { holdings } = newHoldings();
    const name = newName();
    await listed(holdings, name, "1.0.0", "1.1.0");
    await holdings.change(change(name, { version: "1.1.0" }));
    expect(await calledOf(holdings, name)).toMatchObject({ version: "1.1.0", status: "revoked" });
  });

  it("is sent once for each revision, and has all skills, measured or not", async () => {
    const { holdings } = newHoldings();
    const [one, other] = [newName(), newName()];
    await listed(holdings, one, "1.0.0");
    const first = await holdings.snapshot();
    expect(first?.entries[0]?.evidence["count-words"]).toMatchObject({ successes: 0, failures: 0, untrue: [] });
    expect(await holdings.snapshot(first?.revision)).toBeUndefined();
    await listed(holdings, other, "1.0.0");
    const second = await holdings.snapshot(first?.revision);
    expect(second).toMatchObject({ since: first?.revision, entries: [{ name: other }] });
    expect(second?.revision).toBeGreaterThan(first?.revision ?? Number.NaN);
  });

  it("that is kept up by what has changed is the one that is read whole, whoever changed what meanwhile", async () => {
    const { holdings } = newHoldings();
    const names = [newName(), newName(), newName()];
    const [one = "", two = "", three = ""] = names;
    let kept = await holdings.snapshot();
    const steps = [
      () => listedApart(holdings, one, "1.0.0", "2.0.0"),
      () => listed(holdings, two, "1.0.0"),
      () => holdings.change(change(one, { version: "2.0.0", to: "deprecated", reason: "old" })),
      () => Promise.all([listed(holdings, three, "1.0.0"), holdings.change(change(two))]),
      () => holdings.change(change(three, { to: "quarantined", ...byOperator })),
    ];
    for (const step of steps) {
      await step();
      const read = await holdings.snapshot(kept?.revision);
      if (read) kept = upToDate(kept, read);
      const byName = (all: typeof kept) => all?.entries.toSorted((a, b) => a.name.localeCompare(b.name));
      const whole = await holdings.snapshot();
      expect([kept?.revision, byName(kept)]).toEqual([whole?.revision, byName(whole)]);
    }
  });
});

describe("the log", () => {
  it("has a row for each change in its order, whole, and shows whoever touched one", async () => {
    const { holdings, stub } = newHoldings();
    const name = newName();
    await listed(holdings, name, "1.0.0", "1.1.0");
    await holdings.change(change(name, { version: "1.0.0", to: "deprecated", reason: "old" }));
    await holdings.change(change(name, { version: "1.0.0", to: "listed", reason: "needed" }));
    await holdings.change(change(name, byOperator));
    const { rows, last } = await holdings.log(0, 100);
    expect(rows.map(({ seq, what, version, status, by }) => [seq, what, version, status, by])).toEqual([
      [1, "published", "1.0.0", "listed", ALICE],
      [2, "published", "1.1.0", "listed", ALICE],
      [3, "changed", "1.0.0", "deprecated", ALICE],
      [4, "changed", "1.0.0", "listed", ALICE],
      [5, "changed", "1.1.0", "revoked", OPERATOR],
      [6, "changed", "1.0.0", "revoked", OPERATOR],
    ]);
    expect(last).toBe(6);
    expect(firstBroken(rows)).toBeUndefined();
    const page = await holdings.log(2, 2);
    expect(firstBroken(page.rows, { seq: 2, hash: rows[1]?.hash ?? "" })).toBeUndefined();
    await runInDurableObject(stub, (_object, { storage }) => {
      storage.sql.exec("UPDATE log SET body = json_set(body, '$.by', 'acme/desk/mallory') WHERE seq = 3");
    });
    expect(firstBroken((await holdings.log(0, 100)).rows)).toBe(3);
  });
});

describe("a registry that is started again", () => {
  it("has everything that it answered, through an eviction and a crash", async () => {
    const { reach, stub } = newHoldings();
    const name = newName();
    await listed(reach(), name, "1.0.0", "1.1.0");
    await reach().change(change(name, { version: "1.1.0", to: "deprecated", reason: "old" }));
    const all = async (holdings: Holdings) => [await holdings.versions(name), await holdings.snapshot(), await holdings.log(0, 100)];
    const before = await all(reach());
    await evictDurableObject(stub);
    expect(await all(reach())).toEqual(before);
    await runInDurableObject(stub, (_object, state) => state.abort("lost")).catch(() => {});
    expect(await all(reach())).toEqual(before);
  });

  it("has each publication that it answered, whole and in the log, through crashes while others are under way", async () => {
    const { reach, name } = newHoldings();
    const stub = () => OBJECT.getByName(name);
    const answered: string[] = [];
    for (let round = 0; round < 4; round++) {
      const names = [newName(), newName(), newName(), newName()];
      const publish = async (name: string) => {
        const committed = await reach().commit(entry({ name }), []);
        if (committed.ok) answered.push(name);
      };
      await publish(names[0] ?? "");
      const underWay = names.slice(1).map(publish);
      await Promise.all([
        Promise.allSettled(underWay),
        runInDurableObject(stub(), (_object, state) => state.abort("lost")).catch(() => {}),
      ]);
    }
    const { rows } = await reach().log(0, 100);
    expect(firstBroken(rows)).toBeUndefined();
    const kept = (await reach().called()).entries.map(({ name }) => name);
    expect(kept.toSorted()).toEqual(rows.map(({ name }) => name).toSorted());
    expect(answered.filter((name) => !kept.includes(name))).toEqual([]);
  });

  it("writes nothing as long as nothing was published", async () => {
    const { holdings, stub } = newHoldings();
    expect(await holdings.snapshot()).toEqual({ revision: 0, entries: [] });
    expect(await holdings.log(0, 10)).toEqual({ rows: [], last: 0 });
    expect(await holdings.versions("nobody")).toEqual([]);
    const tables = await runInDurableObject(stub, (_object, { storage }) => storage.sql.exec("SELECT name FROM sqlite_master").toArray());
    expect(tables).toEqual([]);
  });
});
