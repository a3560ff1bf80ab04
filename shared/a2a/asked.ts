/**
 * What an agent asks for when its task waits, read from its task: in the mesh's own form, in the one of the human-in-the-loop
 * profile, or in words. Whoever was called may say anything: what is malformed or too large is left out, and the words remain.
 */
import * as v from "valibot";
import type { CalleeAsks } from "../host/calling/callee-asks.ts";
import { isObject, type JsonObject } from "../task/a2a-types.ts";
import { HITL_EXTENSION } from "../task/hitl-extension.ts";
import { INTERRUPT_EXTENSION, type Interrupt } from "../task/interrupt-extension.ts";

/** Of whatever one pause asks at once: more than a person would look through. */
const MOST_ENTRIES = 20;
/** Characters of JSON that the arguments of one action may have: they are shown to people, and stored at every hop. */
const LONGEST_ARGS = 100_000;
/** Ten years: nobody is waited for longer. Milliseconds. */
const LONGEST_WAIT_MS = 10 * 365 * 24 * 3_600_000;

const name = v.pipe(v.string(), v.minLength(1), v.maxLength(300));
const words = v.pipe(v.string(), v.maxLength(20_000));
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(100));
const time = v.pipe(
  v.string(),
  v.maxLength(40),
  v.check((text) => !Number.isNaN(Date.parse(text))),
);
/** A time that is too far away to mean anything says nothing. */
const expires = v.pipe(
  time,
  v.transform((text) => (Date.parse(text) - Date.now() > LONGEST_WAIT_MS ? undefined : text)),
);
const args = v.pipe(
  v.custom<JsonObject>(isObject),
  v.check((value) => JSON.stringify(value).length <= LONGEST_ARGS),
);
const choices = v.pipe(v.array(words), v.maxLength(100));

const action = v.object({
  description: words,
  args,
  digest: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
  approvers: v.pipe(count, v.minValue(1)),
  others: count,
});
const interrupt = v.object({
  id: name,
  kind: v.picklist(["question", "approval", "limit", "paused"]),
  asker: v.object({ agent: name, skill: name, task: name }),
  path: v.pipe(v.array(name), v.maxLength(100)),
  choices: v.optional(choices),
  action: v.optional(action),
  since: time,
  expires: v.optional(expires),
  default: v.optional(words),
});
/** What is to be approved without saying what is no approval. */
const isWhole = ({ kind, action: proposed }: v.InferOutput<typeof interrupt>) => (kind === "approval") === (proposed !== undefined);
const waiting = v.pipe(
  v.array(
    v.pipe(
      v.object({ ...interrupt.entries, words }),
      v.check((each) => isWhole(each)),
    ),
  ),
  v.maxLength(MOST_ENTRIES),
);
const interruptSchema = v.pipe(
  v.object({ ...interrupt.entries, waiting: v.optional(v.fallback(v.optional(waiting), undefined)) }),
  v.check((asked) => isWhole(asked)),
);

const tools = v.pipe(
  v.array(v.object({ id: name, name, args: v.optional(v.nullable(args)) })),
  v.minLength(1),
  v.maxLength(MOST_ENTRIES),
  v.check((all) => new Set(all.map(({ id }) => id)).size === all.length),
);
const nested = v.optional(v.nullable(v.object({ tools })));
const questions = v.pipe(
  v.array(v.object({ question: words, choices: v.optional(v.nullable(choices)), multiple: v.optional(v.nullable(v.boolean())) })),
  v.minLength(1),
  v.maxLength(MOST_ENTRIES),
);
const requestSchema = v.variant("type", [
  v.object({ type: v.literal("tool_approval_request"), hint: v.optional(v.nullable(words)), tools, nested }),
  v.object({ type: v.literal("ask_user_request"), id: name, questions, nested }),
]);

/**
 * @param metadata of the task that waits
 * @param said metadata of the message of its status
 * @returns what is asked in a form that takes a structured answer; undefined for one that asks in words only
 */
export function askedIn(metadata: JsonObject | undefined, said: JsonObject | undefined): CalleeAsks | undefined {
  const own = v.safeParse(interruptSchema, metadata?.[INTERRUPT_EXTENSION]);
  if (own.success) return { form: "interrupt", interrupt: JSON.parse(JSON.stringify(own.output)) as Interrupt };
  const request = v.safeParse(requestSchema, said?.[HITL_EXTENSION]);
  if (!request.success) return undefined;
  const { output } = request;
  // People decide on what the agent further down asks: what is outside is only the call to it.
  if (output.type === "tool_approval_request") {
    const all = (output.nested?.tools ?? output.tools).map(({ id, name: tool, args: with_ }) => ({ id, name: tool, args: with_ ?? {} }));
    return { form: "approvals", ...(output.hint && { hint: output.hint }), tools: all };
  }
  const id = output.nested?.tools[0]?.id ?? output.id;
  return {
    form: "questions",
    id,
    questions: output.questions.map(({ question, choices: offered, multiple }) => ({
      question,
      ...(offered && offered.length > 0 && { choices: offered }),
      ...(multiple && { multiple: true as const }),
    })),
  };
}
