/**
 * A task's history as a person reads it: read from its agent, shown a line for each entry, and followed while the task runs.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { isInterrupted, isTerminal, type Task } from "../shared/task/a2a-types.ts";
import type { HistoryEntry, TaskHistory } from "../shared/task/history.ts";
import { wordsOfMaker } from "../shared/task/made-by.ts";
import { askMesh, ownedBy } from "./ask-mesh.ts";
import type { Credentials } from "./credentials.ts";
import { inWords } from "./narration.ts";
import { CommandError, terminal, UsageError } from "./terminal.ts";

/** No task that a person looks at is longer. */
const PAGES = 200;
/** How often a task that runs is looked at. Milliseconds. */
const FOLLOW_MS = 300;
/** After which it is left to itself. Milliseconds. */
const LONGEST_MS = 15 * 60_000;

export interface LookedAt {
  readonly id: string;
  /** `<app>/<subject>`; absent for one's own. */
  readonly owner?: string | undefined;
}

/** @param text what somebody typed @throws UsageError */
export function positionFrom(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new UsageError(`a position is a number of the history, such as 12, and not "${text}"`);
  return Number(text);
}

/** @param base address of the agent whose task it is */
export async function taskAt(base: string, { id, owner }: LookedAt, at: number, credentials: Credentials | undefined): Promise<Task> {
  return (await askMesh(base, `history/tasks/${encodeURIComponent(id)}/at/${at}${ownedBy(owner)}`, credentials)) as Task;
}

/** The task as it stands, with all that it has made: for an operator too, whom A2A gives no task of another's. */
export async function taskNow(base: string, task: LookedAt, credentials: Credentials | undefined): Promise<Task> {
  const query = new URLSearchParams({ limit: "1", ...(task.owner !== undefined && { owner: task.owner }) });
  const { last } = (await askMesh(base, `history/tasks/${encodeURIComponent(task.id)}?${query}`, credentials)) as TaskHistory;
  return taskAt(base, task, last, credentials);
}

export async function showHistory(base: string, task: LookedAt, credentials: Credentials | undefined, json: boolean): Promise<number> {
  const history = await readHistory(base, task, credentials);
  if (json) {
    terminal.say(JSON.stringify(history));
    return 0;
  }
  const { id, agent, state, forkedFrom, entries } = history;
  terminal.say(`task ${id} of ${agent}, ${inWords(state)}`);
  if (forkedFrom) terminal.say(`forked from ${forkedFrom.task} at ${forkedFrom.seq}`);
  const began = Date.parse(entries[0]?.at ?? "");
  for (const entry of entries) {
    if (entry.madeBy) terminal.say(terminal.paint("dim", `       by ${agent} ${wordsOfMaker(entry.madeBy)}:`));
    terminal.say(historyLine(entry, began));
  }
  terminal.note("\n● can be taken up from:  npm run fork -- <task> --at <n>      as it was then:  npm run call -- --task <task> --at <n>");
  return 0;
}

/** All of it, page by page. */
async function readHistory(base: string, { id, owner }: LookedAt, credentials: Credentials | undefined, from = 0): Promise<TaskHistory> {
  let history: TaskHistory | undefined;
  let after = from;
  for (let page = 0; page < PAGES; page++) {
    const query = new URLSearchParams({ after: String(after), limit: "1000", ...(owner !== undefined && { owner }) });
    const read = (await askMesh(base, `history/tasks/${encodeURIComponent(id)}?${query}`, credentials)) as TaskHistory;
    history = history ? { ...read, entries: [...history.entries, ...read.entries] } : read;
    if (read.next === undefined) return history;
    after = read.next;
  }
  throw new CommandError(`the log of task ${id} has no end: what ${base} serves is no history of a task`);
}

/** @param began when the task did, milliseconds since the epoch */
function historyLine({ seq, at, words, checkpoint }: HistoryEntry, began: number): string {
  const { paint, columns } = terminal;
  const since = `+${((Date.parse(at) - began) / 1000).toFixed(1)} s`;
  const head = `${String(seq).padStart(4)} ${checkpoint ? "●" : " "} ${paint("dim", since.padStart(9))}  `;
  const room = columns - 18;
  return head + (words.length > room ? `${words.slice(0, room - 1).trimEnd()}…` : words);
}

/**
 * Tells what happens in a task until it ends or waits for somebody.
 * @param after the position from which on it is told
 */
export async function follow(base: string, id: string, after: number, credentials: Credentials | undefined): Promise<void> {
  const until = Date.now() + LONGEST_MS;
  let from = after;
  let began: number | undefined;
  for (;;) {
    const { entries, state, last } = await readHistory(base, { id }, credentials, from);
    began ??= Date.parse(entries[0]?.at ?? "");
    for (const entry of entries) terminal.note(historyLine(entry, began));
    from = last;
    if (isTerminal(state) || isInterrupted(state)) return;
    if (Date.now() > until) throw new CommandError(`task ${id} still works, and goes on by itself: npm run call -- --get ${id}`);
    await sleep(FOLLOW_MS);
  }
}
