/**
 * What an agent gave in answer to a message, as far as it is looked at: a task or a message of A2A 1.0, read from whatever came
 * back. Pure; judges nothing.
 */
import * as v from "valibot";
import { type JsonObject, type Part, textOf } from "../task/a2a-types.ts";
import { costClaimedIn } from "../task/governance-extension.ts";

const parts = v.array(v.looseObject({ text: v.optional(v.string()) }));
const message = v.looseObject({ parts, metadata: v.optional(v.record(v.string(), v.any())) });
const task = v.looseObject({
  id: v.optional(v.string()),
  status: v.looseObject({ state: v.string(), message: v.optional(message) }),
  artifacts: v.optional(v.array(v.looseObject({ parts }))),
  metadata: v.optional(v.record(v.string(), v.any())),
});

export interface Answer {
  /** Of the task; undefined for a message, which is an answer in itself. */
  readonly state?: string;
  readonly taskId?: string;
  /** What the agent says about the task: a reason, a question. */
  readonly words: string;
  /** Everything it gave. */
  readonly parts: readonly Part[];
  /** Micro-USD, as it says; absent where it says nothing that makes sense. */
  readonly microUsd?: number;
}

/** @returns undefined for what is neither a Task nor a Message (A2A 1.0, 4.1.1 and 4.1.4) */
export function readAnswer(json: unknown): Answer | undefined {
  const asTask = v.safeParse(task, json);
  if (asTask.success) {
    const { id, status, artifacts = [], metadata } = asTask.output;
    return {
      state: status.state,
      ...(id !== undefined && { taskId: id }),
      words: textOf((status.message?.parts ?? []) as Part[]),
      parts: artifacts.flatMap((artifact) => artifact.parts as Part[]),
      ...costIn(metadata as JsonObject | undefined),
    };
  }
  const asMessage = v.safeParse(message, json);
  if (!asMessage.success) return undefined;
  return { words: "", parts: asMessage.output.parts as Part[], ...costIn(asMessage.output.metadata as JsonObject | undefined) };
}

function costIn(metadata: JsonObject | undefined): { microUsd?: number } {
  const cost = costClaimedIn(metadata);
  return cost === undefined ? {} : { microUsd: cost.microUsd };
}
