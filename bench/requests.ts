/** What the load generator says in A2A, and what it reads from the answers. Judges nothing: each workload knows what it wants. */
import { randomUUID } from "node:crypto";
import type { Message, Task, TaskPushNotificationConfig } from "../shared/task/a2a-types.ts";
import { namingSkill } from "../shared/task/skill-extension.ts";
import { HttpConnection, type HttpRequest, type HttpResponse } from "./http-connection.ts";
import type { Target } from "./workloads.ts";

const PREPARING_CONNECTIONS = 16;

export interface SendConfiguration {
  readonly historyLength?: number;
  readonly taskPushNotificationConfig?: Pick<TaskPushNotificationConfig, "url">;
}

export function messageFor(skill: string | undefined, text: string): Message {
  return {
    messageId: randomUUID(),
    role: "ROLE_USER",
    parts: [{ text }],
    ...(skill !== undefined && { metadata: namingSkill(skill) }),
  };
}

export function sendRequest(message: Message, configuration?: SendConfiguration): HttpRequest {
  return call("SendMessage", { message, ...(configuration && { configuration }) });
}

export function call(method: string, params: object, headers: Readonly<Record<string, string>> = {}): HttpRequest {
  return {
    method: "POST",
    path: "/",
    headers: { "Content-Type": "application/json", "A2A-Version": "1.0", ...headers },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
  };
}

export function taskOf(response: Pick<HttpResponse, "status" | "body">): Task | undefined {
  return resultOf<{ task?: Task }>(response)?.task;
}

/** The JSON-RPC result, or nothing when the answer is an error or no JSON. Its parts are checked by whoever asks. */
export function resultOf<T>({ status, body }: Pick<HttpResponse, "status" | "body">): T | undefined {
  if (status !== 200) return undefined;
  try {
    return (JSON.parse(body) as { result?: T }).result;
  } catch {
    return undefined;
  }
}

export function complaint({ status, body }: Pick<HttpResponse, "status" | "body">): string {
  return `HTTP ${status}: ${body.slice(0, 300)}`;
}

/** Sends requests over several connections and gives back the answers in the same order. */
export async function sendAll({ url, headers }: Target, requests: readonly HttpRequest[]): Promise<readonly HttpResponse[]> {
  const answers: HttpResponse[] = new Array(requests.length);
  const queue = requests.entries();
  const work = async () => {
    const connection = await HttpConnection.open(url, headers);
    for (const [index, request] of queue) answers[index] = await connection.send(request);
    connection.close();
  };
  await Promise.all(Array.from({ length: Math.min(PREPARING_CONNECTIONS, requests.length) }, work));
  return answers;
}
