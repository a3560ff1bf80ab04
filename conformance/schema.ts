/**
 * The data model as it must look on the wire, for what a server says: required fields, enum names, one-ofs, timestamps.
 * Fields it does not know pass. (A2A 1.0.1, 4, 5.5 to 5.7)
 */
import * as v from "valibot";

/** The proto says REQUIRED, and of a text that is empty nothing is told apart from an absent one. (5.7) */
const given = v.pipe(v.string("must be a text"), v.minLength(1, "must not be empty"));
const metadata = v.optional(v.record(v.string(), v.unknown(), "must be an object"));
const texts = v.array(v.string("must be a text"), "must be a list");
const flag = v.optional(v.boolean("must be true or false"));
const atLeastOne = <const S extends v.GenericSchema>(item: S) =>
  v.pipe(v.array(item, "must be a list"), v.minLength(1, "must have at least one element"));

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

/** ISO 8601 in UTC; how fine is a SHOULD, and looked at elsewhere. (5.6.1) */
const TIMESTAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;
const timestamp = v.pipe(v.string("must be a text"), v.regex(TIMESTAMP, "must be ISO 8601 in UTC with Z"));

const CONTENT = ["text", "raw", "url", "data"] as const;

const part = v.pipe(
  v.looseObject(
    {
      text: v.optional(v.string("must be a text")),
      raw: v.optional(v.pipe(v.string("must be a text"), v.regex(/^[A-Za-z0-9+/_-]*={0,2}$/, "must be base64"))),
      url: v.optional(v.string("must be a text")),
      filename: v.optional(v.string("must be a text")),
      mediaType: v.optional(v.string("must be a text")),
      metadata,
    },
    "must be an object",
  ),
  v.check((it) => CONTENT.filter((name) => name in it).length === 1, "must have exactly one of text, raw, url and data"),
  v.check((it) => !("kind" in it), "must not have kind, which 1.0 has taken away"),
);

const message = v.pipe(
  v.looseObject(
    {
      messageId: given,
      role: v.picklist(["ROLE_USER", "ROLE_AGENT"], "must be ROLE_USER or ROLE_AGENT"),
      parts: atLeastOne(part),
      contextId: v.optional(given),
      taskId: v.optional(given),
      extensions: v.optional(texts),
      referenceTaskIds: v.optional(texts),
      metadata,
    },
    "must be an object",
  ),
  v.check((it) => !("kind" in it), "must not have kind, which 1.0 has taken away"),
);

const artifact = v.looseObject(
  {
    artifactId: given,
    parts: atLeastOne(part),
    name: v.optional(v.string("must be a text")),
    description: v.optional(v.string("must be a text")),
    extensions: v.optional(texts),
    metadata,
  },
  "must be an object",
);

const status = v.looseObject(
  {
    state: v.picklist(TASK_STATES, "must be the name of a TaskState"),
    message: v.optional(message),
    timestamp: v.optional(timestamp),
  },
  "must be an object",
);

const task = v.pipe(
  v.looseObject(
    {
      id: given,
      contextId: v.optional(given),
      status,
      artifacts: v.optional(v.array(artifact, "must be a list")),
      history: v.optional(v.array(message, "must be a list")),
      metadata,
    },
    "must be an object",
  ),
  v.check((it) => !("kind" in it), "must not have kind, which 1.0 has taken away"),
);

const statusUpdate = v.looseObject({ taskId: given, contextId: given, status, metadata }, "must be an object");
const artifactUpdate = v.looseObject(
  { taskId: given, contextId: given, artifact, append: flag, lastChunk: flag, metadata },
  "must be an object",
);

const PAYLOADS = ["task", "message", "statusUpdate", "artifactUpdate"] as const;

export const streamResponse = v.pipe(
  v.looseObject(
    {
      task: v.optional(task),
      message: v.optional(message),
      statusUpdate: v.optional(statusUpdate),
      artifactUpdate: v.optional(artifactUpdate),
    },
    "must be an object",
  ),
  v.check((it) => PAYLOADS.filter((name) => name in it).length === 1, `must have exactly one of ${PAYLOADS.join(", ")}`),
);

export const sendResponse = v.pipe(
  v.looseObject({ task: v.optional(task), message: v.optional(message) }, "must be an object"),
  v.check((it) => (it.task === undefined) !== (it.message === undefined), "must have exactly one of task and message"),
);

export const listResponse = v.looseObject(
  {
    tasks: v.array(task, "must be a list"),
    nextPageToken: v.string("must be a text, empty on the last page"),
    pageSize: v.pipe(v.number("must be a number"), v.integer("must be whole")),
    totalSize: v.pipe(v.number("must be a number"), v.integer("must be whole")),
  },
  "must be an object",
);

export const pushConfig = v.looseObject(
  {
    id: given,
    taskId: v.optional(v.string("must be a text")),
    url: given,
    token: v.optional(v.string("must be a text")),
    authentication: v.optional(v.looseObject({ scheme: given, credentials: v.optional(v.string("must be a text")) }, "must be an object")),
  },
  "must be an object",
);

const skill = v.looseObject(
  {
    id: given,
    name: given,
    description: given,
    tags: atLeastOne(v.string("must be a text")),
    examples: v.optional(texts),
    inputModes: v.optional(texts),
    outputModes: v.optional(texts),
  },
  "must be an object",
);

export const agentCard = v.looseObject(
  {
    name: given,
    description: given,
    version: given,
    supportedInterfaces: atLeastOne(
      v.looseObject(
        { url: given, protocolBinding: given, protocolVersion: given, tenant: v.optional(v.string("must be a text")) },
        "must be an object",
      ),
    ),
    capabilities: v.looseObject(
      {
        streaming: flag,
        pushNotifications: flag,
        extendedAgentCard: flag,
        extensions: v.optional(
          v.array(
            v.looseObject({ uri: given, description: v.optional(v.string()), required: flag }, "must be an object"),
            "must be a list",
          ),
        ),
      },
      "must be an object",
    ),
    defaultInputModes: atLeastOne(v.string("must be a text")),
    defaultOutputModes: atLeastOne(v.string("must be a text")),
    skills: atLeastOne(skill),
    provider: v.optional(v.looseObject({ organization: given, url: given }, "must be an object")),
    signatures: v.optional(v.array(v.looseObject({ protected: given, signature: given }, "must be an object"), "must be a list")),
  },
  "must be an object",
);

/** What is wrong, each with its place; nothing for a valid value. */
export function violations(schema: v.GenericSchema, value: unknown): string[] {
  const { issues = [] } = v.safeParse(schema, value);
  return issues.map((issue) => `${v.getDotPath(issue) ?? "it"} ${issue.message}`);
}
