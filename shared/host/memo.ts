/**
 * The values of one run that stand in its task's log: each known by a name that is used once, told to the log, and read from there
 * by the next run. It knows nothing of what they are for.
 */
import type { Json } from "../task/a2a-types.ts";
import type { LiveTask } from "./live-task.ts";

/** A name may be used once in a run: two helpers of one name could not be told apart later. */
class NameTaken extends Error {}

/** Results travel through the log: this many characters of JSON at most. */
const MEMO_CHARS = 8_000_000;

export class Memo {
  readonly #task: LiveTask;
  readonly #names = new Set<string>();

  constructor(task: LiveTask) {
    this.#task = task;
  }

  /** @throws NameTaken when this run has used the name */
  claim(name: string): void {
    if (this.#names.has(name))
      throw new NameTaken(`"${name}" is used twice in one run: give each step, call and decision a name of its own`);
    this.#names.add(name);
  }

  /** What a former run was given under this name, which is claimed by asking. */
  recall(name: string): Json | undefined {
    this.claim(name);
    return this.known(name);
  }

  /** The same, of a name that may be claimed already. */
  known(name: string): Json | undefined {
    const seq = this.#task.head.memo[name];
    return seq === undefined ? undefined : this.#valueAt(seq);
  }

  remember(name: string, value: Json): void {
    const chars = JSON.stringify(value).length;
    if (chars > MEMO_CHARS)
      throw new Error(`"${name}" gave ${chars} characters, more than the ${MEMO_CHARS} a log entry may hold: return a reference instead`);
    this.#task.apply({ type: "memo", name, value });
  }

  #valueAt(seq: number): Json {
    const [entry] = this.#task.read(seq, seq);
    if (entry?.event.type === "memo") return entry.event.value;
    if (entry?.event.type === "decision") return entry.event.decision;
    throw new Error(`entry ${seq} of task ${this.#task.id} holds no value`);
  }
}
