/** Why a task cannot be taken up from where somebody wants to, and what to do instead. */
import type { ForkRefusal } from "../task/fork.ts";
import { type FieldViolation, RequestError } from "./errors.ts";

/** @param taskId whose log it is */
export function forkRefused(refusal: ForkRefusal, taskId: string): RequestError {
  switch (refusal.code) {
    case "position-unknown":
      return wrongPosition(`task ${taskId} has no position ${refusal.at}: its log goes from 1 to ${refusal.last}`);
    case "ended":
      return wrongPosition(
        refusal.until === 0
          ? `task ${taskId} had ended at position ${refusal.at}, and can be taken up from nowhere`
          : `task ${taskId} had ended at position ${refusal.at}: fork it at ${refusal.until} or before`,
      );
    case "inside-turn": {
      const { at, before, after } = refusal;
      const instead = after === undefined ? `at ${before}` : `at ${before}, before it, or at ${after}, after it`;
      return wrongPosition(`position ${at} is in the middle of what belongs together: fork ${instead}`);
    }
    case "nested":
      return new RequestError(
        "unsupported-operation",
        `task ${taskId} was given by another agent, whose task goes on with its result: fork task ${refusal.root} of ${refusal.agent} instead`,
      );
    case "no-question":
      return violated(`no question is open or answered at position ${refusal.at}: leave the answer out, or fork where one is`, {
        field: "edit.answer",
        description: "must be for the question that is open or answered at the position",
      });
  }
}

function wrongPosition(message: string): RequestError {
  return violated(message, { field: "at", description: "must be a position from which the task can be taken up; its history marks them" });
}

function violated(message: string, violation: FieldViolation): RequestError {
  return new RequestError("invalid-params", message, [violation]);
}
