/**
 * A2A as plain HTTP, for what the official client would never send or keeps to itself. Every answer that passes here is
 * held to two rules: it is no failure of the mesh's own, and it shows nobody the inside.
 */
import { expect } from "vitest";
import type { JsonObject, Task } from "../../shared/task/a2a-types.ts";

export interface Answer {
  readonly status: number;
  readonly text: string;
  /** Undefined when the body is no JSON. */
  readonly json: AnswerBody | undefined;
}

/** What either binding may answer, as far as tests look at it. */
export interface AnswerBody {
  readonly id?: unknown;
  readonly result?: { readonly task?: Task } & JsonObject;
  readonly error?: WireError;
  readonly task?: Task;
}

export interface WireError {
  readonly code: number;
  readonly message: string;
  readonly data?: readonly ErrorDetail[];
  readonly details?: readonly ErrorDetail[];
}

export interface ErrorDetail {
  readonly reason?: string;
  readonly fieldViolations?: readonly { field: string; description: string }[];
}

export const HEADERS = { "Content-Type": "application/json", "A2A-Version": "1.0" };

export async function request(url: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(url, init);
  const text = await response.text();
  expect(response.status, text).not.toBe(500);
  expect(text).not.toMatch(/\bat .*(?:file:|\/[\w.-]+)+:\d+:\d+|\.[cm]?[jt]s:\d+/);
  return { status: response.status, text, json: parsed(text) };
}

export function post(url: string, body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = HEADERS): Promise<Answer> {
  return request(url, { method: "POST", headers, body });
}

export function rpc(url: string, method: unknown, params?: unknown): Promise<Answer> {
  return post(url, JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }));
}

export async function getTask(url: string, id: string): Promise<Task> {
  const { json, text } = await rpc(url, "GetTask", { id });
  if (json?.result === undefined) throw new Error(`no task: ${text}`);
  return json.result as unknown as Task;
}

/** How many tasks the caller has with an agent. */
export async function countTasks(url: string): Promise<number> {
  const { json, text } = await rpc(url, "ListTasks", { pageSize: 1 });
  const total = json?.result?.["totalSize"];
  if (typeof total !== "number") throw new Error(`no list: ${text}`);
  return total;
}

function parsed(text: string): AnswerBody | undefined {
  try {
    return JSON.parse(text) as AnswerBody;
  } catch {
    return undefined;
  }
}
