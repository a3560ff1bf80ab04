/**
 * The index object: what one principal has with one agent, for ListTasks. A view of the logs, written behind them; a home
 * that has changed and not yet told stands among those behind, so that a list can ask it first. Its alarm sees to it that tasks
 * whose time is over are deleted (retention-sweep.ts). Decides nothing; its SQL is in index-store.ts.
 */
import { DurableObject } from "cloudflare:workers";
import type { RetentionContract } from "../contract/retention.ts";
import { decideRetention } from "../policy/retention.ts";
import type { Listed, ListPage, ListQuery, TaskHomeApi, TaskIndexApi } from "./api.ts";
import { IndexStore, type Told } from "./index-store.ts";
import { FIRST_SWEEP_MS, SWEEP_AGAIN_MS, sweep } from "./retention-sweep.ts";

export interface IndexOptions {
  /** Every version that tasks may be pinned to; where there is none, tasks are kept for ever. */
  readonly retention: readonly RetentionContract[];
}

export interface IndexEnv {
  TASK_HOME: DurableObjectNamespace;
}

/** The class to export as `TaskIndex` from an agent's Worker. */
export function defineTaskIndex<Env extends IndexEnv>({ retention }: IndexOptions) {
  // Also of contracts that only watch: it is said then what would be deleted.
  const keepsMs = retention.map((contract) => decideRetention(contract, { endedMs: 0 }).keepMs);
  const shortestKeepMs = keepsMs.length > 0 ? Math.min(...keepsMs) : undefined;
  return class TaskIndex extends DurableObject<Env> implements TaskIndexApi {
    readonly #store = new IndexStore(this.ctx.storage.sql);
    #queued: Told[] = [];
    #writing: Promise<void> | undefined;
    #isArmed = false;

    async put(home: string, rows: readonly Listed[], more: boolean, gone: readonly string[] = []): Promise<void> {
      this.#queued.push({ home, rows, more, gone });
      // Many homes tell at the same time: what arrives in one turn of the loop is written, and made durable, once.
      this.#writing ??= new Promise((resolve) => setTimeout(resolve, 0)).then(() => this.#write());
      await this.#writing;
    }

    async list(query: ListQuery): Promise<ListPage> {
      return this.#store.list(query);
    }

    override async alarm(): Promise<void> {
      if (shortestKeepMs === undefined || !this.#store.exists()) return;
      const home = (name: string) => this.env.TASK_HOME.getByName(name) as unknown as TaskHomeApi;
      let next: number | undefined = Date.now() + SWEEP_AGAIN_MS;
      try {
        next = await sweep(
          { store: this.#store, sql: this.ctx.storage.sql, owner: this.ctx.id.name ?? "", shortestKeepMs, home },
          Date.now(),
        );
      } catch (error) {
        console.error("the sweep of tasks whose time is over failed, and is tried again", error);
      }
      if (next !== undefined) await this.ctx.storage.setAlarm(next);
      else if (this.#queued.length === 0 && this.#store.isEmptied) await this.#wipe();
    }

    #write(): void {
      const batch = this.#queued;
      this.#queued = [];
      this.#writing = undefined;
      this.#store.write(batch);
      this.#arm();
    }

    /** Looks now and then for tasks whose time is over. Asked once in this object's life: an index may be older than its alarm. */
    #arm(): void {
      if (this.#isArmed || shortestKeepMs === undefined) return;
      this.#isArmed = true;
      const { storage } = this.ctx;
      const first = Date.now() + Math.max(FIRST_SWEEP_MS, shortestKeepMs);
      this.ctx.waitUntil(storage.getAlarm().then((at) => (at === null ? storage.setAlarm(first) : undefined)));
    }

    /** Of an index of nothing, nothing is left. */
    async #wipe(): Promise<void> {
      const wiped = this.ctx.storage.deleteAll();
      this.#store.wiped();
      this.#isArmed = false;
      await wiped;
    }
  };
}
