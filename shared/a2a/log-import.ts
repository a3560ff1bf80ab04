/**
 * An exported log on its way in: each line is checked field by field, and all of them together, before anything comes of it. What is
 * wrong is said with its line.
 */
import type * as v from "valibot";
import { isTerminal, type TaskState } from "../task/a2a-types.ts";
import type { LogEntry } from "../task/event.ts";
import type { LogHeader } from "../task/log-file.ts";
import { stateAfter } from "../task/turn.ts";
import { RequestError } from "./errors.ts";
import { LogQuestions } from "./log-questions.ts";
import { entrySchema, headerSchema } from "./log-schema.ts";
import { parseRequest } from "./request.ts";

export interface Line {
  /** From 1. */
  readonly line: number;
  readonly value: unknown;
}

export interface ImportedLog {
  readonly header: LogHeader;
  readonly entries: readonly LogEntry[];
}

/**
 * @param now milliseconds since the epoch
 * @throws RequestError `invalid-params` naming the line, the field and what is wrong with it
 */
export function importedLog([first, ...rest]: readonly Line[], now: number): ImportedLog {
  if (!first) throw wrong(1, "is missing: send a log as npm run export wrote it");
  const header = parsed(headerSchema, first) as LogHeader;
  let before: LogEntry | undefined;
  let state: TaskState = "TASK_STATE_SUBMITTED";
  const questions = new LogQuestions();
  const entries = rest.map((line) => {
    const entry = parsed(entrySchema, line) as unknown as LogEntry;
    const problem = outOfPlace(entry, before, state, now) ?? questions.take(entry.event);
    if (problem !== undefined) throw wrong(line.line, problem);
    before = entry;
    state = stateAfter(state, entry.event);
    return entry;
  });
  if (entries.length !== header.entries) {
    const said = `the log says it has ${header.entries} entries, and has ${entries.length}`;
    throw wrong(rest.at(-1)?.line ?? first.line, `is the last one, but ${said}: send all of it`);
  }
  return { header, entries };
}

/** What is wrong with an entry where it stands. */
function outOfPlace({ seq, at, event }: LogEntry, before: LogEntry | undefined, state: TaskState, now: number): string | undefined {
  const place = (before?.seq ?? 0) + 1;
  if (seq !== place) return `has seq ${seq}, and is entry ${place} of the log: no entry may be left out or moved`;
  if ((event.type === "created") !== (place === 1))
    return 'must be of type "created" if it is the first entry, and of another if it is not';
  if (at < (before?.at ?? 0)) return "is older than the entry before it: at must not run backwards";
  if (at > now) return "lies in the future: at is in milliseconds since the epoch";
  if (isTerminal(state) && !/^(let-go|push-stopped|push-changed|forked)$/.test(event.type)) return "comes after the task's end";
  if (event.type === "let-go-on" && "reasons" in event !== (event.by === "planner"))
    return "must have reasons when the planner is told, and name and added when a person lets it go on";
  return undefined;
}

function parsed<S extends v.GenericSchema>(schema: S, { line, value }: Line): v.InferOutput<S> {
  try {
    return parseRequest(schema, value);
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    const violations = error.violations.map(({ field, description }) => ({ field: `line ${line}: ${field}`, description }));
    throw new RequestError("invalid-params", `line ${line}: ${error.message.replace(/^the request /, "")}`, violations);
  }
}

function wrong(line: number, what: string): RequestError {
  return new RequestError("invalid-params", `line ${line} ${what}`, [{ field: `line ${line}`, description: what }]);
}
