/**
 * One request carried to its end: sends it, tells what happens on the way, hands the agent's questions to the person when
 * there is one, and shows the answer.
 */
import { createInterface } from "node:readline/promises";
import { isInterrupted, isTerminal, type StreamResponse, type Task, textOf } from "../shared/task/a2a-types.ts";
import { actionName, NO_REASON } from "../shared/task/approval.ts";
import { costClaimedIn } from "../shared/task/governance-extension.ts";
import { interruptIn, type ProposedAction } from "../shared/task/interrupt-extension.ts";
import { wordsOfAmount } from "../shared/task/limit-question.ts";
import type { Reach } from "./address.ts";
import { answerOf, madeIn, sourcesOf } from "./answer.ts";
import type { AgentClient, Outgoing } from "./client.ts";
import { decisionOn } from "./deciding.ts";
import { renderMarkdown } from "./markdown.ts";
import { inWords, type Narration, narrate, seconds } from "./narration.ts";
import { afterEvent } from "./task-view.ts";
import { CommandError, terminal } from "./terminal.ts";
import { waitsFor } from "./waits-for.ts";

export interface ConversationOptions {
  /** Prints the events as JSON lines, and nothing else. */
  readonly json?: boolean;
  /** Waits for the end instead of following the events. */
  readonly blocking?: boolean;
  /** Whether somebody is there to answer questions. */
  readonly interactive?: boolean;
  readonly signal?: AbortSignal;
}

export interface Conversation {
  readonly task: Task;
  readonly elapsedMs: number;
  readonly agents: number;
  readonly calls: number;
}

/** @returns the task in a terminal state, or waiting for an answer when nobody is there to give it */
export async function converse(client: AgentClient, message: Outgoing, options: ConversationOptions = {}): Promise<Conversation> {
  const since = performance.now();
  const narration = narrate((style, text) => terminal.paint(style, text));
  const elapsed = () => performance.now() - since;
  let outgoing = message;
  let task: Task | undefined;
  for (;;) {
    try {
      task = options.blocking ? await client.send(outgoing) : await follow(client, outgoing, narration, elapsed, options);
      if (options.blocking && options.json) terminal.say(JSON.stringify({ task }));
    } catch (error) {
      // An answer that was refused has changed nothing: whoever gave it may give another.
      if (!(error instanceof CommandError) || task === undefined || options.signal?.aborted) throw error;
      terminal.complain(error.message);
    }
    const answer = isInterrupted(task.status.state) && options.interactive ? await askPerson(task, options.signal) : undefined;
    if (answer === undefined) return { task, elapsedMs: elapsed(), ...narration.tally() };
    // What was wished for the task holds: it is said once, when the task is made.
    outgoing = answer;
  }
}

async function follow(
  client: AgentClient,
  message: Outgoing,
  narration: Narration,
  elapsed: () => number,
  { json, signal }: ConversationOptions,
): Promise<Task> {
  // A stream stays open while the task waits for an answer; leaving it must end the request too.
  const leave = new AbortController();
  const either = signal ? AbortSignal.any([signal, leave.signal]) : leave.signal;
  let task: Task | undefined;
  try {
    for await (const event of client.stream(message, either)) {
      task = afterEvent(task, event);
      tell(event, narration, elapsed(), json);
      if (isInterrupted(task.status.state) || isTerminal(task.status.state)) break;
    }
  } finally {
    leave.abort();
  }
  if (task === undefined) throw new CommandError(`${client.url} ended the stream without a task: ask its publisher, or try --no-stream`);
  if (isInterrupted(task.status.state) || isTerminal(task.status.state)) return task;
  throw new CommandError(
    `the stream of task ${task.id} broke off while it was ${inWords(task.status.state, task.metadata)}. It goes on by itself: npm run call -- --get ${task.id}`,
  );
}

function tell(event: StreamResponse, narration: Narration, elapsedMs: number, json: boolean | undefined): void {
  if (json) {
    terminal.say(JSON.stringify(event));
    return;
  }
  const line = narration.line(event, elapsedMs);
  if (line !== undefined) terminal.note(line);
}

async function askPerson(task: Task, signal: AbortSignal | undefined): Promise<Outgoing | undefined> {
  const interrupt = interruptIn(task.metadata);
  // What somebody else has to decide is not asked here.
  if (interrupt?.kind === "paused" || (interrupt && task.status.state === "TASK_STATE_AUTH_REQUIRED")) return undefined;
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const read = (prompt: string) => lines.question(prompt, signal ? { signal } : {});
  try {
    if (interrupt?.action) return await askApproval(task, interrupt.action, read);
    terminal.note(`\n${terminal.paint("yellow", "?")} ${textOf(task.status.message?.parts ?? [])}`);
    const text = await read("> ");
    return text.trim() === "" ? undefined : { parts: [{ text }], taskId: task.id, contextId: task.contextId };
  } catch {
    // Ctrl-C or Ctrl-D at the prompt: the task keeps its question.
    return undefined;
  } finally {
    lines.close();
  }
}

/** Only a y or a yes approves. */
async function askApproval(task: Task, action: ProposedAction, read: (prompt: string) => Promise<string>): Promise<Outgoing> {
  const { paint, note } = terminal;
  note(`\n${paint("yellow", "?")} ${paint("bold", action.description)}`);
  note(JSON.stringify(action.args, null, 2).replace(/^/gm, "  "));
  const said = (await read(`Approve exactly this (action ${actionName(action.digest)})? y/N > `)).trim();
  if (/^y(es)?$/i.test(said)) return decisionOn(task, { approved: true });
  const reason = /^(no?)?$/i.test(said) ? await read("Why not? > ") : said;
  return decisionOn(task, { approved: false, reason: reason.trim() || NO_REASON });
}

/**
 * Prints how the task ended, or what it waits for.
 * @param reach what proposed commands must carry
 * @returns the command's exit code: 0 answered, 1 not, 3 waiting for an answer
 */
export function showEnd({ task, elapsedMs, agents, calls }: Conversation, reach: Reach): number {
  const paint = terminal.paint;
  const text = answerOf(task);
  const cost = costClaimedIn(task.metadata);
  const spent = [
    ...(elapsedMs > 0 ? [seconds(elapsedMs)] : []),
    ...(agents > 0 ? [count(agents, "agent")] : []),
    ...(cost ? [`cost ${wordsOfAmount(cost)}`] : agents > 0 ? [count(calls, "call")] : []),
  ];
  const footer = paint("dim", [...spent, ...(task.id ? [`task ${task.id}`] : [])].join(" · "));
  if (task.status.state === "TASK_STATE_COMPLETED") {
    terminal.note("");
    terminal.say(process.stdout.isTTY ? renderMarkdown(text, terminal.columns, paint) : text);
    const sources = sourcesOf(task);
    if (sources.length > 0) terminal.note(`\n${paint("bold", "Open")}\n${sources.map((source) => `  ${source}`).join("\n")}`);
    terminal.note(`\n${footer}`);
    return 0;
  }
  if (isInterrupted(task.status.state)) {
    // What there is so far, where a task stands at a limit.
    const sofar = madeIn(task);
    if (sofar) terminal.say(`\n${process.stdout.isTTY ? renderMarkdown(sofar, terminal.columns, paint) : sofar}`);
    terminal.note(`\n${paint("yellow", "?")} ${textOf(task.status.message?.parts ?? [])}`);
    terminal.note(`\n${waitsFor(task, reach, Date.now()).join("\n")}`);
    return 3;
  }
  terminal.complain(`${inWords(task.status.state)}: ${textOf(task.status.message?.parts ?? []) || text || "the agent gave no reason"}`);
  terminal.note(footer);
  return 1;
}

export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
