/**
 * What an agent's author sees: the context a skill gets, and the outcomes it may return. Nothing here knows storage or
 * the wire, so a skill is tested in plain Node (see testing.ts).
 */
import type { Principal } from "../auth/principal.ts";
import type { Amount } from "../budget/amount.ts";
import type { Acted, Action, AskOptions, DelegateResult, Effect, NewArtifact, Outcome } from "../host/program.ts";
import type { Json, JsonObject, Message, Part } from "../task/a2a-types.ts";
import type { Approval } from "../task/approval.ts";
import type { Preferences } from "../task/governance-extension.ts";
import type { GoalOptions, GoalResult, PursueGoal } from "./goal.ts";

export type { Action, DelegateResult, DeletedTask, NewArtifact, Outcome } from "../host/program.ts";
export type { AgentCard, Json, JsonObject, Message, Part } from "../task/a2a-types.ts";
export type { Approval } from "../task/approval.ts";
export type { Goal, GoalOptions, GoalResult, SyntheticSkill } from "./goal.ts";

export interface SkillContext<Env = unknown> {
  /** All text parts of the message, one paragraph each. */
  readonly text: string;
  readonly parts: readonly Part[];
  readonly message: Message;
  readonly principal: Principal;
  readonly taskId: string;
  readonly contextId: string;
  readonly env: Env;
  /** Aborted when the task is canceled or its deadline passes. Hand it to fetch and to long loops. */
  readonly signal: AbortSignal;
  /** Says what is being done, to whoever streams the task. */
  progress(text: string, metadata?: JsonObject): void;
  /** Streams an artifact, or with `append` a chunk of the one with the same `artifactId`. */
  emit(artifact: NewArtifact, chunk?: { append?: boolean; lastChunk?: boolean }): void;
  /** Does `fn` once per task, whatever crashes: a later run gets the first value, from the log. */
  step<T extends Json>(name: string, fn: () => T | Promise<T>): Promise<T>;
  /** Pauses the task with a question and resolves with the text of the answer: one of the choices, where there are some. */
  ask(question: string, options?: AskOptions): Promise<string>;
  /**
   * To be asked before every action in the world. Small risks go ahead at once; for others the task pauses until somebody
   * approves or rejects exactly this action. What is not said of its risk counts as the worse.
   */
  approve(action: Action): Promise<Approval>;
  /**
   * Does an action in the world, once: asks as `approve` does, then hands exactly what was approved to `effect`, whose value later
   * runs get from the log. A rejection is a value, with its reason.
   */
  act<T extends Json, A extends JsonObject>(name: string, action: Action & { readonly args: A }, effect: Effect<T, A>): Promise<Acted<T>>;
  /** Books what the skill has spent, once under each name (micro-USD, tokens). Waits when a limit is reached. */
  spend(name: string, cost: Partial<Amount>): Promise<void>;
  /** Weights of what the caller prefers, 0 to 1. */
  readonly preferences: Preferences;
  /** Calls a skill of another agent (`agent/skill`) once per task. A failure is a value, not an exception. */
  delegate(skill: SkillPath, message: string | readonly Part[], options?: DelegateOptions): Promise<DelegateResult>;
  /**
   * Pursues a goal with exactly the skills it is given, for work whose next call is chosen by something that may be wrong. The name is
   * the goal's own in this task. How it ended is a value.
   */
  goal(name: string, options: GoalOptions, pursue: PursueGoal): Promise<GoalResult>;
}

/** `agent/skill`. */
export type SkillPath = `${string}/${string}`;

export interface DelegateOptions {
  /** Who could do the same, the best first: offered at a limit, and asked as well when the callee is slow and only reads. */
  readonly alternatives?: readonly SkillPath[];
  /** Milliseconds until the call is given up. */
  readonly deadlineMs?: number;
  /** Which skills the callee may call in turn: none for an empty list. All that this skill may call where it is absent. */
  readonly surface?: readonly SkillPath[];
}

export type Skill<Env = unknown> = (context: SkillContext<Env>) => Outcome | Promise<Outcome>;

/**
 * The task is done. A string is a text artifact; parts make one artifact named `result`; or name the artifacts yourself.
 * `text` (default: the string) is the status message a person reads.
 */
export function completed(
  result: string | readonly Part[] | { artifacts: readonly NewArtifact[]; text?: string; metadata?: JsonObject },
): Outcome {
  if (typeof result === "string") return { outcome: "completed", artifacts: [{ name: "result", parts: [{ text: result }] }] };
  if ("artifacts" in result) return { outcome: "completed", ...result };
  return { outcome: "completed", artifacts: [{ name: "result", parts: result }] };
}

/** The agent will not do this: the request is not for it, or not allowed. Say what would be. */
export function rejected(reason: string): Outcome {
  return { outcome: "rejected", reason };
}

/** The agent tried and could not. Say what to do about it. */
export function failed(reason: string): Outcome {
  return { outcome: "failed", reason };
}
