/**
 * What attacks on a governed mesh have in common: orders to puppets, answers at limits, and what the mesh says afterwards about
 * costs, decisions and the tenant's books.
 */
import { randomUUID } from "node:crypto";
import type { Amount } from "../../shared/budget/amount.ts";
import type { Account, Incident } from "../../shared/host/governance/api.ts";
import { type JsonObject, type Part, type Task, textOf } from "../../shared/task/a2a-types.ts";
import { costClaimedIn, limitIn } from "../../shared/task/governance-extension.ts";
import type { TaskRecord } from "../../shared/task/record.ts";
import { type Order, saying } from "./fixtures/puppet.ts";
import { HEADERS, post, request } from "./wire.ts";

/** Who calls which mesh. */
export interface Caller {
  readonly url: string;
  /** What they come with, where the mesh asks for it. */
  readonly key?: string;
}

export interface Sending {
  readonly skill?: string;
  readonly metadata?: JsonObject;
  readonly requestMetadata?: JsonObject;
  readonly configuration?: JsonObject;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Sends a message to an agent of the mesh, and waits until its task rests. */
export async function send(caller: Caller, agent: string, parts: readonly Part[], sending: Sending = {}, taskId?: string): Promise<Task> {
  const { skill, metadata, requestMetadata, configuration = {}, headers } = sending;
  const message = {
    messageId: randomUUID(),
    role: "ROLE_USER",
    parts,
    ...(taskId !== undefined && { taskId }),
    metadata: { ...metadata, ...(skill !== undefined && { "urn:skein:ext:skill:v1": { skill } }) },
  };
  const params = { message, configuration, ...(requestMetadata && { metadata: requestMetadata }) };
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "SendMessage", params });
  const { json, text } = await post(caller.url + at(agent), body, { ...headersOf(caller), ...headers });
  if (json?.result?.task === undefined) throw new Error(`no task: ${text}`);
  return json.result.task;
}

export function order(caller: Caller, puppet: string, what: Order, sending: Sending = {}): Promise<Task> {
  return send(caller, puppet, [saying(what)], { skill: "do", ...sending });
}

export function answer(caller: Caller, agent: string, { id }: Task, words: string): Promise<Task> {
  return send(caller, agent, [{ text: words }], {}, id);
}

/** Of the caller's tasks with an agent, those that are in one of these states, or all. */
export async function tasksOf(caller: Caller, agent: string, ...states: string[]): Promise<Task[]> {
  const found: Task[] = [];
  for (let token = ""; ; ) {
    const page = (await read(caller, `${at(agent)}/tasks?pageSize=100&pageToken=${token}`)) as { tasks: Task[]; nextPageToken: string };
    found.push(...page.tasks.filter(({ status }) => states.length === 0 || states.includes(status.state)));
    token = page.nextPageToken;
    if (!token) return found;
  }
}

/** What the task came to, in words. */
export function told(task: Task): string {
  return textOf((task.artifacts ?? []).flatMap(({ parts }) => parts));
}

/** What the agent said last: a question, or why it failed. */
export function said({ status }: Task): string {
  return textOf(status.message?.parts ?? []);
}

export function costOf(task: Task): Amount {
  const cost = costClaimedIn(task.metadata);
  if (!cost) throw new Error(`the task does not say what it cost: ${JSON.stringify(task.metadata)}`);
  return cost;
}

export function limitOf(task: Task): JsonObject | undefined {
  return limitIn(task.metadata);
}

/** What governance did in a task, as its owner reads it. */
export async function record(caller: Caller, agent: string, { id }: Pick<Task, "id">): Promise<TaskRecord> {
  return (await read(caller, `${at(agent)}/governance/tasks/${id}`)) as TaskRecord;
}

/** Decisions of a policy in a task, each as its outcome and reason. */
export function decisionsBy(policy: string, { decisions }: TaskRecord): string[] {
  const taken = decisions.map(({ decision }) => decision as { policy: string; outcome: string; reason: string });
  return taken.filter((each) => each.policy === policy).map(({ outcome, reason }) => `${outcome}: ${reason}`);
}

/** The tenant's account first, then those of its apps. */
export async function accounts(caller: Caller): Promise<readonly Account[]> {
  return ((await read(caller, "/governance/budget")) as { accounts: Account[] }).accounts;
}

/** The latest first. */
export async function incidents(caller: Caller): Promise<readonly (Incident & { at: number })[]> {
  return ((await read(caller, "/governance/incidents")) as { incidents: (Incident & { at: number })[] }).incidents;
}

/** Of the tenant and of one of its apps, as an operator does. */
export async function raise(caller: Caller, app: string, by: Partial<Amount>): Promise<void> {
  for (const account of ["tenant", `app:${app}`]) {
    const { status, text } = await post(`${caller.url}/governance/budget/raise`, JSON.stringify({ account, by }), headersOf(caller));
    if (status !== 200) throw new Error(text);
  }
}

/** The front door is the orchestrator's own. */
function at(agent: string): string {
  return agent === "orchestrator" ? "" : `/agents/${agent}`;
}

async function read(caller: Caller, path: string): Promise<unknown> {
  const { status, text, json } = await request(caller.url + path, { headers: headersOf(caller) });
  if (status !== 200) throw new Error(`${path}: ${text}`);
  return json;
}

function headersOf({ key }: Caller): Record<string, string> {
  return { ...HEADERS, ...(key !== undefined && { "X-API-Key": key }) };
}
