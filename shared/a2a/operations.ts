/**
 * The A2A operations, once: name, parameters, and what answers them. Both bindings are made from this table, so they
 * cannot differ in what they do. (A2A 1.0, 5.3)
 */
import { RequestError } from "./errors.ts";
import type { A2ARequestHandler, CallContext } from "./handler.ts";
import { anyRequest, getRequest, listRequest, parseRequest, sendRequest, taskRequest } from "./request.ts";

/** What an operation gives: JSON text, or a stream of `<sequence> <StreamResponse>` lines. */
export type Result = { json: string } | { stream: ReadableStream<Uint8Array> };

export type Operation = (handler: A2ARequestHandler, params: unknown, context: CallContext) => Promise<Result>;

const pushNotSupported: Operation = async (_handler, params) => {
  parseRequest(anyRequest, params);
  throw new RequestError("push-not-supported", "this agent's card declares no push notifications; stream, subscribe or poll instead");
};

export const OPERATIONS = {
  SendMessage: async (handler, params, context) => ({ json: await handler.sendMessage(parseRequest(sendRequest, params), context) }),
  SendStreamingMessage: async (handler, params, context) => ({
    stream: await handler.sendStreamingMessage(parseRequest(sendRequest, params), context),
  }),
  GetTask: async (handler, params, context) => ({ json: await handler.getTask(parseRequest(getRequest, params), context) }),
  ListTasks: async (handler, params, context) => ({ json: await handler.listTasks(parseRequest(listRequest, params ?? {}), context) }),
  CancelTask: async (handler, params, context) => ({ json: await handler.cancelTask(parseRequest(taskRequest, params), context) }),
  SubscribeToTask: async (handler, params, context) => ({
    stream: await handler.subscribeToTask(parseRequest(taskRequest, params), context),
  }),
  CreateTaskPushNotificationConfig: pushNotSupported,
  GetTaskPushNotificationConfig: pushNotSupported,
  ListTaskPushNotificationConfigs: pushNotSupported,
  DeleteTaskPushNotificationConfig: pushNotSupported,
  GetExtendedAgentCard: async () => {
    throw new RequestError("unsupported-operation", "this agent's card declares no extended card; the public one is all there is");
  },
} as const satisfies Record<string, Operation>;

export type OperationName = keyof typeof OPERATIONS;
