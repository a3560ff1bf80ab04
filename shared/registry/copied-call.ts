/**
 * What of a call goes into its copy: what was asked, and nothing else. Read anew from whatever came: no task, no context, no address to
 * answer to and no metadata of the call's goes along. Pure.
 */
import * as v from "valibot";
import type { Part } from "../task/a2a-types.ts";

/** Characters of JSON: of the request, and of its answer. What is larger is not copied. */
const MOST_CHARS = 256 * 1024;
const MOST_PARTS = 100;

const text = v.optional(v.string());
/** Without its metadata. (A2A 1.0, 4.1.6) */
const part = v.object({ text, raw: text, url: text, data: v.optional(v.any()), filename: text, mediaType: text });
const MEMBERS = Object.keys(part.entries);
/** A message that answers another one, or goes to a task, is no call that could be made twice. */
const asked = v.object({
  message: v.object({
    taskId: v.optional(v.undefined_()),
    parts: v.pipe(v.array(part), v.minLength(1), v.maxLength(MOST_PARTS)),
  }),
});

/**
 * @param params of the SendMessage request that was made
 * @returns what was asked, with the members of each part in their order; undefined where it is nothing that may be copied
 */
export function partsOf(params: unknown): readonly Part[] | undefined {
  if (!isSmall(params) || !v.is(asked, params)) return undefined;
  const known = (each: object) => Object.entries(each).filter(([name, value]) => MEMBERS.includes(name) && value !== undefined);
  return params.message.parts.map((each) => Object.fromEntries(known(each)) as Part);
}

/** Whether it is JSON, and no more of it than is looked at. */
export function isSmall(json: unknown): boolean {
  try {
    return (JSON.stringify(json)?.length ?? Number.POSITIVE_INFINITY) <= MOST_CHARS;
  } catch {
    return false;
  }
}
