/**
 * What a message means to a task that waits: which of its open questions it answers, by id or in words, whether that is enough, and
 * why not. One answer settles one question, and nothing but an explicit yes of enough people approves an action. Pure.
 */
import { type Principal, principalKey, type Scope } from "../auth/principal.ts";
import { type InterruptedState, type JsonObject, type Message, textOf } from "./a2a-types.ts";
import { actionName, readVerdict, type Verdict } from "./approval.ts";
import { digest } from "./digest.ts";
import { limitIn } from "./governance-extension.ts";
import { type HitlResponse, hitlResponseIn } from "./hitl-extension.ts";
import { type Interrupt, type InterruptKind, interruptIn } from "./interrupt-extension.ts";
import { scopeForLimitAnswer } from "./limit-question.ts";

export interface OpenQuestion {
  /** In the log. */
  readonly name: string;
  readonly interrupt: Interrupt;
  /** Of the event that asked it. */
  readonly metadata: JsonObject | undefined;
  /** Those who have said yes so far, where several must. */
  readonly approvals: readonly Principal[];
}

export interface Asked {
  readonly owner: Principal;
  /** Open questions; the first is the one that is put, unless the task works. */
  readonly questions: readonly OpenQuestion[];
  readonly isPut: boolean;
  /** How many questions the task has put so far, this one included. */
  readonly put: number;
}

export type AnswerRefusal =
  | { code: "answer-malformed" }
  | { code: "answer-empty" }
  | { code: "answer-partial" }
  | { code: "answers-several" }
  | { code: "answer-repeated"; id: string }
  | { code: "answer-mismatched"; kind: InterruptKind }
  | { code: "not-a-choice"; choices: readonly string[] }
  | { code: "question-unknown"; id: string }
  | { code: "question-expired"; name: string; expires: string }
  | { code: "action-unnamed"; action: string }
  | { code: "action-other"; action: string }
  | { code: "approved-already" }
  | { code: "approver-other" }
  | { code: "scope-missing"; scope: Scope };

export type Judged =
  /** It answers nothing. */
  | { readonly means: "nothing" }
  | { readonly means: "settles"; readonly name: string; readonly by: readonly Principal[] }
  /** A yes that is not enough yet. `by`: all who have said so. */
  | { readonly means: "approves"; readonly name: string; readonly by: readonly Principal[] }
  | { readonly means: "refused"; readonly refusal: AnswerRefusal };

/** What an answer says, once it is known what it answers. */
export type Said = Verdict | { readonly text: string };

/** @returns opaque, and the same in every run of the task */
export function questionId(taskId: string, name: string): string {
  return `q-${digest(`${taskId} ${name}`, 7)}${digest(`${taskId} ${name}`, 8)}`;
}

/** @param by those who stand behind the message @param now milliseconds since the epoch */
export function judge(message: Message, by: readonly Principal[], asked: Asked, now: number): Judged {
  const response = hitlResponseIn(message);
  if (response === undefined) {
    const [put] = asked.questions;
    if (!put || !asked.isPut || isTalk(message, put.interrupt, asked.owner)) return { means: "nothing" };
    return weigh(put, inWords(message, put.interrupt, asked.put > 1), by, asked.owner, now);
  }
  const named = response === "malformed" ? ({ code: "answer-malformed" } as const) : idIn(response);
  if (typeof named !== "string") return refused(named);
  const question = asked.questions.find(({ interrupt }) => interrupt.id === named);
  if (!question) return refused({ code: "question-unknown", id: named });
  return weigh(question, inForm(response as HitlResponse, question.interrupt), by, asked.owner, now);
}

/** @returns what an accepted message says to the question that it answers */
export function saidIn(message: Message, interrupt: Pick<Interrupt, "kind" | "choices" | "action">): Said {
  const response = hitlResponseIn(message);
  const said = response === undefined || response === "malformed" ? inWords(message, interrupt, false) : inForm(response, interrupt);
  return "code" in said ? { text: textOf(message.parts) } : said;
}

/** The choice that a text means: its words, in whatever case, or its number from 1. */
export function choiceIn(text: string, choices: readonly string[]): string | undefined {
  const said = text.trim().toLowerCase();
  const number = /^(\d{1,4})[.)]?$/.exec(said)?.[1];
  return choices.find((each) => each.trim().toLowerCase() === said) ?? (number === undefined ? undefined : choices[Number(number) - 1]);
}

function weigh(question: OpenQuestion, said: Said | AnswerRefusal, by: readonly Principal[], owner: Principal, now: number): Judged {
  const { name, interrupt, metadata } = question;
  // biome-ignore lint/style/noRestrictedGlobals: reads a time that was written, and no clock
  if (interrupt.expires !== undefined && Date.parse(interrupt.expires) <= now)
    return refused({ code: "question-expired", name, expires: interrupt.expires });
  if ("code" in said) return refused(said);
  if ("text" in said) {
    const limit = limitIn(metadata);
    const scope = limit && scopeForLimitAnswer(said.text, limit);
    if (scope !== undefined && !by.some(({ scopes }) => scopes.includes(scope))) return refused({ code: "scope-missing", scope });
    return { means: "settles", name, by };
  }
  const approvers = by.filter(({ scopes }) => scopes.includes("approve"));
  // Of many who must say yes, one who says no is enough; and whoever may cancel the task may say no.
  const refusers = by.filter((each) => approvers.includes(each) || isOwner(each, owner));
  if (!said.approved && refusers.length > 0) return { means: "settles", name, by: refusers };
  if (approvers.length === 0) return refused({ code: "scope-missing", scope: "approve" });
  return count(question, approvers, owner);
}

/** While it takes somebody else to approve, whoever asks what it is for has decided nothing. (A2A 1.0, 7.6.1) */
function isTalk({ parts }: Message, interrupt: Interrupt, owner: Principal): boolean {
  return waitingState(interrupt, owner) === "TASK_STATE_AUTH_REQUIRED" && !readVerdict(textOf(parts)).plain;
}

function isOwner(each: Principal, owner: Principal): boolean {
  return principalKey(each) === principalKey(owner);
}

function count({ name, interrupt, approvals }: OpenQuestion, approvers: readonly Principal[], owner: Principal): Judged {
  const { approvers: needed = 1, others = 0 } = interrupt.action ?? {};
  const fresh = distinct(approvers).filter((each) => !approvals.some((known) => principalKey(known) === principalKey(each)));
  if (fresh.length === 0) return refused({ code: "approved-already" });
  // Where everybody must be somebody else, the caller's own yes brings nothing further.
  const counted = fresh.filter((each) => needed > others || !isOwner(each, owner));
  if (counted.length === 0) return refused({ code: "approver-other" });
  const all = [...approvals, ...counted];
  const enough = all.length >= needed && all.filter((each) => !isOwner(each, owner)).length >= others;
  return { means: enough ? "settles" : "approves", name, by: all };
}

function distinct(people: readonly Principal[]): Principal[] {
  return [...new Map(people.map((each) => [principalKey(each), each])).values()];
}

/** The one question that a structured answer is about. */
function idIn(response: HitlResponse): string | AnswerRefusal {
  if (response.type === "answers") return response.id;
  const ids = response.approvals.map(({ id }) => id);
  const [id] = ids;
  if (id === undefined) return { code: "answer-partial" };
  const again = ids.find((each, index) => ids.indexOf(each) !== index);
  if (again !== undefined) return { code: "answer-repeated", id: again };
  return ids.length > 1 ? { code: "answers-several" } : id;
}

function inForm(response: HitlResponse, { kind, choices }: Pick<Interrupt, "kind" | "choices">): Said | AnswerRefusal {
  if ((response.type === "approvals") !== (kind === "approval")) return { code: "answer-mismatched", kind };
  if (response.type === "approvals") {
    const [{ id: _, ...verdict } = { id: "" }] = response.approvals;
    return "approved" in verdict ? verdict : { code: "answer-partial" };
  }
  const [answer = [], ...more] = response.answers;
  if (more.length > 0) return { code: "answers-several" };
  const words = answer.filter((each) => each.trim() !== "");
  if (words.length === 0) return { code: "answer-partial" };
  return inChoices(words.join("\n"), kind, choices);
}

/** @param mustName an answer in words might be meant for another question of the task */
function inWords(
  message: Message,
  { kind, action, choices }: Pick<Interrupt, "kind" | "choices" | "action">,
  mustName: boolean,
): Said | AnswerRefusal {
  const text = textOf(message.parts);
  if (kind !== "approval") return inChoices(text, kind, choices);
  if (text.trim() === "") return { code: "answer-empty" };
  const { names, plain: _, ...verdict } = readVerdict(text);
  const name = actionName(action?.digest ?? "");
  if (name === "") return verdict;
  if (names !== undefined && names !== name) return { code: "action-other", action: name };
  if (mustName && names === undefined) return { code: "action-unnamed", action: name };
  return verdict;
}

function inChoices(text: string, kind: InterruptKind, choices: readonly string[] | undefined): Said | AnswerRefusal {
  // At a limit a choice may carry an amount; its own reader knows.
  if (!choices || kind === "limit") return { text };
  const choice = choiceIn(text, choices);
  return choice === undefined ? { code: "not-a-choice", choices } : { text: choice };
}

function refused(refusal: AnswerRefusal): Judged {
  return { means: "refused", refusal };
}

/** The state of a task that waits for this: somebody else must say yes where its caller may not, or not alone. (A2A 1.0, 4.1.3) */
export function waitingState(interrupt: Interrupt | undefined, owner: Principal): InterruptedState {
  if (interrupt?.kind !== "approval") return "TASK_STATE_INPUT_REQUIRED";
  const alone = owner.scopes.includes("approve") && (interrupt.action?.others ?? 0) === 0;
  return alone ? "TASK_STATE_INPUT_REQUIRED" : "TASK_STATE_AUTH_REQUIRED";
}

/** @returns what a question is about, also one that was asked before questions said so */
export function interruptOf(taskId: string, name: string, metadata: JsonObject | undefined, since: string): Interrupt {
  const kind = metadata?.["approval"] !== undefined ? "approval" : limitIn(metadata) ? "limit" : "question";
  const asker = { agent: "", skill: "", task: taskId };
  return interruptIn(metadata) ?? { id: questionId(taskId, name), kind, asker, path: [], since };
}
