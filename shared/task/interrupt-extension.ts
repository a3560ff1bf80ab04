/**
 * What a task says of the question it waits at, as an A2A extension: metadata `{ "<uri>": Interrupt }`, as long as it waits. A
 * question that was passed up by a callee says so: who asks, by which agents, for what. Types and names only.
 */
import { isObject, type JsonObject } from "./a2a-types.ts";

export const INTERRUPT_EXTENSION = "urn:skein:ext:interrupt:v1";

export type InterruptKind = "question" | "approval" | "limit" | "paused";

export type Interrupt = {
  /** Of the question, the same at every agent it passes; comes back in an answer that names it. */
  readonly id: string;
  readonly kind: InterruptKind;
  /** Who asks, which may be some agents below the task that shows the question. */
  readonly asker: { readonly agent: string; readonly skill: string; readonly task: string };
  /** From the agent whose task this is to the one that asks. */
  readonly path: readonly string[];
  /** The task at the agent that was called from here, which asks or passes the question on. */
  readonly callee?: { readonly agent: string; readonly task: string; readonly context?: string };
  /** Where they are given, the answer is one of them. */
  readonly choices?: readonly string[];
  readonly action?: ProposedAction;
  /** Who has approved already; where several have to. */
  readonly approvedBy?: readonly string[];
  /** ISO 8601. */
  readonly since: string;
  readonly expires?: string;
  /** What answers the question when its time is over. */
  readonly default?: string;
  /** The task's other open questions, which may be answered by their ids as well. */
  readonly waiting?: readonly Interrupt[];
  /** Of one that waits: what its status will say when it is put. */
  readonly words?: string;
};

/** One action in the world, with exactly the arguments it will be done with. */
export type ProposedAction = {
  readonly description: string;
  readonly args: JsonObject;
  /** SHA-256 of what is to be done, in hex: an approval is good for it and nothing else. */
  readonly digest: string;
  /** Different people who must approve. */
  readonly approvers: number;
  /** How many of them must not be the task's caller. */
  readonly others: number;
};

/** @returns what a task's metadata says of its question; undefined when it says nothing of the sort */
export function interruptIn(metadata: JsonObject | undefined): Interrupt | undefined {
  const said = metadata?.[INTERRUPT_EXTENSION];
  return isObject(said) && typeof said["id"] === "string" && typeof said["kind"] === "string" ? (said as unknown as Interrupt) : undefined;
}
