/**
 * Requests of the HTTP+JSON binding of 0.3: from the JSON of its proto to the params of the method that does the same in
 * JSON-RPC. Pure. What comes in may be anything: it is put in the other shape where it can be, and checked there; objects
 * that have that shape already keep it.
 */
import type { Json, JsonObject } from "../../task/a2a-types.ts";
import { isObject } from "../json-object.ts";
import { camelCased } from "../request.ts";

/** @returns the params of message/send, as far as the body has them */
export function sendParamsFromProto(body: unknown): unknown {
  if (!isObject(body)) return body;
  const { request, message = request, configuration, metadata } = camelCased(body);
  const ofProto = isObject(message) && !("parts" in message);
  return {
    message: messageFromProto(message),
    ...(configuration !== undefined && {
      configuration: isObject(configuration) ? configurationFromProto(configuration, ofProto) : configuration,
    }),
    ...(metadata !== undefined && { metadata }),
  };
}

/** @returns the params of tasks/pushNotificationConfig/set; the task is the one of the path */
export function setPushParamsFromProto(taskId: string, body: unknown): unknown {
  if (!isObject(body)) return body;
  // Either the config itself, which the path names, or the whole request for it, as some clients write it.
  const { config = body } = camelCased(body);
  const { pushNotificationConfig } = isObject(config) ? camelCased(config) : {};
  return {
    taskId,
    pushNotificationConfig: isObject(pushNotificationConfig) ? pushFromProto(pushNotificationConfig) : pushNotificationConfig,
  };
}

function messageFromProto(value: Json | undefined): Json | undefined {
  if (!isObject(value)) return value;
  const { role, content, parts, ...message } = camelCased(value);
  const given = parts ?? content;
  return {
    ...message,
    kind: message["kind"] ?? "message",
    ...(role !== undefined && { role: ROLES.get(role) ?? role }),
    ...(given !== undefined && { parts: Array.isArray(given) ? given.map(partFromProto) : given }),
  };
}

const ROLES: ReadonlyMap<Json, string> = new Map<Json, string>([
  ["ROLE_USER", "user"],
  [1, "user"],
  ["ROLE_AGENT", "agent"],
  [2, "agent"],
]);

function partFromProto(value: Json): Json {
  if (!isObject(value) || "kind" in value) return value;
  const { text, file, data, metadata } = value;
  const more = { ...(metadata !== undefined && { metadata }) };
  const [kind, ...others] = Object.entries({ text, file, data }).flatMap(([name, each]) =>
    each === undefined || each === null ? [] : [name],
  );
  // None, or several: it stays without a kind, and is refused for that.
  if (kind === undefined || others.length > 0) return value;
  if (kind === "text") return { kind, text: text ?? null, ...more };
  if (kind === "data") return { kind, data: isObject(data) ? (data["data"] ?? {}) : (data ?? null), ...more };
  return { kind, file: isObject(file) ? fileFromProto(file) : (file ?? null), ...more };
}

function fileFromProto(file: JsonObject): JsonObject {
  const { fileWithUri, fileWithBytes, ...rest } = camelCased(file);
  return {
    ...rest,
    ...(fileWithUri !== undefined && { uri: fileWithUri }),
    ...(fileWithBytes !== undefined && { bytes: fileWithBytes }),
  };
}

/** In the proto what is not set has its default, and false and 0 are no other than not set. */
function configurationFromProto(value: JsonObject, ofProto: boolean): JsonObject {
  const { pushNotification, pushNotificationConfig = pushNotification, historyLength, ...configuration } = camelCased(value);
  return {
    ...configuration,
    ...(ofProto && { blocking: configuration["blocking"] ?? false }),
    ...(historyLength !== undefined && historyLength !== 0 && { historyLength }),
    ...(pushNotificationConfig !== undefined && {
      pushNotificationConfig: isObject(pushNotificationConfig) ? pushFromProto(pushNotificationConfig) : pushNotificationConfig,
    }),
  };
}

/** An empty message of the proto is one that is not there. */
function pushFromProto({ authentication, ...config }: JsonObject): JsonObject {
  const isEmpty = isObject(authentication) && Object.keys(authentication).length === 0;
  return { ...config, ...(authentication !== undefined && !isEmpty && { authentication }) };
}
