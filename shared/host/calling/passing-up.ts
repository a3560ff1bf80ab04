/**
 * A callee's question on its way up: put on this task as the callee means it, with who asks and through whom, and what comes of it
 * made into what the callee understands. One that asks several things at once gets one answer, when all of them have theirs.
 */
import { type Principal, principalKey } from "../../auth/principal.ts";
import type { Amount } from "../../budget/amount.ts";
import type { Json, JsonObject, Message } from "../../task/a2a-types.ts";
import { questionId, type Said, saidIn } from "../../task/answering.ts";
import { actionName, approvalQuestion, digestOfAction } from "../../task/approval.ts";
import { limitIn, sayingCost } from "../../task/governance-extension.ts";
import { hitlResponse } from "../../task/hitl-extension.ts";
import { INTERRUPT_EXTENSION, type Interrupt, interruptIn } from "../../task/interrupt-extension.ts";
import type { About } from "../asking.ts";
import type { AsksBack, CalleeAsks, CallingRun } from "../calls.ts";
import type { Answered } from "../governance/limit.ts";
import type { DelegateCall } from "../program.ts";

/** What is said to a callee that asks. */
export type Reply =
  | { readonly parts: Message["parts"]; readonly answer?: JsonObject; readonly by?: readonly Principal[] }
  /** Nobody answered in time. `there`: at the callee its time is over too, and what it makes of that is to be looked at. */
  | { readonly expired: "here" | "there" };

interface Passed<Env> {
  readonly run: CallingRun<Env>;
  readonly call: DelegateCall;
  readonly asks: AsksBack;
  /** Of each question that is put for it. */
  readonly metadata: JsonObject;
}

/** After it has expired at the callee: by then its own alarm has rung. Milliseconds. */
const LATER_MS = 2_000;
const LATE: Said = { approved: false, reason: "nobody approved it in time" };

/**
 * @param name of the question in this task, the same in every run
 * @param cost of the callee so far, as far as it is believed
 */
export function passUp<Env>(
  run: CallingRun<Env>,
  name: string,
  call: DelegateCall,
  asks: AsksBack,
  cost: Amount | undefined,
): Promise<Reply> {
  const metadata = { ...asks.metadata, ...(cost && sayingCost(cost, limitIn(asks.metadata))) };
  const passed = { run, call, asks, metadata };
  switch (asks.asks?.form) {
    case "interrupt":
      return asItIs(passed, name, asks.asks.interrupt);
    case "approvals":
      return allApprovals(passed, name, asks.asks);
    case "questions":
      return allQuestions(passed, name, asks.asks);
    case undefined:
      return inWords(passed, name);
  }
}

/** @returns the id of the callee's question, where it has one in the mesh's own form */
export function askedId({ asks }: AsksBack): string | undefined {
  return asks?.form === "interrupt" ? asks.interrupt.id : undefined;
}

/** Of an agent of the mesh, whatever is below it: nothing is decided anew, because it decided by the same rules. */
async function asItIs<Env>({ run, call, asks, metadata }: Passed<Env>, name: string, asked: Interrupt): Promise<Reply> {
  const { action, expires } = asked;
  const up = {
    ...asked,
    // Two agents that name their questions alike must not get each other's answers.
    id: isTaken(run, name, asked.id) ? questionId(run.task.id, name) : asked.id,
    path: [...ownName(run), ...asked.path],
    callee: calleeOf(call, asks),
    ...(expires !== undefined && { expires: new Date(Date.parse(expires) + LATER_MS).toISOString() }),
  };
  const words = action ? approvalQuestion(action.description, action.args, action.digest) : asks.question;
  const answered = await run.put(name, afterRefusal(asks, words), { ...metadata, [INTERRUPT_EXTENSION]: up as unknown as Json });
  if ("expired" in answered) return { expired: expires === undefined ? "here" : "there" };
  const said = saidIn(answered.answer, up);
  return { parts: inParts(said, action?.digest), answer: hitlResponse(asked.id, said), by: answered.by };
}

/** Each action is approved by itself, as one of this mesh would be; all of them are answered together, as the profile has it. */
async function allApprovals<Env>(passed: Passed<Env>, name: string, { hint, tools }: CalleeAsks & { form: "approvals" }): Promise<Reply> {
  const { agent, skill } = passed.call;
  const all = await Promise.all(
    tools.map(async ({ id, name: what, args }, index) => {
      const description = hint ?? `${agent} wants to use ${what}.`;
      const digest = digestOfAction({ whose: `${agent}/${skill}`, what, args });
      const about: About = { kind: "approval", action: { description, args, digest } };
      const answered = await putForeign(passed, `${name}:${index + 1}`, approvalQuestion(description, args, digest), about);
      // Silence is never a yes.
      const said = "expired" in answered ? LATE : saidOf(answered.answer, about);
      return { said, by: "expired" in answered ? [] : answered.by, approval: approvalOf(id, said) };
    }),
  );
  const answer: JsonObject = { type: "tool_approval_response", approvals: all.map(({ approval }) => approval) };
  return { parts: all.flatMap(({ said }) => inParts(said)), answer, by: distinct(all.flatMap(({ by }) => by)) };
}

async function allQuestions<Env>(passed: Passed<Env>, name: string, { id, questions }: CalleeAsks & { form: "questions" }): Promise<Reply> {
  const all = await Promise.all(
    questions.map(async ({ question, choices, multiple }, index) => {
      // Of several choices that may be taken together, the answer is no single one of them.
      const several = choices && multiple ? `\n\n${choices.join("\n")}\n\nAnswer with one or more of these, one a line.` : "";
      const about: About = { kind: "question", ...(choices && !multiple && { choices }) };
      const answered = await putForeign(passed, `${name}:${index + 1}`, question + several, about);
      if ("expired" in answered) return undefined;
      const said = saidOf(answered.answer, about);
      const text = "text" in said ? said.text : "";
      return { text, answer: multiple ? text.split("\n") : [text], by: answered.by };
    }),
  );
  const given = all.filter((each) => each !== undefined);
  if (given.length < all.length) return { expired: "here" };
  const answer: JsonObject = { type: "ask_user_response", id, answers: given.map((each) => ({ answer: each.answer })) };
  return { parts: given.map(({ text }) => ({ text })), answer, by: distinct(given.flatMap(({ by }) => by)) };
}

/** Of an agent that knows no ids. When it wants to be authorised, somebody who may approve has to say so: the state alone says nothing. */
async function inWords<Env>(passed: Passed<Env>, name: string): Promise<Reply> {
  const { call, asks } = passed;
  if (!asks.auth) {
    const answered = await putForeign(passed, name, asks.question, { kind: "question" });
    return "expired" in answered ? { expired: "here" } : { parts: answered.answer.parts, by: answered.by };
  }
  const args = { task: asks.taskId, asks: asks.question };
  const digest = digestOfAction({ whose: `${call.agent}/${call.skill}`, what: "auth-required", args });
  const about: About = { kind: "approval", action: { description: `${call.agent} wants to be authorised.`, args, digest } };
  const answered = await putForeign(passed, name, approvalQuestion(`${call.agent} wants to be authorised.`, args, digest), about);
  if ("expired" in answered) return { parts: inParts(LATE), by: [] };
  return { parts: inParts(saidOf(answered.answer, about)), by: answered.by };
}

function putForeign<Env>({ run, call, asks, metadata }: Passed<Env>, name: string, words: string, about: About): Promise<Answered> {
  const asker = { agent: call.agent, skill: call.skill, task: asks.taskId };
  const passed = { asker, path: [...ownName(run), call.agent], callee: calleeOf(call, asks) };
  return run.put(name, afterRefusal(asks, words), metadata, { ...about, passed });
}

function afterRefusal({ refused }: AsksBack, words: string): string {
  return refused === undefined ? words : `The last answer was not taken: ${refused}\n\n${words}`;
}

function calleeOf({ agent }: DelegateCall, { taskId: task, contextId }: AsksBack): NonNullable<Interrupt["callee"]> {
  return { agent, task, ...(contextId !== undefined && { context: contextId }) };
}

function ownName<Env>({ governor }: CallingRun<Env>): string[] {
  return governor ? [governor.governance.agent] : [];
}

/** Whether another open question of the task has this id. */
function isTaken<Env>({ task }: CallingRun<Env>, name: string, id: string): boolean {
  return task.head.questions.some((other, index) => other !== name && interruptIn(task.question(index)?.metadata)?.id === id);
}

function saidOf(answer: Message, { kind, choices, action }: About): Said {
  return saidIn(answer, { kind, ...(choices && { choices }), ...(action && { action: { ...action, approvers: 1, others: 0 } }) });
}

/** In words, for those that read nothing else. */
function inParts(said: Said, digest = ""): Message["parts"] {
  if ("text" in said) return [{ text: said.text }];
  const name = digest && ` ${actionName(digest)}`;
  return [{ text: said.approved ? `yes${name}` : `no${name}: ${said.reason}` }];
}

function approvalOf(id: string, said: Said): JsonObject {
  if ("approved" in said && said.approved) return { id, approved: true };
  return { id, approved: false, rejection_reason: "reason" in said ? said.reason : "it was not approved" };
}

function distinct(people: readonly Principal[]): Principal[] {
  return [...new Map(people.map((each) => [principalKey(each), each])).values()];
}
