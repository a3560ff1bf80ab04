/**
 * The copy of a call that is sent to a candidate: what was asked, in a message of its own, and nothing else. Read anew from whatever
 * came: no task, no context, no address to answer to and no metadata of the call's goes along. Pure.
 */
import * as v from "valibot";
import type { Message, Part } from "../task/a2a-types.ts";
import { namingSkill } from "../task/skill-extension.ts";

/** Characters of JSON: of the request, and of its answer. What is larger is not copied. */
const MOST_CHARS = 256 * 1024;
const MOST_PARTS = 100;

const text = v.optional(v.string());
/** Without its metadata. (A2A 1.0, 4.1.6) */
const part = v.object({ text, raw: text, url: text, data: v.optional(v.any()), filename: text, mediaType: text });
/** A message that answers another one, or goes to a task, is no call that could be made twice. */
const asked = v.object({
  message: v.object({
    taskId: v.optional(v.undefined_()),
    parts: v.pipe(v.array(part), v.minLength(1), v.maxLength(MOST_PARTS)),
  }),
  configuration: v.optional(v.object({ acceptedOutputModes: v.optional(v.pipe(v.array(v.string()), v.maxLength(MOST_PARTS))) })),
});

export interface CopiedCall {
  readonly message: Message;
  readonly configuration?: { readonly acceptedOutputModes: readonly string[] };
}

/**
 * @param params of the SendMessage request that was made
 * @param messageId of the copy: an agent that knows the call's own could answer with what it said then
 * @returns `params` of the copy's request; undefined where it is none that may be copied
 */
export function copyOf(params: unknown, skill: string, messageId: string): CopiedCall | undefined {
  if (!isSmall(params)) return undefined;
  const read = v.safeParse(asked, params);
  if (!read.success) return undefined;
  const parts = read.output.message.parts.map(
    (each) => Object.fromEntries(Object.entries(each).filter(([, value]) => value !== undefined)) as Part,
  );
  const modes = read.output.configuration?.acceptedOutputModes;
  return {
    message: { messageId, role: "ROLE_USER", parts, metadata: namingSkill(skill) },
    ...(modes !== undefined && { configuration: { acceptedOutputModes: modes } }),
  };
}

/** Whether it is JSON, and no more of it than is looked at. */
export function isSmall(json: unknown): boolean {
  try {
    return (JSON.stringify(json)?.length ?? Number.POSITIVE_INFINITY) <= MOST_CHARS;
  } catch {
    return false;
  }
}
