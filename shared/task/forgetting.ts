/**
 * What of a log does not hold for a task that goes on from it: open questions, which are put again; calls that were out, which are
 * made anew, with all that was decided and said about them; answers to limits, because the new task's account begins at nothing; and
 * approvals, each of which was good for one action, once. What is finished stands. Pure.
 */
import { isObject, type Json, textOf } from "./a2a-types.ts";
import { callOf } from "./account.ts";
import type { LogEntry, TaskEvent } from "./event.ts";
import type { TaskHead } from "./head.ts";
import { interruptIn } from "./interrupt-extension.ts";

export interface LogNames {
  /** By the names of calls: `agent/skill` of their callees. */
  readonly calls: ReadonlyMap<string, string>;
  readonly questions: ReadonlyMap<string, AskedQuestion>;
}

interface AskedQuestion {
  readonly text: string;
  /** Its first line. */
  readonly words: string;
  readonly isApproval: boolean;
}

export interface Forgetting {
  /** Names in the log: memos, questions and decisions. */
  readonly names: readonly string[];
  readonly questions: readonly string[];
  readonly calls: readonly string[];
  readonly approvals: readonly string[];
  readonly decisions: readonly string[];
}

export interface ForgettingOptions {
  /** Of contracts that are exchanged: decided anew, unless something that is finished came of it. */
  readonly policies: readonly string[];
  /** Nobody here saw how the log came about: nobody's approval is taken from it. */
  readonly isFromElsewhere: boolean;
}

/** What is decided about a call before it goes out. */
const GATES: ReadonlySet<string> = new Set(["chain-cap", "circuit-breaker", "agent-breaker", "budget", "hedge"]);
/** What is decided about an action or a question, in place of a person or about one. */
const TRUSTS: ReadonlySet<string> = new Set(["risk-confidence", "interrupt"]);

/** @param entries of a log from its first on */
export function namesIn(entries: readonly LogEntry[]): LogNames {
  const calls = new Map<string, string>();
  const questions = new Map<string, AskedQuestion>();
  for (const { event } of entries) {
    if (event.type === "delegating" || event.type === "called") {
      const call = callOf(event.name);
      if (!calls.has(call) || event.type === "called") calls.set(call, `${event.agent}/${event.skill}`);
    }
    const name = event.type === "asked" ? event.name : event.type === "status" ? event.ask : undefined;
    if (name !== undefined) questions.set(name, askedIn(event as TaskEvent & { type: "asked" | "status" }));
  }
  return { calls, questions };
}

/** @param entries up to where the task goes on @param head of them */
export function forgettingAt(
  entries: readonly LogEntry[],
  head: TaskHead,
  { calls, questions }: LogNames,
  { policies, isFromElsewhere }: ForgettingOptions,
): Forgetting {
  const memoAt = (name: string) => entries[(head.memo[name] ?? 0) - 1]?.event;
  const isOut = (call: string) => !isResult(memoAt(call));
  const out = [...calls.keys()].filter((call) => !call.endsWith(":hedge") && isOut(call));
  const approvals: string[] = [];
  const decisions: string[] = [];
  const others: string[] = [];
  const finished = lastFinished(head, out);

  for (const [name, seq] of Object.entries(head.memo)) {
    if (name.startsWith("decision:")) {
      const about = name.slice("decision:".length);
      const kind = about.split(":", 1)[0] ?? "";
      const call = callIn(about.slice(kind.length + 1), calls);
      if (GATES.has(kind) ? call === undefined || out.includes(call) : isAnew(kind, seq)) decisions.push(name);
    } else if (/^(limit|raised):/.test(name) || isAbout(name, out)) others.push(name);
    // Whatever such a log says of it: what else is named in it may be there to hide it.
    else if (isFromElsewhere && name.startsWith("approve:")) (isDone(name, head) ? others : approvals).push(name);
    // What was passed up belongs to its call.
    else if (questions.get(name)?.isApproval === true && callIn(name, calls) === undefined && !isDone(name, head)) approvals.push(name);
  }
  // What was decided about a question stands as long as its answer does.
  const again = [...head.questions, ...approvals];
  for (const name of again)
    if (head.memo[`decision:interrupt:${name}`] !== undefined && !decisions.includes(`decision:interrupt:${name}`))
      decisions.push(`decision:interrupt:${name}`);
  return { names: [...head.questions, ...approvals, ...others, ...decisions], questions: head.questions, calls: out, approvals, decisions };

  function isAnew(kind: string, seq: number): boolean {
    return (isFromElsewhere && TRUSTS.has(kind)) || (policies.includes(kind) && seq > finished);
  }
}

/** The call that a name belongs to: that of a question that was passed up, or what stands behind the kind in that of a decision. */
export function callIn(name: string, calls: LogNames["calls"]): string | undefined {
  for (let cut = name; cut !== ""; cut = cut.slice(0, Math.max(0, cut.lastIndexOf(":")))) if (calls.has(callOf(cut))) return callOf(cut);
  return undefined;
}

/** The action was done, so its approval can do nothing more. Of one that was not, or of which the log does not say, it could. */
function isDone(approval: string, { memo }: TaskHead): boolean {
  return memo[approval.replace(/^approve:/, "step:act:")] !== undefined && approval.startsWith("approve:");
}

function isAbout(name: string, calls: readonly string[]): boolean {
  const about = name.replace(/^(let-go-on|callback):/, "");
  return calls.some((call) => about === call || about.startsWith(`${call}:`));
}

function isResult(event: TaskEvent | undefined): boolean {
  return event?.type === "memo" && !(isObject(event.value) && (event.value as { ok?: Json })["ok"] === "asks");
}

/** Where the last step was done, call ended or question answered: what was decided before may have led to it. */
function lastFinished({ memo }: TaskHead, out: readonly string[]): number {
  const done = Object.entries(memo).filter(([name]) => !name.startsWith("decision:") && !isAbout(name, out));
  return Math.max(0, ...done.map(([, seq]) => seq));
}

function askedIn({ message, metadata }: TaskEvent & { type: "asked" | "status" }): AskedQuestion {
  const text = message ? textOf(message.parts) : "";
  return {
    text,
    words: text.trim().split("\n", 1)[0] ?? "",
    isApproval: interruptIn(metadata)?.kind === "approval" || metadata?.["approval"] !== undefined,
  };
}
