/**
 * A callee's question on its way up: put on this task as the callee means it, with who asks and through whom, and what comes of it
 * made into what the callee understands. One that asks several things at once gets one answer, when all of them have theirs.
 */
import { type Principal, principalKey } from "../../auth/principal.ts";
import type { Amount } from "../../budget/amount.ts";
import type { JsonObject, Message } from "../../task/a2a-types.ts";
import { type Said, saidIn } from "../../task/answering.ts";
import { approvalQuestion, digestOfAction } from "../../task/approval.ts";
import { limitIn, sayingCost } from "../../task/governance-extension.ts";
import type { Interrupt } from "../../task/interrupt-extension.ts";
import type { About } from "../asking.ts";
import type { AsksBack, CallingRun } from "../calls.ts";
import type { Answered } from "../governance/limit.ts";
import type { DelegateCall } from "../program.ts";
import type { CalleeAsks } from "./callee-asks.ts";
import type { OpenQuestions } from "./open-questions.ts";
import { afterRefusal, declinedIn, inParts, type Reply } from "./reply.ts";

interface Passed<Env> {
  readonly run: CallingRun<Env>;
  readonly call: DelegateCall;
  readonly asks: AsksBack;
  /** Of each question that is put for it. */
  readonly metadata: JsonObject;
}

const LATE: Said = { approved: false, reason: "nobody approved it in time" };

/**
 * @param name of the question in this task, the same in every run
 * @param cost of the callee so far, as far as it is believed
 * @param open questions of the callee, in this call
 */
export function passUp<Env>(
  run: CallingRun<Env>,
  name: string,
  call: DelegateCall,
  asks: AsksBack,
  cost: Amount | undefined,
  open: OpenQuestions<Env>,
): Promise<Reply> {
  const metadata = { ...asks.metadata, ...(cost && sayingCost(cost, limitIn(asks.metadata))) };
  const passed = { run, call, asks, metadata };
  switch (asks.asks?.form) {
    case "interrupt":
      // Of an agent of the mesh, whatever is below it: nothing is decided anew, because it decided by the same rules.
      return open.next(name, asks, { path: ownName(run), callee: calleeOf(call, asks) }, metadata);
    case "approvals":
      return allApprovals(passed, name, asks.asks);
    case "questions":
      return allQuestions(passed, name, asks.asks);
    case undefined:
      return inWords(passed, name);
  }
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
  const by = distinct(all.flatMap((each) => each.by));
  return { parts: all.flatMap(({ said }) => inParts(said)), answer, by, ...declinedIn(...all.map(({ said }) => said)) };
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
  const said = saidOf(answered.answer, about);
  return { parts: inParts(said), by: answered.by, ...declinedIn(said) };
}

function putForeign<Env>({ run, call, asks, metadata }: Passed<Env>, name: string, words: string, about: About): Promise<Answered> {
  const asker = { agent: call.agent, skill: call.skill, task: asks.taskId };
  const passed = { asker, path: [...ownName(run), call.agent], callee: calleeOf(call, asks) };
  return run.put(name, afterRefusal(asks, words), metadata, { ...about, passed });
}

function calleeOf({ agent }: DelegateCall, { taskId: task, contextId }: AsksBack): NonNullable<Interrupt["callee"]> {
  return { agent, task, ...(contextId !== undefined && { context: contextId }) };
}

function ownName<Env>({ governor }: CallingRun<Env>): string[] {
  return governor ? [governor.governance.agent] : [];
}

function saidOf(answer: Message, { kind, choices, action }: About): Said {
  return saidIn(answer, { kind, ...(choices && { choices }), ...(action && { action: { ...action, approvers: 1, others: 0 } }) });
}

function approvalOf(id: string, said: Said): JsonObject {
  if ("approved" in said && said.approved) return { id, approved: true };
  return { id, approved: false, rejection_reason: "reason" in said ? said.reason : "it was not approved" };
}

function distinct(people: readonly Principal[]): Principal[] {
  return [...new Map(people.map((each) => [principalKey(each), each])).values()];
}
