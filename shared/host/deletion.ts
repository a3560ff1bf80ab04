/**
 * What a home does when a task goes: its program lets go of what it keeps elsewhere, then all that the home has of the task is
 * deleted in one turn, and the index is told. Whose time is over is decided by the contract that the task was made under. A task
 * that waits or works, or that still has somebody to tell that it has ended, is never deleted; nor is one that another agent may
 * still ask for by the key of its call, which would then make a second one.
 */
import { decideRetention } from "../policy/retention.ts";
import { isTerminal } from "../task/a2a-types.ts";
import type { TaskHead } from "../task/head.ts";
import type { Agenda } from "./agenda.ts";
import type { DeleteReply, HomeRefusal } from "./api.ts";
import type { Governance } from "./governance/governor.ts";
import type { Listing } from "./listing.ts";
import type { LogStore } from "./log-store.ts";
import { callsIn } from "./made-calls.ts";
import type { Program } from "./program.ts";
import type { Outbox } from "./push/outbox.ts";
import type { Residents } from "./residents.ts";

export interface DeletionOptions<Env> {
  readonly env: Env;
  readonly program: Program<Env>;
  /** Absent where nothing is limited: then nothing is deleted by itself. */
  readonly governance: Governance | undefined;
  readonly store: LogStore;
  readonly agenda: Agenda;
  readonly outbox: Outbox;
  readonly listing: Listing;
  readonly tasks: Residents;
}

type WhyKept = Extract<HomeRefusal, { code: "not-ended" | "still-telling" | "still-asked-for" }>;

/** How long a program may take to let go of what it keeps for a task. Milliseconds. */
const FORGET_MS = 10_000;

export class Deletion<Env> {
  readonly #options: DeletionOptions<Env>;
  /** Deletions under way: whoever asks meanwhile gets the same. */
  readonly #going = new Map<string, Promise<boolean>>();

  constructor(options: DeletionOptions<Env>) {
    this.#options = options;
  }

  /**
   * Its owner wants it gone.
   * @param root the task that began the chain, where that was deleted
   * @returns the calls that were made for it: their tasks are other agents'
   */
  async byOwner(head: TaskHead, root?: string): Promise<DeleteReply> {
    const { store, listing } = this.#options;
    const why = this.#whyKept(head, Date.now(), root);
    if (why) return { ok: false, refusal: why };
    const calls = callsIn(store, head.id);
    if (!(await this.#erase(head))) return { ok: false, refusal: { code: "not-forgotten" } };
    await listing.flush();
    return { ok: true, principal: head.principal, root: head.chain?.delegation.root ?? head.id, calls };
  }

  /** Deletes those of these tasks whose time is over. @returns those that are not here, any more or at all */
  async overdue(ids: readonly string[], now: number): Promise<string[]> {
    const { store, listing, tasks } = this.#options;
    const gone: string[] = [];
    for (const id of ids) {
      try {
        const head = tasks.at(id)?.head ?? store.head(id);
        const isGone = head === undefined || (this.#isOver(head, now) && (await this.#erase(head)));
        if (isGone) gone.push(id);
      } catch (error) {
        // One that cannot be deleted must not keep the others.
        console.error(`task ${id} could not be deleted, and is with the next sweep`, error);
      }
    }
    if (gone.length > 0) await listing.flush();
    return gone;
  }

  #isOver(head: TaskHead, now: number): boolean {
    const { governance } = this.#options;
    if (!governance || this.#whyKept(head, now)) return false;
    const contract = governance.shelf.contract("retention", head.contracts ?? {});
    const { outcome, keepMs } = decideRetention(contract, { endedMs: now - this.#hereSince(head) });
    if (outcome === "keep") return false;
    if (contract.mode === "enforce") return true;
    console.info(`task ${head.id} would be deleted, which ended more than ${keepMs / 3_600_000} hours ago`);
    return false;
  }

  /** When it ended; of a log that was taken in when it had ended, when that was. Milliseconds since the epoch. */
  #hereSince({ id, statusAt, forkedFrom }: TaskHead): number {
    if (!forkedFrom) return statusAt;
    const place = forkedFrom.seq + 1;
    return Math.max(statusAt, this.#options.store.read(id, place, place)[0]?.at ?? 0);
  }

  #whyKept({ id, state, chain }: TaskHead, now: number, deleted?: string): WhyKept | undefined {
    if (!isTerminal(state)) return { code: "not-ended", state };
    if (this.#options.agenda.has("recheck", id)) return { code: "still-telling" };
    // Later than that its caller has given the call up, and an envelope for it is good for nothing.
    const { root, deadline } = chain?.delegation ?? { root: id, deadline: 0 };
    return deleted !== root && now <= deadline ? { code: "still-asked-for", root, until: deadline } : undefined;
  }

  #erase(head: TaskHead): Promise<boolean> {
    const under = this.#going.get(head.id);
    if (under !== undefined) return under;
    const going = this.#eraseOnce(head).finally(() => this.#going.delete(head.id));
    this.#going.set(head.id, going);
    return going;
  }

  async #eraseOnce(head: TaskHead): Promise<boolean> {
    const { store, agenda, outbox, listing, tasks } = this.#options;
    if (!(await this.#forgotten(head))) return false;
    // Were this object lost in a moment, the next list would ask for what has become of the task.
    await listing.mark();
    const { id } = head;
    const resident = tasks.at(id);
    // Nothing of it may be stored afterwards.
    resident?.flush();
    if (resident) tasks.release(resident);
    outbox.forget(id);
    agenda.drop("expiry", id);
    store.delete(id);
    listing.noteGone(id);
    return true;
  }

  async #forgotten({ id: taskId, contextId, principal }: TaskHead): Promise<boolean> {
    const { program, env } = this.#options;
    if (!program.forget) return true;
    const signal = AbortSignal.timeout(FORGET_MS);
    try {
      const late = new Promise<never>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
      await Promise.race([program.forget({ taskId, contextId, principal, env, signal }), late]);
      return true;
    } catch (error) {
      console.error(`task ${taskId} is kept for now: what its agent keeps for it could not be forgotten`, error);
      return false;
    }
  }
}
