/**
 * Why an answer to a task's question was refused, as its sender reads it: what is wrong and what to do. An answer that is refused has
 * changed nothing. Pure.
 */
import type { AnswerRefusal } from "../task/answering.ts";
import { HITL_EXTENSION } from "../task/hitl-extension.ts";

export interface RefusedAnswer {
  readonly code: "invalid-params" | "unsupported-operation" | "permission-denied";
  readonly message: string;
  /** Which part of the request is wrong. */
  readonly field?: string;
}

const PAYLOAD = `message.metadata["${HITL_EXTENSION}"]`;

export function refusedAnswer(refusal: AnswerRefusal, taskId: string): RefusedAnswer {
  switch (refusal.code) {
    case "answer-malformed":
      return inForm("the answer is not of the human-in-the-loop profile: send a tool_approval_response or an ask_user_response");
    case "answer-empty":
      return inWords("the answer says nothing, and silence approves nothing: say yes, or no and why");
    case "answer-partial":
      return inForm("the answer leaves something open: decide every id, and answer every question of the request");
    case "answers-several":
      return inForm("this answers more than one question: send an answer of its own for each");
    case "answer-repeated":
      return inForm(`the answer decides "${brief(refusal.id)}" more than once: decide it once`);
    case "answer-mismatched":
      return inForm(
        refusal.kind === "approval"
          ? "this question asks for approval: send a tool_approval_response"
          : "this question approves nothing: send an ask_user_response",
      );
    case "not-a-choice":
      return inWords(`that is none of the choices: answer with the words or the number of one of them: ${refusal.choices.join(", ")}`);
    case "action-unnamed":
      return inWords(
        `task ${taskId} has asked more than once, so an answer must say which action it means: "yes ${refusal.action}", or "no ${refusal.action}" and why`,
      );
    case "action-other":
      return inWords(`this names another action than the one that waits, which is ${refusal.action}: look at it before you approve it`);
    case "question-unknown":
      return settled(
        `task ${taskId} has no open question "${brief(refusal.id)}": it was answered, its time is over, or it is another task's. See what the task waits for now`,
      );
    case "question-expired":
      return settled(`the time for this answer was over at ${refusal.expires}; see what task ${taskId} does now`);
    case "approved-already":
      return settled("you have approved this already; it takes somebody else as well");
    case "approver-other":
      return { code: "permission-denied", message: "it takes somebody else than the one whose task this is to approve it" };
    case "scope-missing":
      return {
        code: "permission-denied",
        message:
          refusal.scope === "approve"
            ? `this answer decides about an action or a limit, for which your credentials lack the scope "approve"`
            : `this answer goes further than callers may, for which your credentials lack the scope "${refusal.scope}"`,
      };
    default:
      return refusal satisfies never;
  }
}

function inForm(message: string): RefusedAnswer {
  return { code: "invalid-params", message, field: PAYLOAD };
}

function inWords(message: string): RefusedAnswer {
  return { code: "invalid-params", message, field: "message.parts" };
}

function settled(message: string): RefusedAnswer {
  return { code: "unsupported-operation", message };
}

function brief(id: string): string {
  return id.slice(0, 100).toWellFormed();
}
