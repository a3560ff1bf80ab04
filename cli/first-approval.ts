/**
 * What `npm start` shows of approvals: the mesh wants to post a line about its answer to a place on this machine, and does so when the
 * person at the terminal says yes to exactly that. Nobody is waited for where nobody is: then the command that approves it is shown.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { isInterrupted, type Task, textOf } from "../shared/task/a2a-types.ts";
import { interruptIn } from "../shared/task/interrupt-extension.ts";
import type { Waiting } from "../shared/task/waiting.ts";
import { answerOf } from "./answer.ts";
import type { AgentClient } from "./client.ts";
import { converse } from "./conversation.ts";
import type { Credentials } from "./credentials.ts";
import type { Receiver } from "./receiver.ts";
import { CommandError, terminal } from "./terminal.ts";
import { commandsFor, inboxDetail, inboxEntry, readInbox } from "./waiting.ts";

export interface Showing {
  readonly client: AgentClient;
  readonly receiver: Receiver;
  readonly credentials: Credentials | undefined;
  /** What proposed commands carry to reach the mesh. */
  readonly flags: string;
  /** The mesh stays up afterwards. */
  readonly stays: boolean;
  readonly signal: AbortSignal;
}

/** What is waited for of a message that was sent, or of the inbox to hear of a task. Milliseconds. */
const PATIENCE_MS = 5_000;
const NOTE_CHARS = 120;

/** @returns what to do at the end: an approval that nobody gave leads nowhere once the receiver is gone */
export async function showApproval(answered: Task, showing: Showing): Promise<() => Promise<void>> {
  const { client, receiver, stays, signal } = showing;
  const { paint, note } = terminal;
  note(`\n${paint("bold", "4")}  ${paint("bold", "Something to approve")}: the mesh posts a line about this answer, when you say so\n`);
  const parts = [{ text: `Post "${lineAbout(answered)}" to ${receiver.url}` }];
  const { task } = await converse(client, { parts }, { interactive: process.stdin.isTTY === true, signal });
  if (task.status.state === "TASK_STATE_COMPLETED") await showArrival(receiver);
  else if (!isInterrupted(task.status.state)) note(`   nothing was sent: ${textOf(task.status.message?.parts ?? [])}`);
  else {
    await showWaiting(task, showing);
    if (stays) void receiver.arrived.then((body) => note(`\n   approved, and arrived: ${paint("green", body)}`));
    return async () => {
      // Answered meanwhile: then there is nothing to end.
      await client.cancel(task.id).catch(() => {});
    };
  }
  return async () => {};
}

async function showArrival({ arrived }: Receiver): Promise<void> {
  const body = await Promise.race([arrived, sleep(PATIENCE_MS, undefined, { ref: false })]);
  if (body !== undefined) terminal.note(`   arrived: ${terminal.paint("green", body)}`);
  else terminal.complain("the courier says that it sent it, and nothing arrived here: look at its task with npm run decisions");
}

/** What would be sent, in the inbox of whoever may approve it, and how to. */
async function showWaiting(task: Task, { client, credentials, flags, stays, signal }: Showing): Promise<void> {
  const { note } = terminal;
  if (signal.aborted) {
    note("   nobody has said yes: it is canceled, as the mesh stops");
    return;
  }
  const now = Date.now();
  const row = await inInbox(task, client.url, credentials);
  if (!row) {
    note(`${textOf(task.status.message?.parts ?? [])}\n\n   somebody with the scope "approve" finds it by npm run inbox`);
    return;
  }
  for (const line of inboxDetail(row, now, flags).slice(0, -commandsFor(row, flags).length)) note(`   ${line}`);
  note("   The inbox:");
  for (const line of inboxEntry(row, now)) note(`   ${line}`);
  const [approve] = commandsFor(row, flags);
  if (stays) note(`\n   Approve it, in another terminal:  ${approve}`);
  else note(`\n   Nobody has said yes: it is canceled now, as the mesh stops. In a mesh that stays up it waits for:\n   ${approve}`);
}

/** The inbox hears of it in the background. Undefined for somebody who may not see it. */
async function inInbox(task: Task, mesh: string, credentials: Credentials | undefined): Promise<Waiting | undefined> {
  const about = interruptIn(task.metadata)?.id ?? task.id;
  const until = Date.now() + PATIENCE_MS;
  for (;;) {
    try {
      const [row] = (await readInbox(mesh, credentials, { about })).waiting;
      if (row || Date.now() > until) return row;
    } catch (error) {
      if (error instanceof CommandError) return undefined;
      throw error;
    }
    await sleep(20);
  }
}

/** The answer's first line, without what would end the quotation it stands in, or name another place to send it to. */
function lineAbout(task: Task): string {
  const lines = answerOf(task)
    .split("\n")
    .map((line) => line.replace(/^#+\s*|\[\d+\]|["“”`]|https?:\/\/\S+/g, "").trim());
  const first = lines.find((line) => line !== "") ?? "";
  return `The mesh has answered: ${first.length <= NOTE_CHARS ? first : `${first.slice(0, NOTE_CHARS - 1).toWellFormed()}…`}`;
}
