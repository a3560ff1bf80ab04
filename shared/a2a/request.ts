/**
 * Requests in the wire's own JSON: the last place that sees `unknown`. Strict about what is required and what a value
 * may be; lenient where ProtoJSON is: field names in snake_case too, unknown fields passed over. (A2A 1.0, 5.5 and 11)
 */
import * as v from "valibot";
import { RequestError } from "./errors.ts";

/** ProtoJSON parsers accept the proto's own field names as well. Only the names of A2A's objects, never inside data or metadata. */
export function camelCased<T extends object>(value: T): T {
  if (!Object.keys(value).some((key) => key.includes("_"))) return value;
  const named = Object.entries(value).map(([key, each]) => [key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()), each]);
  return Object.fromEntries(named) as T;
}

const anyNames = v.pipe(
  v.unknown(),
  v.transform((value) => (typeof value === "object" && value !== null && !Array.isArray(value) ? camelCased(value) : value)),
);

export const text = v.pipe(v.string(), v.nonEmpty("must not be empty"), v.maxLength(1024, "must be at most 1024 characters"));
/** JSON.parse makes Infinity of such a number, and JSON.stringify null of that: it could not be given back as it came. */
const finite = <T>() => v.check<T, string>(isWithinDoubles, "must not hold numbers beyond the range of a double");
export const json = v.pipe(
  v.custom<Record<string, never>>((value) => typeof value === "object" && value !== null && !Array.isArray(value), "must be an object"),
  finite(),
);
/** ProtoJSON writes an unset field as null too. */
export const optional = <const S extends v.GenericSchema>(schema: S) =>
  v.optional(
    v.pipe(
      v.nullish(schema),
      v.transform((value) => value ?? undefined),
    ),
  );

/** Bounded before its items are looked at: what is wrong with each of a million would be kept, and would fill the memory. */
export const list = <const S extends v.GenericSchema>(item: S, max: number, what = "items") =>
  v.pipe(
    v.custom<v.InferInput<S>[]>(Array.isArray, `must be an array of ${what}`),
    v.maxLength(max, `must have at most ${max} ${what}`),
    v.array(item),
  );

const CONTENTS = ["text", "raw", "url", "data"] as const;

const part = v.pipe(
  anyNames,
  v.looseObject({
    text: optional(v.string("must be a string")),
    raw: optional(v.pipe(v.string("must be base64"), v.check(isBase64, "must be base64"))),
    url: optional(v.pipe(v.string(), v.url("must be an absolute URL"))),
    filename: optional(v.pipe(v.string(), v.maxLength(1024))),
    mediaType: optional(v.pipe(v.string(), v.maxLength(256))),
    metadata: optional(json),
    data: v.optional(v.pipe(v.unknown(), finite())),
  }),
  // `data` is a google.protobuf.Value, the one kind of field for which ProtoJSON's null is a value: a part with `"data": null`
  // has data, and beside a text it has two contents, as it would for any other parser of the proto.
  v.check(
    (value) => CONTENTS.filter((name) => name in value && value[name] !== undefined).length === 1,
    "must have exactly one of text, raw, url and data",
  ),
  v.transform(({ text, raw, url, data, filename, mediaType, metadata }) => ({
    ...(text !== undefined && { text }),
    ...(raw !== undefined && { raw: raw.replaceAll("-", "+").replaceAll("_", "/") }),
    ...(url !== undefined && { url }),
    ...(data !== undefined && { data: data as never }),
    ...(filename && { filename }),
    ...(mediaType && { mediaType }),
    ...(metadata && { metadata }),
  })),
);

const role = v.pipe(
  v.picklist(["ROLE_USER", "ROLE_AGENT", 1, 2], "must be ROLE_USER or ROLE_AGENT"),
  v.transform((value) => (value === "ROLE_AGENT" || value === 2 ? ("ROLE_AGENT" as const) : ("ROLE_USER" as const))),
);

const message = v.pipe(
  anyNames,
  v.object({
    messageId: text,
    role,
    parts: v.pipe(list(part, 1000, "parts"), v.minLength(1, "must have at least one part")),
    contextId: optional(v.pipe(v.string(), v.maxLength(1024))),
    taskId: optional(v.pipe(v.string(), v.maxLength(1024))),
    metadata: optional(json),
    extensions: optional(list(text, 100)),
    referenceTaskIds: optional(list(text, 1000)),
  }),
  v.transform((value) => withoutEmpty(value, ["contextId", "taskId", "metadata", "extensions", "referenceTaskIds"])),
);

export const count = v.pipe(
  v.number("must be a number"),
  v.integer("must be a whole number"),
  v.minValue(0, "must not be negative"),
  v.maxValue(2 ** 31 - 1, `must be at most ${2 ** 31 - 1}`),
);

/** What goes into a header of a delivery as it is. */
const headerText = (max: number) =>
  v.pipe(
    v.string(),
    v.maxLength(max, `must be at most ${max} characters`),
    v.regex(/^[\x20-\x7e]*$/, "must be printable ASCII, because it is sent in a header"),
  );

const pushConfig = {
  id: optional(v.pipe(v.string(), v.maxLength(128, "must be at most 128 characters"))),
  url: v.pipe(text, v.url("must be an absolute URL")),
  token: optional(headerText(4096)),
  authentication: optional(
    v.pipe(
      anyNames,
      v.object({
        scheme: v.pipe(headerText(64), v.regex(/^[!#$%&'*+.^_`|~\w-]+$/, "must be an HTTP authentication scheme such as Bearer")),
        credentials: optional(headerText(8192)),
      }),
    ),
  ),
};

const configuration = v.pipe(
  anyNames,
  v.object({
    acceptedOutputModes: optional(list(v.pipe(v.string(), v.maxLength(256)), 100, "media types")),
    historyLength: optional(count),
    returnImmediately: optional(v.boolean("must be true or false")),
    taskPushNotificationConfig: optional(v.pipe(anyNames, v.object(pushConfig))),
  }),
);

/** For whom the caller acts: a part of the path in HTTP+JSON, a parameter in JSON-RPC. */
const tenant = {
  tenant: optional(
    v.pipe(
      v.string(),
      v.maxLength(256, "must be at most 256 characters"),
      v.check((value) => value.isWellFormed(), "must be well-formed Unicode"),
    ),
  ),
};

/** RFC 3339, as ProtoJSON has it. */
const TIMESTAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/i;

const TASK_STATES = [
  "TASK_STATE_SUBMITTED",
  "TASK_STATE_WORKING",
  "TASK_STATE_COMPLETED",
  "TASK_STATE_FAILED",
  "TASK_STATE_CANCELED",
  "TASK_STATE_INPUT_REQUIRED",
  "TASK_STATE_REJECTED",
  "TASK_STATE_AUTH_REQUIRED",
] as const;

export const sendRequest = v.pipe(
  anyNames,
  v.object({ ...tenant, message, configuration: optional(configuration), metadata: optional(json) }),
);
export const getRequest = v.pipe(anyNames, v.object({ ...tenant, id: text, historyLength: optional(count) }));
export const taskRequest = v.pipe(anyNames, v.object({ ...tenant, id: text, metadata: optional(json) }));
export const createPushConfigRequest = v.pipe(anyNames, v.object({ ...tenant, taskId: text, ...pushConfig }));
export const pushConfigRequest = v.pipe(anyNames, v.object({ ...tenant, taskId: text, id: text }));
export const listPushConfigsRequest = v.pipe(
  anyNames,
  v.object({
    ...tenant,
    taskId: text,
    pageSize: optional(v.pipe(count, v.minValue(1, "must be at least 1"))),
    // What follows a page is so many configs in.
    pageToken: optional(v.pipe(v.string(), v.regex(/^\d{0,3}$/, "must be the nextPageToken of a former page, or absent for the first"))),
  }),
);
export const cardRequest = v.pipe(anyNames, v.object({ ...tenant }));
export const listRequest = v.pipe(
  anyNames,
  v.object({
    ...tenant,
    contextId: optional(v.pipe(v.string(), v.maxLength(1024))),
    status: optional(v.picklist([...TASK_STATES, "TASK_STATE_UNSPECIFIED"], "must be a task state such as TASK_STATE_WORKING")),
    statusTimestampAfter: optional(
      v.pipe(
        v.string(),
        // Date.parse alone takes much that is no time: "1" is a day in 2001 to it.
        v.check((value) => TIMESTAMP.test(value) && !Number.isNaN(Date.parse(value)), "must be an ISO 8601 timestamp with its zone"),
      ),
    ),
    pageSize: optional(v.pipe(count, v.minValue(1, "must be from 1 to 100"), v.maxValue(100, "must be from 1 to 100"))),
    pageToken: optional(v.pipe(v.string(), v.maxLength(1024))),
    historyLength: optional(count),
    includeArtifacts: optional(v.boolean("must be true or false")),
  }),
);

export type SendRequest = v.InferOutput<typeof sendRequest>;
export type GetRequest = v.InferOutput<typeof getRequest>;
export type TaskRequest = v.InferOutput<typeof taskRequest>;
export type CreatePushConfigRequest = v.InferOutput<typeof createPushConfigRequest>;
export type PushConfigRequest = v.InferOutput<typeof pushConfigRequest>;
export type ListPushConfigsRequest = v.InferOutput<typeof listPushConfigsRequest>;
export type ListRequest = v.InferOutput<typeof listRequest>;

/** No caller needs more to see what is wrong. */
const VIOLATIONS_SHOWN = 10;

/**
 * @param within where what is parsed stands in the request, when it is not all of it
 * @throws RequestError `invalid-params` naming each field and what is wrong with it
 */
export function parseRequest<S extends v.GenericSchema>(schema: S, params: unknown, within = ""): v.InferOutput<S> {
  const result = v.safeParse(schema, params);
  if (result.success) return result.output;
  const violations = result.issues
    .slice(0, VIOLATIONS_SHOWN)
    .map((issue) => ({ field: [within, v.getDotPath(issue) ?? ""].filter(Boolean).join("."), description: describe(issue) }));
  const [first] = violations;
  throw new RequestError("invalid-params", `${first?.field || "the request"} ${first?.description}`, violations);
}

function describe(issue: v.BaseIssue<unknown>): string {
  if (issue.received === "undefined" || (issue.kind === "schema" && issue.input === undefined)) return "is required";
  return issue.message.startsWith("Invalid") ? `must be ${KINDS[issue.expected ?? ""] ?? issue.expected ?? "valid"}` : issue.message;
}

/** The library's words for what was expected, as a sentence has them. */
const KINDS: Readonly<Record<string, string>> = {
  Object: "an object",
  Array: "an array",
  string: "a string",
  number: "a number",
  boolean: "true or false",
};

/** With or without padding, in either alphabet; one character left over holds no byte. (RFC 4648, 4 and 5) */
function isBase64(text: string): boolean {
  if (!/^[A-Za-z0-9+/_-]*={0,2}$/.test(text)) return false;
  return text.endsWith("=") ? text.length % 4 === 0 : text.length % 4 !== 1;
}

function isWithinDoubles(value: unknown): boolean {
  if (typeof value === "number") return Number.isFinite(value);
  // Bodies are bounded in depth, so the stack is too.
  return typeof value !== "object" || value === null || Object.values(value).every(isWithinDoubles);
}

function withoutEmpty<T extends object, K extends keyof T>(
  value: T,
  keys: readonly K[],
): { [P in keyof T]: P extends K ? Exclude<T[P], undefined> : T[P] } {
  const copy = { ...value };
  for (const key of keys) if (copy[key] === undefined || copy[key] === "") delete copy[key];
  return copy as never;
}
