/**
 * What the end of a call says of the agent that was called: for the agent breaker, the scoreboard, and whoever tries a new version of
 * it. What the caller's own side did, its limits and its people included, says nothing. Pure.
 */
import type { AgentBreakerContract } from "../../contract/agent-breaker.ts";

/** `asked`: it wants to know more first, which is work, and no answer. `declined`: it does not want to. */
export type CallSays = "worked" | "failed" | "asked" | "declined" | "says-nothing";

/** Of a CallResult, as much as is looked at. */
export type Ended =
  | { readonly ok: true }
  /** `metadata`: the limit it waits at, which is its caller's. */
  | { readonly ok: "asks"; readonly metadata?: object | undefined }
  /** `rejected`: by the callee itself. `unread`: nobody could say where it is, which is not its fault. */
  | {
      readonly ok: false;
      readonly reason: "refused" | "failed" | "deadline" | "unreachable" | "nonsense" | "stopped";
      readonly rejected?: true;
      readonly unread?: true;
    };

export interface CallEnd {
  readonly result: Ended;
  /** How long it was waited for, milliseconds. */
  readonly waitedMs: number;
  /** It is the call's first message, and no answer to a question of its callee. */
  readonly isFirst: boolean;
  /** The caller was stopped, or let go of it. */
  readonly isLetGo: boolean;
}

/**
 * A call that was given up says that its agent failed only if the agent had the time from which a call counts as slow, or all that the
 * contract gives. Refusals and questions are counted once a call, with its first message: what comes after may be the answer's doing.
 */
export function saysOf(
  { slowMs, deadlineMs }: Pick<AgentBreakerContract, "slowMs" | "deadlineMs">,
  { result, waitedMs, isFirst, isLetGo }: CallEnd,
): CallSays {
  if (result.ok === true) return "worked";
  if (result.ok === "asks") return isFirst && result.metadata === undefined ? "asked" : "says-nothing";
  if (isLetGo || result.unread === true) return "says-nothing";
  switch (result.reason) {
    case "failed":
    case "nonsense":
    case "unreachable":
      return "failed";
    case "deadline":
      return waitedMs >= Math.min(slowMs, deadlineMs) ? "failed" : "says-nothing";
    case "refused":
      return isFirst && result.rejected === true ? "declined" : "says-nothing";
    case "stopped":
      return "says-nothing";
  }
}
