/**
 * The ledger under any order of calls: holders that reserve, spend, extend, settle, are lost and come back with what their log
 * says; messages that arrive late or twice; leases that expire; raises; periods that end.
 */
import fc from "fast-check";
import { expect, it } from "vitest";
import type { Account, Lease } from "../../../shared/budget/account.ts";
import { limitOf, TENANT } from "../../../shared/budget/account.ts";
import { type Amount, amountOf, minus, NOTHING, plus, shareOf, type Unit } from "../../../shared/budget/amount.ts";
import { Books, HOUR } from "./books.ts";

const COUNTED: readonly Unit[] = ["calls", "microUsd", "wallMs"];
const LEASES = 6;

const amount = fc.record({ calls: fc.nat(6), microUsd: fc.nat(200), wallMs: fc.nat(50) });
const holder = fc.nat(LEASES - 1);
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant("reserve" as const), holder, need: amount }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("spend" as const), holder, spent: amount }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("extend" as const), holder, need: amount }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("settle" as const), holder }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("crash" as const), holder }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("again" as const), which: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.constantFrom(1_000, 60_000, 120_000, HOUR / 2, HOUR) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("expire" as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("raise" as const), account: fc.constantFrom(TENANT, "app:a", "app:b"), by: amount }),
  },
);

/** Long ones: what goes wrong goes wrong when little is left. */
const story = fc.array(step, { maxLength: 80, size: "max" });

type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

/** What a holder's log says: it survives what the holder does not. Each task after the first has a lease of its own. */
type Holder = { app: string; number: number; lease: string; spent: Amount; knows: boolean; done: boolean };

class World {
  readonly books = new Books({ tenantCalls: 30, appCalls: 20, tenantMicroUsd: 900, appMicroUsd: 600, minSamples: 3, reserveShare: 0.9 });
  readonly holders: Holder[] = Array.from({ length: LEASES }, (_, n) => this.#begun(n, 0));
  /** Whatever was sent may arrive again at any time. */
  readonly sent: (() => void)[] = [];
  /** The most that leases could be overdrawn by, by account. */
  readonly overdraft = new Map<string, Map<string, Amount>>();

  #begun(n: number, number: number): Holder {
    return { app: n % 2 === 0 ? "a" : "b", number, lease: `${n}:${number}`, spent: NOTHING, knows: false, done: false };
  }

  do(step: Step): void {
    const { books } = this;
    switch (step.do) {
      case "reserve": {
        const holder = this.#of(step.holder);
        this.#send(() => (holder.knows = books.reserve(holder.lease, { app: holder.app, need: step.need }).ok || holder.knows));
        return;
      }
      case "spend": {
        // More than it holds, at times: what was spent is known late.
        const holder = this.#of(step.holder);
        if (holder.knows) holder.spent = plus(holder.spent, amountOf(step.spent));
        return;
      }
      case "extend": {
        const { lease, spent, knows } = this.#of(step.holder);
        if (knows) this.#send(() => books.extend(lease, { spent, need: step.need }));
        return;
      }
      case "settle": {
        const holder = this.#of(step.holder);
        holder.done = true;
        const { lease, spent } = holder;
        this.#send(() => books.settle(lease, spent));
        return;
      }
      case "crash":
        this.#of(step.holder).knows = false;
        return;
      case "again":
        this.sent[step.which % Math.max(1, this.sent.length)]?.();
        return;
      case "wait":
        books.now += step.ms;
        return;
      case "expire":
        books.expireDue();
        return;
      case "raise":
        books.raise(step.account, step.by);
    }
  }

  /** Every holder settles by its log, and the last alarm rings. */
  end(): void {
    for (const { lease, spent } of this.all) this.books.settle(lease, spent);
    this.books.now += 120_000;
    this.books.expireDue();
  }

  readonly all: Holder[] = [...this.holders];

  #of(n: number): Holder {
    const holder = this.holders[n];
    if (!holder?.done) return holder ?? this.#begun(n, 0);
    const next = this.#begun(n, holder.number + 1);
    this.holders[n] = next;
    this.all.push(next);
    return next;
  }

  #send(call: () => void): void {
    this.sent.push(call);
    call();
  }

  /** What leases in an account may count beyond what they were granted. */
  noteOverdrafts(): void {
    for (const lease of this.books.leases.values()) {
      for (const name of [TENANT, `app:${lease.app}`]) {
        const key = `${lease.begins} ${name}`;
        const of = this.overdraft.get(key) ?? new Map<string, Amount>();
        this.overdraft.set(key, of);
        const most = shareOf(lease.granted, this.books.contract.overdraft);
        of.set(lease.id, maximum(of.get(lease.id), most));
      }
    }
  }
}

function maximum(one: Amount = NOTHING, other: Amount): Amount {
  return plus(one, minus(other, one));
}

function sum(amounts: Iterable<Amount>): Amount {
  return [...amounts].reduce(plus, NOTHING);
}

function remainder({ granted, spent }: Lease): Amount {
  return minus(granted, spent);
}

function holds({ books, overdraft }: World): void {
  const accounts = [...books.accounts.entries()];
  const tooMuch = accounts.flatMap(([key, account]) => {
    const most = plus(limitOf(books.contract, account), sum(overdraft.get(key)?.values() ?? []));
    return COUNTED.filter((unit) => account.spent[unit] + account.held[unit] > most[unit]).map((unit) => `${key} ${unit}`);
  });
  expect(tooMuch).toEqual([]);
  // The same money is counted once in an app and once in its tenant, and what is held is what live leases hold.
  const leases = [...books.leases.values()];
  const of = (name: RegExp, part: "spent" | "held" | "unreconciled") =>
    sum(accounts.filter(([, account]) => name.test(account.name)).map(([, account]) => account[part]));
  const expected = {
    held: sum(leases.filter(({ state }) => state === "live").map(remainder)),
    unreconciled: sum(leases.filter(({ state }) => state === "expired").map(remainder)),
    spent: sum([...leases.map(({ spent }) => spent), ...leases.filter(({ state }) => state === "expired").map(remainder)]),
  };
  const counted = (name: RegExp) => ({ held: of(name, "held"), unreconciled: of(name, "unreconciled"), spent: of(name, "spent") });
  expect({ tenant: counted(/^tenant$/), apps: counted(/^app:/) }).toEqual({ tenant: expected, apps: expected });
}

function steps(world: World, all: readonly Step[], check: () => void): void {
  for (const step of all) {
    world.do(step);
    world.noteOverdrafts();
    check();
  }
}

function grown(lease: Lease, before: Amount = NOTHING): Unit[] {
  return COUNTED.filter((unit) => remainder(lease)[unit] > before[unit]);
}

function withinLimit(books: Books, { id, app, begins }: Lease, unit: Unit): void {
  for (const name of [TENANT, `app:${app}`]) {
    const account = books.account(name, begins) as Account;
    expect(account.spent[unit] + account.held[unit], `${id} in ${name}`).toBeLessThanOrEqual(limitOf(books.contract, account)[unit]);
  }
}

const RUNS = { numRuns: 400 };

it("never counts and holds more in an account than its limit and the overdrafts of its leases, whatever happens", () => {
  fc.assert(
    fc.property(story, (all) => {
      const world = new World();
      steps(world, all, () => holds(world));
    }),
    RUNS,
  );
});

it("never grants what is not there: no grant takes an account past its limit", () => {
  fc.assert(
    fc.property(story, (all) => {
      const world = new World();
      const { books } = world;
      for (const one of all) {
        const before = new Map([...books.leases].map(([id, lease]) => [id, remainder(lease)]));
        world.do(one);
        for (const lease of books.leases.values()) {
          if (lease.state === "live") for (const unit of grown(lease, before.get(lease.id))) withinLimit(books, lease, unit);
        }
      }
    }),
    RUNS,
  );
});

it("holds nothing when all have settled, and counts what their logs say as far as it may", () => {
  fc.assert(
    fc.property(story, (all) => {
      const world = new World();
      steps(world, all, () => {});
      world.end();
      holds(world);
      for (const [key, { held, unreconciled }] of world.books.accounts)
        expect({ key, held, unreconciled }).toEqual({ key, held: NOTHING, unreconciled: NOTHING });
      for (const { lease, spent } of world.all) {
        const kept = world.books.lease(lease);
        // A lease that was never made has spent nothing.
        if (kept?.app !== "") expect(kept?.claimed).toEqual(spent);
        for (const unit of COUNTED) expect(kept?.spent[unit] ?? 0).toBeLessThanOrEqual(spent[unit]);
      }
    }),
    RUNS,
  );
});

it("gives all that was not spent to whoever asks next, when all have settled", () => {
  fc.assert(
    fc.property(story, (all) => {
      const world = new World();
      steps(world, all, () => {});
      world.end();
      const { books } = world;
      const left = [TENANT, "app:a"].map((name) => {
        const account = books.account(name);
        const limit = account ? limitOf(books.contract, account).calls : name === TENANT ? 30 : 20;
        return Math.max(0, limit - (account?.spent.calls ?? 0));
      });
      const calls = Math.min(...left);
      expect(books.reserve("next", { need: { calls } })).toMatchObject({ ok: true, granted: { calls: expect.any(Number) } });
      expect(books.reserve("one more", { need: { calls: 1 } }).ok).toBe(false);
    }),
    RUNS,
  );
});

it("changes nothing when the same message arrives twice in a row", () => {
  fc.assert(
    fc.property(story, (all) => {
      const world = new World();
      for (const one of all) {
        const sent = world.sent.length;
        world.do(one);
        const before = new Map(world.books.accounts);
        if (world.sent.length > sent) world.sent.at(-1)?.();
        if (one.do === "expire") world.do(one);
        expect(world.books.accounts).toEqual(before);
      }
    }),
    RUNS,
  );
});
