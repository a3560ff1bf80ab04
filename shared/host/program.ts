/**
 * What the host runs inside a task: a program is an async function over a `Run`. It may be started again from the top
 * after a crash, an eviction or an answer; what it did through the run's durable helpers is then read from the log, not
 * done again. A program never sees storage, alarms or the wire.
 */
import type { Principal } from "../auth/principal.ts";
import type { Amount } from "../budget/amount.ts";
import type { ContractVersions } from "../contract/shelf.ts";
import type { Artifact, Json, JsonObject, Message, Part } from "../task/a2a-types.ts";
import type { Approval } from "../task/approval.ts";
import type { Preferences } from "../task/governance-extension.ts";
import type { Risk } from "../task/skill-facts.ts";
import type { Within } from "../task/within.ts";

export interface Program<Env = unknown> {
  run(run: Run<Env>): Promise<Outcome>;
  /**
   * A task is being deleted: lets go of what the program keeps for it elsewhere. Called at least once, and again later when it
   * throws or takes too long: until then the task is there.
   */
  forget?(task: DeletedTask<Env>): Promise<void>;
}

/** What is known of a task whose time is over, or that its owner wants gone. */
export interface DeletedTask<Env = unknown> extends Pick<Run<Env>, "taskId" | "contextId" | "principal" | "env"> {
  /** Aborted when nobody waits any more. */
  readonly signal: AbortSignal;
}

/** How a run ends. Values, not exceptions: a throw is the program's own fault and fails the task. */
export type Outcome =
  | { readonly outcome: "completed"; readonly artifacts: readonly NewArtifact[]; readonly text?: string; readonly metadata?: JsonObject }
  | { readonly outcome: "rejected"; readonly reason: string }
  | { readonly outcome: "failed"; readonly reason: string };

/** An artifact or a chunk of one. Chunks with the same `artifactId` belong together. */
export interface NewArtifact {
  readonly parts: readonly Part[];
  readonly artifactId?: string;
  readonly name?: string;
  readonly description?: string;
  readonly metadata?: JsonObject;
}

/** A call to another agent, by its name in the mesh and one of its skills. */
export interface DelegateCall {
  readonly agent: string;
  readonly skill: string;
  readonly parts: readonly Part[];
  readonly metadata?: JsonObject;
  /** Milliseconds until the call is given up and the callee's task canceled. */
  readonly deadlineMs?: number;
  /** Others that could do the same, the best first: offered at a limit, and asked as well when the callee is slow. */
  readonly alternatives?: readonly SkillName[];
  /** Which `agent/skill` the callee may call in turn; all that may be called from here where it is absent. */
  readonly surface?: readonly string[];
  /** The goal it is made for: what that may not call is refused before anything is sent. Inside another goal, both hold. */
  readonly within?: Within;
  /** Who could check the result. */
  readonly checker?: SkillName;
  /** How reliable the weakest result is that the call builds on, 0..1; 1 or absent when it builds on none. */
  readonly basis?: number;
  /** Digest of the program's own state: what stays the same turn after turn goes nowhere. */
  readonly state?: string;
  /** What there is so far, shown to whoever is asked about a limit. */
  readonly partial?: () => NewArtifact | undefined;
}

export interface SkillName {
  readonly agent: string;
  readonly skill: string;
}

export type DelegateResult =
  | {
      readonly ok: true;
      readonly taskId: string;
      readonly text: string;
      readonly artifacts: readonly Artifact[];
      /** Of the whole line that led to this result, 0..1, as the chain was counted. */
      readonly reliability?: number;
      /** Said by a limit that is near: time to wrap up. */
      readonly notice?: string;
      /** What it has cost, itself included: of a call that counts to a share. */
      readonly spent?: Amount;
    }
  | {
      readonly ok: false;
      readonly reason: "refused" | "failed" | "deadline" | "unreachable" | "nonsense";
      readonly message: string;
      readonly taskId?: string;
      /** Why somebody did not approve what it was about to do: another agent that is given the same would ask them again. */
      readonly declined?: string;
      readonly spent?: Amount;
    }
  | StoppedCall;

/** A limit stopped the call before it was made. */
export interface StoppedCall {
  readonly ok: false;
  readonly reason: "stopped";
  readonly message: string;
  readonly policy: string;
  /**
   * `plan`: try it another way; `other`: this one must not be called, another may; `partial`: somebody said to end with what
   * there is.
   */
  readonly next: "plan" | "other" | "partial";
  /** Whom to call instead, where one was found. */
  readonly other?: SkillName;
  readonly taskId?: string;
}

/** An action in the world that somebody may have to approve, with the exact arguments it will be done with. */
export interface Action {
  readonly description: string;
  readonly args: JsonObject;
  /** What is known of its risk; what is left out counts as the worse. */
  readonly risk?: Risk;
}

/** What is done when an action may be: with exactly the arguments that were approved. */
export type Effect<T, A extends JsonObject = JsonObject> = (
  args: Readonly<A>,
  options: {
    /** The same for every attempt at this action: for a receiver that keeps keys. */
    readonly key: string;
    readonly signal: AbortSignal;
  },
) => T | Promise<T>;

export type Acted<T> = { readonly done: true; readonly value: T } | { readonly done: false; readonly reason: string };

export interface AskOptions {
  /** The answer is one of them: given by its words or its number. */
  readonly choices?: readonly string[];
  /** What answers the question when nobody does in time; without it the task is rejected then. */
  readonly default?: string;
}

export interface Run<Env = unknown> {
  readonly taskId: string;
  readonly contextId: string;
  readonly principal: Principal;
  readonly env: Env;
  /** The message that began the task. */
  readonly message: Message;
  /** The skill the caller named, if any. */
  readonly skill: string | undefined;
  /** Aborted when the task is canceled or its deadline passes. */
  readonly signal: AbortSignal;
  /** Says what is being done, to whoever streams. */
  progress(text: string, metadata?: JsonObject): void;
  /** Adds an artifact, or with `append` a chunk to the one of the same `artifactId`. */
  emit(artifact: NewArtifact, chunk?: { append?: boolean; lastChunk?: boolean }): void;
  /** Runs `fn` once; later runs of this task get the value from the log. */
  step<T extends Json>(name: string, fn: () => T | Promise<T>): Promise<T>;
  /** Pauses the task with a question; resolves with the message that answers it. */
  ask(question: string, metadata?: JsonObject, options?: AskOptions): Promise<Message>;
  /** Calls another agent once, however often this program is run again. */
  delegate(name: string, call: DelegateCall): Promise<DelegateResult>;
  /**
   * Pursues a goal: whatever is called until it resolves, also through what its body closed over, is held to the goal.
   * @param pursue gets the goal as it holds here: inside another one it serves that
   */
  within<T>(goal: Within, pursue: (goal: Within) => Promise<T>): Promise<T>;
  /** Puts a decision with its signals into the log. */
  decide<D extends Json>(name: string, signals: Json, decision: () => D): D;
  /** Resolves when the action may be done, or must not: at once where the risk is small, else when somebody has said so. */
  approve(action: Action): Promise<Approval>;
  /** Asks for approval where `approve` would, and does the action once. */
  act<T extends Json, A extends JsonObject>(name: string, action: Action & { readonly args: A }, effect: Effect<T, A>): Promise<Acted<T>>;
  /** Books what the program itself has spent, once under each name; waits when a limit is reached. */
  spend(name: string, cost: Partial<Amount>): Promise<void>;
  /** The versions of the rules that the task runs under. */
  readonly contracts: ContractVersions;
  /** What the caller prefers, within the contract's bounds; never read from the words of a message. */
  readonly preferences: Preferences;
}
