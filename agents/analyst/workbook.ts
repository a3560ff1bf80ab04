/**
 * Workbook: the tables of one context of one principal, in the SQLite of one Durable Object. A shell: it stores in one
 * transaction, answers in one turn, and forgets everything when nobody has used it for a while.
 */
import { DurableObject } from "cloudflare:workers";
import type { Query } from "./table/query.ts";
import type { Table } from "./table/rows.ts";
import type { StoredTable } from "./table/select-sql.ts";
import type { WorkbookAccess } from "./table/workbook-access.ts";
import { type Rows, type Selection, WorkbookStore } from "./table/workbook-store.ts";

const KEPT_MS = 7 * 24 * 60 * 60_000;

/** Rolls the transaction back, with the reason that is the answer. */
class Refused extends Error {}

export class Workbook extends DurableObject implements WorkbookAccess {
  readonly #store = new WorkbookStore(this.ctx.storage.sql);

  async tables(): Promise<StoredTable[]> {
    return this.#store.tables();
  }

  async put(tables: readonly Table[]): Promise<{ ok: true } | { ok: false; reason: string }> {
    try {
      this.ctx.storage.transactionSync(() => {
        for (const table of tables) {
          const reply = this.#store.put(table);
          if (!reply.ok) throw new Refused(reply.reason);
        }
      });
    } catch (error) {
      if (error instanceof Refused) return { ok: false, reason: error.message };
      throw error;
    }
    await this.#keep();
    return { ok: true };
  }

  async select(query: Query): Promise<Selection> {
    const selection = this.#store.select(query);
    if (selection.ok) await this.#keep();
    return selection;
  }

  async describe(table: StoredTable): Promise<Rows> {
    return this.#store.describe(table);
  }

  override async alarm(): Promise<void> {
    await this.ctx.storage.deleteAll();
  }

  /** The time runs from the last use, moved on at most once a day: an alarm is a write. */
  async #keep(): Promise<void> {
    const due = await this.ctx.storage.getAlarm();
    const wanted = Date.now() + KEPT_MS;
    if (due === null || wanted - due > KEPT_MS / 7) await this.ctx.storage.setAlarm(wanted);
  }
}
