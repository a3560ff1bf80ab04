/**
 * Who brings documents, and for how long: a data part `{ "origin": "npm start", "replaceAll": true }` beside them. Whoever brings the same
 * set again and again can so have its own earlier documents forgotten, and never those of anybody else. Pure.
 */
import * as v from "valibot";
import type { Part } from "../../shared/kit/skill.ts";

export interface Origin {
  /** Undefined for documents that nobody keeps bringing: only a document of the same name takes their place. */
  readonly name: string | undefined;
  /** Forgets, before the message's own documents are read, every other one of this origin. */
  readonly replaceAll: boolean;
  /** Nobody asked to keep them: they go when the task is deleted that they came with. */
  readonly withTask: boolean;
}

/** The origin of what goes with a task. */
export function originOfTask(taskId: string): string {
  return TASK + taskId;
}

/** Whether a document of this origin is somebody's who asked to keep it. */
export function isKept(origin: string | null): boolean {
  return origin === null || !origin.startsWith(TASK);
}

const TASK = "task:";
const LONGEST = 200;
const option = v.object({
  origin: v.optional(v.pipe(v.string(), v.trim(), v.minLength(1), v.maxLength(LONGEST))),
  replaceAll: v.optional(v.boolean(), false),
  keep: v.optional(v.literal("with-task")),
});

/** A data part with a filename is a document, whatever its fields are called. */
export function originIn(parts: readonly Part[]): ({ readonly ok: true } & Origin) | { readonly ok: false; readonly reason: string } {
  const given = parts
    .filter(({ filename }) => filename === undefined)
    .map(({ data }) => data)
    .find((data) => typeof data === "object" && data !== null && ("origin" in data || "replaceAll" in data || "keep" in data));
  const result = v.safeParse(option, given ?? {});
  if (!result.success)
    return {
      ok: false,
      reason: `"origin" must be a text of 1 to ${LONGEST} characters, and "replaceAll" true or false, and "keep" may only be "with-task"`,
    };
  const { origin, replaceAll, keep } = result.output;
  // Without a name it would mean everything, also what somebody brought by hand.
  if (replaceAll && origin === undefined)
    return { ok: false, reason: '"replaceAll" needs an "origin": whose documents are to be replaced?' };
  return { ok: true, name: origin, replaceAll, withTask: keep !== undefined };
}
