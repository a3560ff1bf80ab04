/**
 * The operations, once: the JSON-RPC method is the name, and this table says what the same parameters are over HTTP+JSON. So
 * every requirement is written once for both bindings. (A2A 1.0.1, 5.3 and 11.5)
 */
import type { Json, JsonObject } from "../shared/task/a2a-types.ts";

interface HttpForm {
  readonly method: "GET" | "POST" | "DELETE";
  readonly path: string;
  /** Which parameters the path has taken: the others go into the query of a GET or DELETE, or the body of a POST. */
  readonly taken: readonly string[];
}

const segment = (value: Json | undefined) => encodeURIComponent(String(value ?? ""));
const task = ({ id }: JsonObject) => `/tasks/${segment(id)}`;
const configs = ({ taskId }: JsonObject) => `/tasks/${segment(taskId)}/pushNotificationConfigs`;
const config = (params: JsonObject) => `${configs(params)}/${segment(params["id"])}`;

const HTTP_FORMS = {
  SendMessage: () => ({ method: "POST", path: "/message:send", taken: [] }),
  SendStreamingMessage: () => ({ method: "POST", path: "/message:stream", taken: [] }),
  GetTask: (params) => ({ method: "GET", path: task(params), taken: ["id"] }),
  ListTasks: () => ({ method: "GET", path: "/tasks", taken: [] }),
  CancelTask: (params) => ({ method: "POST", path: `${task(params)}:cancel`, taken: ["id"] }),
  SubscribeToTask: (params) => ({ method: "POST", path: `${task(params)}:subscribe`, taken: ["id"] }),
  CreateTaskPushNotificationConfig: (params) => ({ method: "POST", path: configs(params), taken: ["taskId"] }),
  GetTaskPushNotificationConfig: (params) => ({ method: "GET", path: config(params), taken: ["taskId", "id"] }),
  ListTaskPushNotificationConfigs: (params) => ({ method: "GET", path: configs(params), taken: ["taskId"] }),
  DeleteTaskPushNotificationConfig: (params) => ({ method: "DELETE", path: config(params), taken: ["taskId", "id"] }),
  GetExtendedAgentCard: () => ({ method: "GET", path: "/extendedAgentCard", taken: [] }),
} as const satisfies Record<string, (params: JsonObject) => HttpForm>;

export type OperationName = keyof typeof HTTP_FORMS;
export const OPERATION_NAMES = Object.keys(HTTP_FORMS) as OperationName[];

export interface HttpCall {
  readonly method: string;
  /** Below the interface's URL, with its query. */
  readonly path: string;
  readonly body?: string;
}

export function overHttp(operation: OperationName, params: JsonObject): HttpCall {
  const { method, path, taken }: HttpForm = HTTP_FORMS[operation](params);
  const rest = Object.entries(params).filter(([name]) => !taken.includes(name));
  if (method === "POST") return { method, path, body: JSON.stringify(Object.fromEntries(rest)) };
  const query = new URLSearchParams(rest.map(([name, value]) => [name, typeof value === "string" ? value : JSON.stringify(value)]));
  return { method, path: rest.length === 0 ? path : `${path}?${query}` };
}
