/**
 * The methods of A2A 0.3, each made of the operation of 1.0 that does the same. The translator comes with the first request
 * that needs it: a Worker that nobody asks in 0.3 does not pay for it at its start.
 */
import type * as v from "valibot";
import type { JsonObject } from "../../task/a2a-types.ts";
import { RequestError } from "../errors.ts";
import type { Dialect } from "../json-rpc.ts";
import { OPERATIONS, type Operation } from "../operations.ts";
import { parseRequest } from "../request.ts";
import { askedVersion, checkVersion, LEGACY_VERSION, VERSION } from "../version.ts";
import { deletePushParams, getPushParams, noParams, queryParams, sendParams, setPushParams, taskParams } from "./params.ts";

export const LEGACY_OPERATIONS = {
  "message/send": answers("message/send", sendParams),
  "message/stream": streams("message/stream", sendParams),
  "tasks/get": answers("tasks/get", queryParams),
  "tasks/cancel": answers("tasks/cancel", taskParams),
  "tasks/resubscribe": streams("tasks/resubscribe", taskParams),
  "tasks/pushNotificationConfig/set": answers("tasks/pushNotificationConfig/set", setPushParams),
  "tasks/pushNotificationConfig/get": answers("tasks/pushNotificationConfig/get", getPushParams),
  "tasks/pushNotificationConfig/list": answers("tasks/pushNotificationConfig/list", taskParams),
  "tasks/pushNotificationConfig/delete": answers("tasks/pushNotificationConfig/delete", deletePushParams),
  // Made in the version of its request, as every card is; see card.ts.
  "agent/getAuthenticatedExtendedCard": (handler, params, context) =>
    OPERATIONS.GetExtendedAgentCard(handler, parseRequest(noParams, params ?? {}), context),
} as const satisfies Record<string, Operation>;

export type LegacyMethod = keyof typeof LEGACY_OPERATIONS;

export const LEGACY: Dialect = {
  operations: LEGACY_OPERATIONS,
  unknown: unknownMethod,
  translates: true,
  refusedInStream: new Set<LegacyMethod>(["message/stream", "tasks/resubscribe"]),
};

/** What 0.3 does not have may be of 1.0, from a client that forgot to say so: it is told which header to send. */
function unknownMethod(method: string, request: Request): RequestError {
  const isCurrent = Object.hasOwn(OPERATIONS, method);
  if (isCurrent && askedVersion(request) === "") checkVersion(request);
  const known = Object.keys(LEGACY_OPERATIONS).join(", ");
  const hint = isCurrent ? `. This one is of A2A ${VERSION}: send "A2A-Version: ${VERSION}"` : "";
  return new RequestError("method-not-found", `there is no method "${method.slice(0, 100)}"; A2A ${LEGACY_VERSION} has ${known}${hint}`);
}

function answers(method: string, schema: v.GenericSchema<unknown, object>): Operation {
  return async (handler, params, context) => {
    const request = parseRequest(schema, params ?? {}) as JsonObject;
    const { translate } = await import("./translation.ts");
    return translate(method, request, (name, translated) => OPERATIONS[name](handler, translated, context));
  };
}

function streams(method: string, schema: v.GenericSchema<unknown, object>): Operation {
  const answer = answers(method, schema);
  return async (handler, params, context) => {
    const result = await answer(handler, params, context);
    if (!("stream" in result)) return result;
    const { toLegacyLines } = await import("./events.ts");
    return { stream: toLegacyLines(result.stream, { answersMessage: method === "message/stream" }) };
  };
}
