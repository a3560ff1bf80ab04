/**
 * The books of a tenant as its object has them in memory: read from storage when they are first asked for, changed at once, and
 * written together at the end of a turn. Decides nothing.
 */
import type { Account, Lease } from "../../budget/account.ts";
import type { Amount } from "../../budget/amount.ts";
import type { Book, Changes } from "../../budget/book.ts";
import { Seen } from "../../budget/seen.ts";
import { type BudgetStore, SAMPLES_KEPT, type Sample, type Told } from "./budget-store.ts";

/** Rows kept in memory of each kind; beyond it all that is stored is read again. */
const MEMORY_LIMIT = 10_000;

export class BudgetBook implements Book {
  readonly #store: BudgetStore;
  readonly #accounts = new Kept<Account>();
  readonly #leases = new Kept<Lease>();
  readonly #samples = new Map<string, { seen: Seen; next: number }>();
  #newSamples: Sample[] = [];
  #newIncidents: Told[] = [];

  constructor(store: BudgetStore) {
    this.#store = store;
  }

  account(name: string, begins: number): Account | undefined {
    return this.#accounts.get(`${begins} ${name}`, () => this.#store.account(name, begins));
  }

  lease(id: string): Lease | undefined {
    return this.#leases.get(id, () => this.#store.lease(id));
  }

  seen(agent: string): Seen {
    return this.#sampled(agent).seen;
  }

  put({ lease, accounts, sample }: Changes): void {
    if (lease) this.#leases.put(lease.id, lease);
    for (const account of accounts ?? []) this.#accounts.put(`${account.begins} ${account.name}`, account);
    if (sample) this.#take(sample.agent, sample.spent);
  }

  tell(incident: Told): void {
    this.#newIncidents.push(incident);
  }

  /** Stores what has changed since the last time. */
  write(): void {
    const rows = {
      accounts: this.#accounts.takeChanged(),
      leases: this.#leases.takeChanged(),
      // Of a ring that went round in one turn only the last round is left.
      samples: [...new Map(this.#newSamples.map((sample) => [`${sample.n % SAMPLES_KEPT} ${sample.agent}`, sample])).values()],
      incidents: this.#newIncidents,
    };
    this.#newSamples = [];
    this.#newIncidents = [];
    if (Object.values(rows).some(({ length }) => length > 0)) this.#store.write(rows);
    if (this.#samples.size > MEMORY_LIMIT / SAMPLES_KEPT) this.#samples.clear();
  }

  #take(agent: string, spent: Amount): void {
    const known = this.#sampled(agent);
    known.seen.add(spent);
    this.#newSamples.push({ agent, n: known.next++, spent });
  }

  #sampled(agent: string): { seen: Seen; next: number } {
    let known = this.#samples.get(agent);
    if (!known) {
      const rows = this.#store.samples(agent);
      known = {
        seen: new Seen(
          SAMPLES_KEPT,
          rows.map(({ spent }) => spent),
        ),
        next: (rows.at(-1)?.n ?? -1) + 1,
      };
      this.#samples.set(agent, known);
    }
    return known;
  }
}

/** Rows by key, and which of them are not stored yet. */
class Kept<Row> {
  readonly #rows = new Map<string, Row>();
  readonly #changed = new Set<string>();

  get(key: string, load: () => Row | undefined): Row | undefined {
    const known = this.#rows.get(key);
    if (known !== undefined) return known;
    const row = load();
    if (row !== undefined) this.#rows.set(key, row);
    return row;
  }

  put(key: string, row: Row): void {
    this.#rows.set(key, row);
    this.#changed.add(key);
  }

  takeChanged(): Row[] {
    const changed = [...this.#changed].flatMap((key) => this.#rows.get(key) ?? []);
    this.#changed.clear();
    if (this.#rows.size > MEMORY_LIMIT) this.#rows.clear();
    return changed;
  }
}
