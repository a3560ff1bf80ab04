import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Principal, Scope } from "../../../shared/auth/principal.ts";
import { principalKey } from "../../../shared/auth/principal.ts";
import type { JsonObject, Message } from "../../../shared/task/a2a-types.ts";
import { type Asked, choiceIn, type Judged, judge, type OpenQuestion, saidIn, waitingState } from "../../../shared/task/answering.ts";
import { HITL_EXTENSION, hitlResponse } from "../../../shared/task/hitl-extension.ts";
import type { Interrupt } from "../../../shared/task/interrupt-extension.ts";
import { T0, user } from "./log.ts";

const DIGEST = `3fa9c01b${"0".repeat(56)}`;
const at = (ms: number) => new Date(T0 + ms).toISOString();
const person = (subject: string, ...scopes: Scope[]): Principal => ({ tenant: "t", app: "a", subject, scopes });
const OWNER = person("owner", "call", "approve");
const ANN = person("ann", "call", "approve");
const BEN = person("ben", "call", "approve");
const NOBODY = person("nobody", "call");

function question(more: Partial<Interrupt> = {}, name = "ask:1"): OpenQuestion {
  const asker = { agent: "courier", skill: "deliver", task: "t" };
  const interrupt: Interrupt = {
    id: `id of ${name}`,
    kind: "question",
    asker,
    path: ["courier"],
    since: at(0),
    expires: at(1000),
    ...more,
  };
  return { name, interrupt, metadata: undefined, approvals: [] };
}

function approval(name = "approve:1", { approvers = 1, others = 0, digest = DIGEST } = {}): OpenQuestion {
  return question({ kind: "approval", action: { description: "Send it?", args: {}, digest, approvers, others } }, name);
}

const asked = (questions: readonly OpenQuestion[], put = 1): Asked => ({ owner: OWNER, questions, isPut: questions.length > 0, put });
const form = (payload: JsonObject): Message => user("in a form", { metadata: { [HITL_EXTENSION]: payload } });
const decides = (...approvals: JsonObject[]) => form({ type: "tool_approval_response", approvals });
const YES = { id: "id of approve:1", approved: true };

describe("words", () => {
  it("answer the question that is put, and nothing while the task works", () => {
    expect(judge(user("Lisbon"), [OWNER], asked([question()]), T0)).toEqual({ means: "settles", name: "ask:1", by: [OWNER] });
    expect(judge(user("Lisbon"), [OWNER], { ...asked([question()]), isPut: false }, T0)).toEqual({ means: "nothing" });
    expect(judge(user("Lisbon"), [OWNER], asked([]), T0)).toEqual({ means: "nothing" });
  });

  it.each([
    ["yes", 1, "settles"],
    ["Approved.", 1, "settles"],
    ["yes 3fa9c01b", 1, "settles"],
    ["yes 3FA9C01B", 2, "settles"],
    ["no 3fa9c01b: too loud", 2, "settles"],
    ["no, wrong channel", 1, "settles"],
    ["yes", 2, "action-unnamed"],
    ["no", 2, "action-unnamed"],
    ["yes 00000000", 1, "action-other"],
    ["yes 00000000", 2, "action-other"],
    ["", 1, "answer-empty"],
  ])('about an action: "%s" as answer to question %i of its task gives %s', (text, put, expected) => {
    const judged = judge(user(text), [OWNER], asked([approval()], put), T0);
    expect(judged.means === "refused" ? judged.refusal.code : judged.means).toBe(expected);
  });

  it.each([
    ["yes", { approved: true }],
    ["YES 3fa9c01b!", { approved: true }],
    ["approve", { approved: true }],
    ["yes, but to the other channel", { approved: false, reason: "yes, but to the other channel" }],
    ["yes 3fa9c01b if it rains", { approved: false, reason: "yes 3fa9c01b if it rains" }],
    ["no 3fa9c01b: too loud", { approved: false, reason: "too loud" }],
    ["no", { approved: false, reason: "no reason given" }],
    ["not on 20261121", { approved: false, reason: "not on 20261121" }],
    ["eyes", { approved: false, reason: "eyes" }],
  ])('"%s" says %j of an action', (text, said) => {
    expect(saidIn(user(text), approval().interrupt)).toEqual(said);
  });

  it("choose by words in whatever case, or by number; what is none of the choices is refused", () => {
    const choices = ["Red", "7", "blue green"];
    for (const [text, choice] of Object.entries({
      red: "Red",
      "1.": "Red",
      "7": "7",
      "2": "7",
      " Blue Green ": "blue green",
      "3)": "blue green",
    }))
      expect(choiceIn(text, choices)).toBe(choice);
    for (const text of ["pink", "0", "4", "", "-1"])
      expect(judge(user(text), [OWNER], asked([question({ choices })]), T0)).toEqual({
        means: "refused",
        refusal: { code: "not-a-choice", choices },
      });
  });
});

describe("a form", () => {
  it("answers whichever open question it names, also one that waits behind another", () => {
    const open = asked([question(), approval(), question({}, "ask:2")]);
    expect(judge(decides(YES), [OWNER], open, T0)).toMatchObject({ means: "settles", name: "approve:1" });
    const answer = form({ type: "ask_user_response", id: "id of ask:2", answers: [{ answer: ["blue"] }] });
    expect(judge(answer, [OWNER], open, T0)).toMatchObject({ means: "settles", name: "ask:2" });
    expect(saidIn(answer, question().interrupt)).toEqual({ text: "blue" });
  });

  it.each<[string, Message, string]>([
    ["for a question that is not open", decides({ id: "stale", approved: true }), "question-unknown"],
    ["that decides nothing", decides(), "answer-partial"],
    ["that decides twice, the same way", decides(YES, YES), "answer-repeated"],
    ["that decides twice, either way", decides(YES, { ...YES, approved: false }), "answer-repeated"],
    ["that decides more than it was asked", decides(YES, { id: "another", approved: true }), "answers-several"],
    ["that does not say yes or no", decides({ id: YES.id }), "answer-malformed"],
    ["that says yes in another type", decides({ ...YES, approved: "true" }), "answer-malformed"],
    ["of a type that there is not", form({ type: "tool_approval", approvals: [YES] }), "answer-malformed"],
    ["that approves a question", decides({ id: "id of ask:1", approved: true }), "answer-mismatched"],
    [
      "that answers an approval with words",
      form({ type: "ask_user_response", id: YES.id, answers: [{ answer: ["yes"] }] }),
      "answer-mismatched",
    ],
    ["without an answer", form({ type: "ask_user_response", id: "id of ask:1", answers: [] }), "answer-partial"],
    ["with an empty answer", form({ type: "ask_user_response", id: "id of ask:1", answers: [{ answer: [" "] }] }), "answer-partial"],
    ["with null for answers", form({ type: "ask_user_response", id: "id of ask:1", answers: null }), "answer-partial"],
    [
      "with more answers than questions",
      form({ type: "ask_user_response", id: "id of ask:1", answers: [{ answer: ["a"] }, { answer: ["b"] }] }),
      "answers-several",
    ],
  ])("%s is refused, whatever its words say", (_which, message, code) => {
    const judged = judge({ ...message, parts: [{ text: "yes" }] }, [OWNER], asked([approval(), question()]), T0);
    expect(judged).toMatchObject({ means: "refused", refusal: { code } });
  });

  it("gives the reason of a rejection, and never a yes by it", () => {
    const no = decides({ ...YES, approved: false, rejection_reason: "yes" });
    expect(saidIn(no, approval().interrupt)).toEqual({ approved: false, reason: "yes" });
    expect(saidIn(form(hitlResponse(YES.id, { approved: false, reason: "too loud" })), approval().interrupt)).toEqual({
      approved: false,
      reason: "too loud",
    });
  });
});

describe("time", () => {
  it.each([
    [999, "settles"],
    [1000, "question-expired"],
    [1001, "question-expired"],
  ])("%i ms after it was asked, a question for 1000 ms gives %s", (ms, expected) => {
    for (const message of [user("yes"), decides(YES)]) {
      const judged = judge(message, [OWNER], asked([approval()]), T0 + ms);
      expect(judged.means === "refused" ? judged.refusal.code : judged.means).toBe(expected);
    }
  });
});

describe("people", () => {
  const of = (open: OpenQuestion, by: Principal[], message = decides(YES)): Judged => judge(message, by, asked([open]), T0);

  it("approve and reject only with the scope for it; but whose task it is may always say no", () => {
    const owner = person("owner", "call");
    expect(judge(user("no, not now"), [owner], asked([approval()]), T0)).toMatchObject({ means: "settles", by: [owner] });
    expect(judge(user("yes"), [owner], asked([approval()]), T0)).toMatchObject({ refusal: { code: "scope-missing" } });
    for (const message of [decides(YES), decides({ ...YES, approved: false }), user("yes"), user("no")])
      expect(of(approval(), [NOBODY], message)).toEqual({ means: "refused", refusal: { code: "scope-missing", scope: "approve" } });
    expect(of(approval(), [NOBODY, ANN])).toEqual({ means: "settles", name: "approve:1", by: [ANN] });
  });

  it("must be as many as the contract says, each counted once", () => {
    const two = approval("approve:1", { approvers: 2, others: 0 });
    expect(of(two, [ANN])).toEqual({ means: "approves", name: "approve:1", by: [ANN] });
    expect(of(two, [ANN, { ...ANN, scopes: ["approve"] }])).toMatchObject({ means: "approves" });
    expect(of({ ...two, approvals: [ANN] }, [ANN])).toEqual({ means: "refused", refusal: { code: "approved-already" } });
    expect(of({ ...two, approvals: [ANN] }, [BEN])).toEqual({ means: "settles", name: "approve:1", by: [ANN, BEN] });
    expect(of(two, [ANN, BEN])).toMatchObject({ means: "settles" });
  });

  it("must be others than the caller where four eyes are wanted, and the caller may still say no", () => {
    const other = approval("approve:1", { approvers: 1, others: 1 });
    expect(of(other, [OWNER])).toEqual({ means: "refused", refusal: { code: "approver-other" } });
    expect(of(other, [ANN])).toMatchObject({ means: "settles" });
    expect(of(other, [OWNER], decides({ ...YES, approved: false }))).toMatchObject({ means: "settles", by: [OWNER] });
    const oneOther = approval("approve:1", { approvers: 2, others: 1 });
    expect(of(oneOther, [OWNER])).toMatchObject({ means: "approves" });
    expect(of({ ...oneOther, approvals: [OWNER] }, [ANN])).toMatchObject({ means: "settles", by: [OWNER, ANN] });
  });

  it("one of whom says no is enough, however many have said yes", () => {
    const three = { ...approval("approve:1", { approvers: 3, others: 0 }), approvals: [ANN, BEN] };
    expect(of(three, [OWNER], decides({ ...YES, approved: false }))).toMatchObject({ means: "settles", by: [OWNER] });
  });

  it("who cannot approve it alone may talk about it: what says neither yes nor no decides nothing", () => {
    for (const text of ["What is it for?", "yes, if it rains", ""]) {
      expect(judge(user(text), [OWNER], asked([approval("approve:1", { others: 1 })], 2), T0)).toEqual({ means: "nothing" });
      expect(judge(user(text), [OWNER], { ...asked([approval()]), owner: NOBODY }, T0)).toEqual({ means: "nothing" });
      expect(judge(user(text), [OWNER], asked([approval()]), T0)).not.toEqual({ means: "nothing" });
    }
  });

  it("are told by the task's state whether its caller can go on alone", () => {
    expect(waitingState(approval().interrupt, OWNER)).toBe("TASK_STATE_INPUT_REQUIRED");
    expect(waitingState(approval().interrupt, NOBODY)).toBe("TASK_STATE_AUTH_REQUIRED");
    expect(waitingState(approval("a", { others: 1 }).interrupt, OWNER)).toBe("TASK_STATE_AUTH_REQUIRED");
    expect(waitingState(question().interrupt, NOBODY)).toBe("TASK_STATE_INPUT_REQUIRED");
  });
});

const people = fc.uniqueArray(fc.constantFrom(OWNER, ANN, BEN, NOBODY, person("ann", "call")), { minLength: 1, maxLength: 3 });
const words = fc.oneof(
  fc.constantFrom("yes", "no", "approved", "yes 3fa9c01b", "no 3fa9c01b", "yes, if", "3fa9c01b", "yes 11111111", ""),
  fc.string(),
);
const ids = fc.constantFrom("id of approve:1", "id of approve:2", "id of ask:1", "stale", "");
const payload = fc.oneof(
  fc.record({
    type: fc.constantFrom("tool_approval_response", "ask_user_response", "other"),
    id: ids,
    approvals: fc.array(fc.record({ id: ids, approved: fc.oneof(fc.boolean(), fc.constantFrom("true", 1, null)) }), { maxLength: 3 }),
    answers: fc.array(fc.record({ answer: fc.array(words, { maxLength: 2 }) }), { maxLength: 2 }),
  }),
  fc.jsonValue(),
);
const sent = fc.record({
  text: words,
  payload: fc.option(payload, { nil: undefined }),
  by: people,
  ms: fc.integer({ min: 0, max: 1200 }),
});

describe("whatever is sent, by whomever, whenever,", () => {
  /** The host's part: what is settled is not open any more, what counts is remembered. */
  function play(
    messages: readonly { text: string; payload: unknown; by: Principal[]; ms: number }[],
    needs: { approvers: number; others: number },
  ) {
    let open = [approval("approve:1", needs), question(), approval("approve:2", { ...needs, digest: "1".repeat(64) })];
    let put = 1;
    const settled: { name: string; approved: boolean; by: readonly Principal[]; explicit: boolean }[] = [];
    for (const { text, payload: said, by, ms } of messages) {
      const metadata = said === undefined ? {} : { metadata: { [HITL_EXTENSION]: said as JsonObject } };
      const message = user(text, metadata);
      const judged = judge(message, by, asked(open, put), T0 + ms);
      if (judged.means === "approves") open = open.map((each) => (each.name === judged.name ? { ...each, approvals: judged.by } : each));
      if (judged.means !== "settles") continue;
      const answered = open.find(({ name }) => name === judged.name);
      if (!answered) throw new Error(`${judged.name} is not open`);
      const verdict = saidIn(message, answered.interrupt);
      const entries = (said as { approvals?: { id: string; approved: unknown }[] } | null)?.approvals ?? [];
      const explicit =
        said === undefined
          ? /^\s*(yes|approved?)\b/i.test(text)
          : entries.some(({ id, approved }) => id === answered.interrupt.id && approved === true);
      settled.push({ name: judged.name, approved: "approved" in verdict && verdict.approved, by: judged.by, explicit });
      if (open[0] === answered) put += 1;
      open = open.filter((each) => each !== answered);
    }
    return settled;
  }

  const needs = fc.constantFrom(
    { approvers: 1, others: 0 },
    { approvers: 1, others: 1 },
    { approvers: 2, others: 1 },
    { approvers: 2, others: 2 },
  );

  it("one answer counts, and nothing but an explicit yes of enough people approves", () => {
    fc.assert(
      fc.property(fc.array(sent, { maxLength: 12 }), needs, (messages, need) => {
        const settled = play(messages, need);
        expect(new Set(settled.map(({ name }) => name)).size).toBe(settled.length);
        for (const { approved, by, explicit } of settled.filter((each) => each.approved)) {
          expect(approved && explicit).toBe(true);
          expect(by.every(({ scopes }) => scopes.includes("approve"))).toBe(true);
          expect(new Set(by.map(principalKey)).size).toBe(by.length);
          expect(by.length).toBeGreaterThanOrEqual(need.approvers);
          expect(by.filter((each) => principalKey(each) !== principalKey(OWNER)).length).toBeGreaterThanOrEqual(need.others);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
