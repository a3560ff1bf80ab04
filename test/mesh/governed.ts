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

export interface Sending {
  readonly skill?: string;
  readonly metadata?: JsonObject;
  readonly requestMetadata?: JsonObject;
  readonly headers?: Record<string, string>;
  readonly configuration?: JsonObject;
}

/** Sends a message to an agent of the mesh, and waits until its task rests. */
export async function send(agentUrl: string, parts: readonly Part[], sending: Sending = {}, taskId?: string): Promise<Task> {
  const { skill, metadata, requestMetadata, headers, configuration = {} } = sending;
  const message = {
    messageId: randomUUID(),
    role: "ROLE_USER",
    parts,
    ...(taskId !== undefined && { taskId }),
    metadata: { ...metadata, ...(skill !== undefined && { "urn:skein:ext:skill:v1": { skill } }) },
  };
  const params = { message, configuration, ...(requestMetadata && { metadata: requestMetadata }) };
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "SendMessage", params });
  const { json, text } = await post(agentUrl, body, { ...HEADERS, ...headers });
  if (json?.result?.task === undefined) throw new Error(`no task: ${text}`);
  return json.result.task;
}

export function order(mesh: { url: string }, puppet: string, what: Order, sending: Sending = {}): Promise<Task> {
  return send(`${mesh.url}/agents/${puppet}`, [saying(what)], { skill: "do", ...sending });
}

export function answer(mesh: { url: string }, agent: string, { id }: Task, words: string, sending: Sending = {}): Promise<Task> {
  return send(`${mesh.url}/agents/${agent}`, [{ text: words }], sending, id);
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
export async function record(mesh: { url: string }, agent: string, { id }: Task): Promise<TaskRecord> {
  return (await read(`${mesh.url}/agents/${agent}/governance/tasks/${id}`)) as TaskRecord;
}

/** Decisions of a policy in a task, each as its outcome and reason. */
export function decisionsBy(policy: string, { decisions }: TaskRecord): string[] {
  const taken = decisions.map(({ decision }) => decision as { policy: string; outcome: string; reason: string });
  return taken.filter((each) => each.policy === policy).map(({ outcome, reason }) => `${outcome}: ${reason}`);
}

/** The tenant's account first, then those of its apps. */
export async function accounts(mesh: { url: string }): Promise<readonly Account[]> {
  return ((await read(`${mesh.url}/governance/budget`)) as { accounts: Account[] }).accounts;
}

/** The latest first. */
export async function incidents(mesh: { url: string }): Promise<readonly (Incident & { at: number })[]> {
  return ((await read(`${mesh.url}/governance/incidents`)) as { incidents: (Incident & { at: number })[] }).incidents;
}

/** Of the tenant and of its app, as an operator does. */
export async function raise(mesh: { url: string }, calls: number): Promise<void> {
  for (const account of ["tenant", "app:local"]) {
    const { status, text } = await post(`${mesh.url}/governance/budget/raise`, JSON.stringify({ account, by: { calls } }));
    if (status !== 200) throw new Error(text);
  }
}

async function read(url: string): Promise<unknown> {
  const { status, text, json } = await request(url);
  if (status !== 200) throw new Error(`${url}: ${text}`);
  return json;
}
