/**
 * Parameters of the 0.3 methods, as strict as its schema, whose own translator takes almost anything. How long a text may be is
 * asked of the 1.0 request that is made of them.
 */
import * as v from "valibot";
import { count, json, list, optional, text } from "../request.ts";

const anyText = v.string("must be a string");
const base64 = v.pipe(v.string("must be base64"), v.regex(/^[A-Za-z0-9+/_-]*={0,2}$/, "must be base64"));
const metadata = optional(json);

const file = v.pipe(
  v.object({
    bytes: optional(base64),
    uri: optional(v.pipe(anyText, v.url("must be an absolute URL"))),
    mimeType: optional(anyText),
    name: optional(anyText),
  }),
  v.check(({ bytes, uri }) => (bytes === undefined) !== (uri === undefined), "must have exactly one of bytes and uri"),
  v.transform((value) => definedOnly(value)),
);

const part = v.variant("kind", [
  v.object({ kind: v.literal("text"), text: anyText, metadata }),
  v.object({ kind: v.literal("file"), file, metadata }),
  v.object({ kind: v.literal("data"), data: json, metadata }),
]);

const message = v.object({
  // Required by the schema, and left out by clients whose language has a default for it: nothing else may stand here.
  kind: optional(v.literal("message", 'must be "message"')),
  messageId: text,
  role: v.picklist(["user", "agent"], 'must be "user"'),
  parts: v.pipe(list(part, 1000, "parts"), v.minLength(1, "must have at least one part")),
  contextId: optional(anyText),
  taskId: optional(anyText),
  metadata,
  extensions: optional(list(text, 100)),
  referenceTaskIds: optional(list(text, 1000)),
});

const pushNotificationConfig = v.object({
  id: optional(anyText),
  url: v.pipe(text, v.url("must be an absolute URL")),
  token: optional(anyText),
  authentication: optional(
    v.object({
      // 0.3 lists what a webhook takes; 1.0, and whoever delivers, uses one.
      schemes: v.pipe(
        list(text, 10, "schemes"),
        v.minLength(1, "must have at least one scheme"),
        v.transform(([first]) => (first === undefined ? [] : [first])),
      ),
      credentials: optional(anyText),
    }),
  ),
});

const configuration = v.pipe(
  v.object({
    acceptedOutputModes: optional(list(anyText, 100, "media types")),
    // 0.3 leaves open what an agent does that is told nothing: it waits, as in 1.0.
    blocking: v.optional(
      v.pipe(
        v.nullish(v.boolean("must be true or false")),
        v.transform((value) => value ?? true),
      ),
      true,
    ),
    historyLength: optional(count),
    pushNotificationConfig: optional(pushNotificationConfig),
  }),
);

export const sendParams = v.object({ message, configuration: optional(configuration), metadata });
export const taskParams = v.object({ id: text, metadata });
export const queryParams = v.object({ id: text, historyLength: optional(count), metadata });
export const setPushParams = v.object({ taskId: text, pushNotificationConfig });
export const getPushParams = v.object({ id: text, pushNotificationConfigId: optional(anyText), metadata });
export const deletePushParams = v.object({ id: text, pushNotificationConfigId: text, metadata });
export const noParams = v.object({});

/** The translator asks which fields are there, not what is in them. */
function definedOnly<T extends object>(value: T): Partial<T> {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as Partial<T>;
}
