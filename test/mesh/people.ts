/** People of one tenant with an API key each, and what they say to each other's tasks over the operators' routes. */
import { vi } from "vitest";
import { newKey } from "../../shared/auth/api-key.ts";
import type { Scope } from "../../shared/auth/principal.ts";
import type { JsonObject, Task } from "../../shared/task/a2a-types.ts";
import { hitlResponse, withHitl } from "../../shared/task/hitl-extension.ts";
import { INTERRUPT_EXTENSION, type Interrupt, interruptIn } from "../../shared/task/interrupt-extension.ts";
import type { Caller } from "./governed.ts";
import { type Answer, HEADERS, post, request } from "./wire.ts";

/** @param people their names with what each may do; the mesh that is started after this knows them. @returns their keys by name */
export async function letIn<P extends string>(people: Readonly<Record<P, readonly Scope[]>>): Promise<Record<P, string>> {
  const keys = {} as Record<P, string>;
  const records: object[] = [];
  for (const app of Object.keys(people) as P[]) {
    const { id, hash, text } = await newKey();
    keys[app] = text;
    records.push({ id, hash, tenant: "acme", app, subject: app, scopes: people[app] });
  }
  vi.stubEnv("AUTH_API_KEYS", JSON.stringify(records));
  return keys;
}

/** @throws Error when the task does not wait */
export function interruptOf(task: Task): Interrupt {
  const interrupt = interruptIn(task.metadata);
  if (!interrupt)
    throw new Error(`it waits for nobody: ${JSON.stringify(task.status)} ${JSON.stringify(task.metadata?.[INTERRUPT_EXTENSION])}`);
  return interrupt;
}

/** What somebody says to a question of a task of their own, in the form of the published profile. */
export function respond(
  caller: Caller,
  agent: string,
  { id }: Pick<Task, "id">,
  question: string,
  said: Parameters<typeof hitlResponse>[1],
): Promise<Answer> {
  return respondWith(caller, agent, { id }, hitlResponse(question, said));
}

export function respondWith(caller: Caller, agent: string, { id: taskId }: Pick<Task, "id">, payload: JsonObject): Promise<Answer> {
  const message = withHitl({ messageId: crypto.randomUUID(), role: "ROLE_USER", parts: [{ text: "see the form" }], taskId }, payload);
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "SendMessage", params: { message } });
  return post(`${caller.url}/agents/${agent}`, body, headersOf(caller));
}

/** `approve`, `reject` or `answer` somebody else's task. @param owner by name */
export function operate(
  caller: Caller,
  agent: string,
  { id }: Pick<Task, "id">,
  owner: string,
  verb: string,
  body: object,
): Promise<Answer> {
  const url = `${caller.url}/agents/${agent}/operate/tasks/${id}/${verb}?owner=${owner}/${owner}`;
  return post(url, JSON.stringify(body), headersOf(caller));
}

export async function taskOf(caller: Caller, agent: string, { id }: Pick<Task, "id">): Promise<Task> {
  const { json, text } = await request(`${caller.url}/agents/${agent}/tasks/${id}`, { headers: headersOf(caller) });
  if (json === undefined) throw new Error(text);
  return json as unknown as Task;
}

export function headersOf({ key }: Caller): Record<string, string> {
  return { ...HEADERS, ...(key !== undefined && { "X-API-Key": key }) };
}
