/**
 * Requests that would be answered, and what may be done to them. A request is data until it is sent, so that the same
 * one goes through both bindings; a change names its place, so that a refusal can be held to it.
 */
import fc from "fast-check";
import { hostile, json, jsonObject, key, number, Pairs, Raw, text } from "./values.ts";

export type Params = Record<string, unknown>;

export interface Request {
  readonly method: string;
  readonly params: Params;
}

/** What the requests of one run may name: tasks by their ids, and a webhook. */
export interface Pool {
  readonly hook: string;
  readonly tasks: readonly string[];
}

const SKILL = "urn:skein:ext:skill:v1";
const RESUME = "urn:skein:ext:resume:v1";

const part = fc.oneof(
  text.map((each) => ({ text: each })),
  json.map((data) => ({ data })),
  jsonObject.map((metadata) => ({ text: "with metadata", metadata, filename: "a.txt", mediaType: "text/plain" })),
  fc.constant({ raw: "SGVsbG8=", mediaType: "text/plain" }),
  fc.constant({ url: "https://example.com/a", mediaType: "text/plain" }),
);
const skill = fc.constantFrom("echo", "chunks", "question", "mixed");

/** Unset as a rule: of messages that say all that they may, hardly one would be taken. */
const seldom = <T>(values: fc.Arbitrary<T>) => fc.oneof({ weight: 5, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: values });

const message = (pool: Pool) =>
  fc.record(
    {
      messageId: fc.string({ minLength: 1, maxLength: 10 }),
      role: fc.constant("ROLE_USER"),
      parts: fc.array(part, { minLength: 1, maxLength: 3 }),
      contextId: fc.constantFrom("one", "two"),
      taskId: seldom(fc.constantFrom(...pool.tasks)),
      metadata: fc.tuple(jsonObject, skill).map(([more, id]) => ({ ...more, [SKILL]: { skill: id } })),
      extensions: fc.array(fc.webUrl(), { maxLength: 2 }),
      referenceTaskIds: fc.array(fc.constantFrom(...pool.tasks), { maxLength: 2 }),
    },
    { requiredKeys: ["messageId", "role", "parts", "metadata"] },
  );

const push = ({ hook }: Pool) => ({ url: fc.constant(hook), token: fc.constant("secret-token"), id: fc.constantFrom("a", "b") });

const send = (pool: Pool) =>
  fc.record(
    {
      message: message(pool),
      configuration: fc.record(
        {
          acceptedOutputModes: fc.constantFrom(["text/plain"], ["*/*", "video/mp4"]),
          historyLength: fc.nat({ max: 3 }),
          returnImmediately: fc.boolean(),
          taskPushNotificationConfig: fc.record(push(pool), { requiredKeys: ["url"] }),
        },
        { requiredKeys: [] },
      ),
      metadata: seldom(fc.record({ [RESUME]: fc.record({ idempotencyKey: fc.uuid(), after: fc.nat({ max: 4 }) }) })),
      tenant: fc.constantFrom("", "local", "acme"),
    },
    { requiredKeys: ["message"] },
  );

/** A valid request of any of the operations. */
export function request(pool: Pool): fc.Arbitrary<Request> {
  const id = fc.constantFrom(...pool.tasks);
  const tenant = fc.constantFrom("", "local", "acme");
  const of = (method: string, shape: Record<string, fc.Arbitrary<unknown>>, requiredKeys: string[] = []) =>
    fc.record(shape, { requiredKeys }).map((params): Request => ({ method, params }));
  const sends = (method: string) => send(pool).map((params): Request => ({ method, params }));
  return fc.oneof(
    { weight: 4, arbitrary: sends("SendMessage") },
    { weight: 2, arbitrary: sends("SendStreamingMessage") },
    of("GetTask", { id, tenant, historyLength: fc.nat({ max: 3 }) }, ["id"]),
    {
      weight: 2,
      arbitrary: of("ListTasks", {
        tenant,
        contextId: fc.constantFrom("one", "two"),
        status: fc.constantFrom("TASK_STATE_COMPLETED", "TASK_STATE_UNSPECIFIED"),
        statusTimestampAfter: fc.constant("2020-01-01T00:00:00Z"),
        pageSize: fc.integer({ min: 1, max: 100 }),
        pageToken: fc.constant(""),
        historyLength: fc.nat({ max: 3 }),
        includeArtifacts: fc.boolean(),
      }),
    },
    of("CancelTask", { id, tenant, metadata: jsonObject }, ["id"]),
    of("SubscribeToTask", { id, tenant, metadata: jsonObject }, ["id"]),
    of("CreateTaskPushNotificationConfig", { taskId: id, tenant, ...push(pool) }, ["taskId", "url"]),
    of("GetTaskPushNotificationConfig", { taskId: id, id: fc.constantFrom("a", "b"), tenant }, ["taskId", "id"]),
    of("ListTaskPushNotificationConfigs", { taskId: id, tenant }, ["taskId"]),
    of("DeleteTaskPushNotificationConfig", { taskId: id, id: fc.constantFrom("a", "b"), tenant }, ["taskId", "id"]),
    of("GetExtendedAgentCard", { tenant }),
  );
}

export type Change =
  | { readonly kind: "replace"; readonly at: number; readonly value: unknown }
  | { readonly kind: "remove" | "snake" | "twice"; readonly at: number }
  | { readonly kind: "add"; readonly at: number; readonly name: string; readonly value: unknown };

const at = fc.nat({ max: 40 });

export const change: fc.Arbitrary<Change> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant("replace" as const), at, value: fc.oneof(hostile, number, text) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom("remove" as const, "snake" as const, "twice" as const), at }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("add" as const), at, name: key, value: hostile }) },
);

type Path = readonly (string | number)[];

/** Every place in a value, its own root not counted. */
function placesIn(value: unknown, path: Path = []): Path[] {
  if (typeof value !== "object" || value === null || value instanceof Raw || value instanceof Pairs) return [];
  const entries = Array.isArray(value) ? value.map((each, index) => [index, each] as const) : Object.entries(value);
  return entries.flatMap(([name, each]) => [[...path, name], ...placesIn(each, [...path, name])]);
}

/** @returns the changed parameters and the place that was changed */
export function changed(params: unknown, each: Change): { params: unknown; path: Path } {
  const places = placesIn(params);
  const path = places.length === 0 ? [] : (places[each.at % places.length] ?? []);
  return { params: edited(params, path, each), path };
}

function edited(value: unknown, [name, ...rest]: Path, each: Change): unknown {
  if (name === undefined || typeof value !== "object" || value === null) return value;
  if (Array.isArray(value))
    return value.flatMap((item, index) => (index !== name ? [item] : rest.length > 0 ? [edited(item, rest, each)] : editOf(item, each)));
  const entries = Object.entries(value).flatMap(([own, item]): [string, unknown][] => {
    if (own !== name) return [[own, item]];
    if (rest.length > 0) return [[own, edited(item, rest, each)]];
    const snake = own.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    if (each.kind === "snake")
      return [
        [snake, item],
        [own, item],
      ];
    if (each.kind === "twice")
      return [
        [own, null],
        [own, item],
      ];
    if (each.kind === "add")
      return [
        [own, item],
        [each.name, each.value],
      ];
    return editOf(item, each).map((edit): [string, unknown] => [own, edit]);
  });
  return each.kind === "twice" && rest.length === 0 ? new Pairs(entries) : Object.fromEntries(entries);
}

function editOf(item: unknown, each: Change): unknown[] {
  switch (each.kind) {
    case "replace":
      return [each.value];
    case "remove":
      return [];
    case "twice":
      return [item, item];
    case "add":
      return [item, each.value];
    case "snake":
      return [item];
  }
}
