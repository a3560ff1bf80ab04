/**
 * The events of a log as they come from outside: every field of every event, and no other. The compiler sees to it that a field that
 * an event gets is said here too. What the entries mean together is checked in log-import.ts.
 */
import * as v from "valibot";
import { UNITS } from "../budget/amount.ts";
import type { TaskEvent } from "../task/event.ts";
import { LOG_FORMAT, LOG_VERSION } from "../task/log-file.ts";
import { json } from "./request.ts";

const UNKNOWN = "is no field of this entry";
const words = v.pipe(v.string(), v.maxLength(1_000_000));
const id = v.pipe(v.string(), v.nonEmpty("must not be empty"), v.maxLength(1024));
/** Names begin with their kind, and so can be none that an object has of its own. */
const name = v.pipe(v.string(), v.maxLength(4096), v.regex(/^[a-z][a-z-]*:/, 'must begin with its kind, such as "step:"'));
const whole = v.pipe(v.number(), v.integer("must be a whole number"), v.minValue(0, "must not be negative"));
const yes = v.literal(true);
/** JSON as it was parsed. */
const anything = v.pipe(
  v.unknown(),
  v.check((value) => value !== undefined, "is required"),
);
const object = json;

const amount = v.strictObject(
  Object.fromEntries(UNITS.map((unit) => [unit, v.pipe(whole, v.safeInteger("must be a safe number"))])),
  UNKNOWN,
);
const state = v.picklist(
  [
    "TASK_STATE_SUBMITTED",
    "TASK_STATE_WORKING",
    "TASK_STATE_INPUT_REQUIRED",
    "TASK_STATE_AUTH_REQUIRED",
    "TASK_STATE_COMPLETED",
    "TASK_STATE_FAILED",
    "TASK_STATE_CANCELED",
    "TASK_STATE_REJECTED",
  ],
  "must be a task state such as TASK_STATE_WORKING",
);
const principal = v.strictObject(
  { tenant: v.string(), app: v.string(), subject: v.string(), scopes: v.array(v.picklist(["call", "publish", "approve", "operate"])) },
  UNKNOWN,
);
const part = v.strictObject(
  {
    text: v.optional(v.string()),
    raw: v.optional(v.string()),
    url: v.optional(v.string()),
    data: v.optional(anything),
    filename: v.optional(words),
    mediaType: v.optional(words),
    metadata: v.optional(object),
  },
  UNKNOWN,
);
const ids = v.array(id);
const message = v.strictObject(
  {
    messageId: id,
    role: v.picklist(["ROLE_USER", "ROLE_AGENT"], "must be ROLE_USER or ROLE_AGENT"),
    parts: v.array(part),
    contextId: v.optional(v.string()),
    taskId: v.optional(v.string()),
    metadata: v.optional(object),
    extensions: v.optional(ids),
    referenceTaskIds: v.optional(ids),
  },
  UNKNOWN,
);
const artifact = v.strictObject(
  {
    artifactId: id,
    parts: v.array(part),
    name: v.optional(words),
    description: v.optional(words),
    metadata: v.optional(object),
    extensions: v.optional(ids),
  },
  UNKNOWN,
);
const weight = v.pipe(v.number(), v.minValue(0), v.maxValue(1));
const wishes = v.strictObject(
  {
    limits: v.optional(v.partial(amount)),
    preferences: v.optional(v.strictObject({ accuracy: weight, cost: weight, latency: weight }, UNKNOWN)),
    label: v.optional(v.picklist(["public", "internal", "confidential", "restricted"])),
  },
  UNKNOWN,
);
const sketch = v.pipe(v.array(v.number()), v.maxLength(1000));
const turn = v.strictObject(
  {
    skill: v.number(),
    action: sketch,
    result: v.picklist(["answer", "error"]),
    stated: v.boolean(),
    shown: v.number(),
    said: v.number(),
    chars: whole,
  },
  UNKNOWN,
);
const card = v.strictObject({ version: id, digest: v.optional(id), candidate: v.optional(yes) }, UNKNOWN);
const versions = v.record(id, v.pipe(v.number(), v.integer(), v.minValue(1)));

type Kind = TaskEvent["type"];
/** The fields of an event, those of all its forms together. */
type Fields<K extends Kind, E = Extract<TaskEvent, { type: K }>> = E extends unknown ? Exclude<keyof E, "type"> : never;
/** What never comes from outside: limits and keys of the other task. */
type Left = "chain" | "digest" | "traceparent";

function event<const K extends Kind>(
  type: K,
  fields: Record<Exclude<Fields<K>, Left | (K extends "message" ? "key" : never)>, v.GenericSchema>,
) {
  return v.strictObject({ type: v.literal(type), ...(fields as Record<string, v.GenericSchema>) }, UNKNOWN);
}

const events = [
  event("created", {
    contextId: v.pipe(v.string(), v.nonEmpty(), v.maxLength(1024)),
    principal,
    message,
    skill: v.optional(id),
    accepts: v.optional(v.array(v.string())),
    contracts: v.optional(versions),
    wishes: v.optional(wishes),
    hitl: v.optional(yes),
    origin: v.optional(words),
    agents: v.optional(v.record(id, id)),
  }),
  event("message", { message, answers: v.optional(name), approves: v.optional(name), by: v.optional(v.array(principal)) }),
  event("status", {
    state,
    message: v.optional(message),
    metadata: v.optional(object),
    ask: v.optional(name),
    transient: v.optional(yes),
    paused: v.optional(v.boolean()),
  }),
  event("asked", { name, message, metadata: v.optional(object) }),
  event("expired", { name, value: v.optional(words), withdrawn: v.optional(yes) }),
  event("artifact", { artifact, append: v.optional(v.boolean()), lastChunk: v.optional(v.boolean()) }),
  event("memo", { name, value: anything }),
  event("delegating", {
    name,
    agent: id,
    skill: id,
    key: id,
    lease: v.optional(amount),
    branch: v.optional(words),
    card: v.optional(card),
  }),
  event("called", { name, agent: id, skill: id, cost: amount, turn: v.optional(turn) }),
  event("spent", { name, cost: amount }),
  event("raised", { name, by: amount }),
  event("let-go-on", {
    by: v.picklist(["planner", "person"]),
    reasons: v.optional(v.array(words)),
    name: v.optional(name),
    added: v.optional(whole),
  }),
  event("decision", { name, signals: anything, decision: object }),
  event("let-go", { name, cost: v.optional(amount) }),
  event("forked", { from: id, seq: whole, forgets: v.array(name), cost: v.optional(amount) }),
  event("resumed", { idle: v.optional(whole) }),
  event("push-stopped", { config: v.string(), attempts: whole, reason: words }),
  event("push-changed", { config: v.string() }),
] as const;

/** Every kind of event is there that a log in a file may hold: a type that is not `never` names those that are missing. */
type Missing = Exclude<Exclude<Kind, "granted">, (typeof events)[number]["entries"]["type"]["literal"]>;
events satisfies Missing extends never ? readonly unknown[] : never;

const madeBy = v.strictObject(
  { card: id, worker: v.optional(v.strictObject({ id, tag: v.optional(words), timestamp: words }, UNKNOWN)) },
  UNKNOWN,
);

export const entrySchema = v.strictObject({ seq: whole, at: whole, event: v.variant("type", events), madeBy: v.optional(madeBy) }, UNKNOWN);

export const headerSchema = v.strictObject(
  {
    format: v.literal(LOG_FORMAT, `must be "${LOG_FORMAT}": this is no exported log`),
    version: v.literal(LOG_VERSION, `must be ${LOG_VERSION}: the log was exported by another version of the mesh`),
    agent: id,
    cardVersion: v.string(),
    task: id,
    contextId: v.string(),
    entries: v.pipe(whole, v.minValue(1, "must be at least 1")),
    exportedAt: v.string(),
    chain: v.optional(v.strictObject({ root: id, agent: v.string() }, UNKNOWN)),
  },
  UNKNOWN,
);
