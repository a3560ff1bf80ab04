/**
 * The A2A operations, once: name, parameters, and what answers them. Both bindings are made from this table, so they
 * cannot differ in what they do. (A2A 1.0, 5.3)
 */
import type * as v from "valibot";
import { forTenant } from "../auth/tenant.ts";
import { RequestError } from "./errors.ts";
import type { A2ARequestHandler, CallContext } from "./handler.ts";
import {
  cardRequest,
  createPushConfigRequest,
  getRequest,
  listPushConfigsRequest,
  listRequest,
  parseRequest,
  pushConfigRequest,
  sendRequest,
  taskRequest,
} from "./request.ts";

/** What an operation gives: JSON text, or a stream in the form that the context names. */
export type Result = { json: string } | { stream: ReadableStream<Uint8Array> };

export type Operation = (handler: A2ARequestHandler, params: unknown, context: CallContext) => Promise<Result>;

export const OPERATIONS = {
  SendMessage: answers(sendRequest, (handler, request, context) => handler.sendMessage(request, context)),
  SendStreamingMessage: streams(sendRequest, (handler, request, context) => handler.sendStreamingMessage(request, context)),
  GetTask: answers(getRequest, (handler, request, context) => handler.getTask(request, context)),
  ListTasks: answers(listRequest, (handler, request, context) => handler.listTasks(request, context)),
  CancelTask: answers(taskRequest, (handler, request, context) => handler.cancelTask(request, context)),
  SubscribeToTask: streams(taskRequest, (handler, request, context) => handler.subscribeToTask(request, context)),
  CreateTaskPushNotificationConfig: answers(createPushConfigRequest, (handler, request, context) =>
    handler.createTaskPushNotificationConfig(request, context),
  ),
  GetTaskPushNotificationConfig: answers(pushConfigRequest, (handler, request, context) =>
    handler.getTaskPushNotificationConfig(request, context),
  ),
  ListTaskPushNotificationConfigs: answers(listPushConfigsRequest, (handler, request, context) =>
    handler.listTaskPushNotificationConfigs(request, context),
  ),
  DeleteTaskPushNotificationConfig: answers(pushConfigRequest, (handler, request, context) =>
    handler.deleteTaskPushNotificationConfig(request, context),
  ),
  GetExtendedAgentCard: answers(cardRequest, (handler, _request, context) => handler.getExtendedAgentCard(context)),
} as const satisfies Record<string, Operation>;

/** What the HTTP+JSON binding has beyond them: A2A says nothing of deleting a task. */
export const HTTP_OPERATIONS = {
  ...OPERATIONS,
  DeleteTask: answers(taskRequest, (handler, request, context) => handler.deleteTask(request, context)),
} as const satisfies Record<string, Operation>;

export type OperationName = keyof typeof OPERATIONS;

type Perform<S extends v.GenericSchema, R> = (
  handler: A2ARequestHandler,
  request: v.InferOutput<S> & { tenant?: string | undefined },
  context: CallContext,
) => Promise<R>;
type Scoped = v.GenericSchema<unknown, { tenant?: string | undefined }>;

function answers<S extends Scoped>(schema: S, perform: Perform<S, string>): Operation {
  return async (handler, params, context) => {
    const acted = acting(context, tenantIn(params));
    return { json: await perform(handler, parseRequest(schema, params ?? {}), acted) };
  };
}

function streams<S extends Scoped>(schema: S, perform: Perform<S, ReadableStream<Uint8Array>>): Operation {
  return async (handler, params, context) => {
    const acted = acting(context, tenantIn(params));
    return { stream: await perform(handler, parseRequest(schema, params ?? {}), acted) };
  };
}

/** Looked at before the rest: who may not act for a tenant is told nothing about the request. Not a text: refused as all is. */
function tenantIn(params: unknown): string | undefined {
  const tenant = typeof params === "object" && params !== null && "tenant" in params ? params.tenant : undefined;
  return typeof tenant === "string" ? tenant : undefined;
}

/** @throws RequestError `permission-denied` when the caller asks for another tenant than his own */
export function acting(context: CallContext, tenant: string | undefined): CallContext {
  const principal = forTenant(context.principal, tenant);
  if (principal) return principal === context.principal ? context : { ...context, principal };
  throw new RequestError("permission-denied", `your credentials are for the tenant "${context.principal.tenant}", and for no other`);
}
