import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { askedIn } from "../../../shared/a2a/asked.ts";
import type { JsonObject } from "../../../shared/task/a2a-types.ts";
import { HITL_EXTENSION } from "../../../shared/task/hitl-extension.ts";
import { INTERRUPT_EXTENSION, type Interrupt } from "../../../shared/task/interrupt-extension.ts";

const T0 = "2026-11-21T10:00:00.000Z";
const ACTION = { description: "Send it?", args: { to: "ada" }, digest: "0123456789abcdef".repeat(4), approvers: 1, others: 0 };
const QUESTION: Interrupt = { id: "q-1", kind: "question", asker: { agent: "leaf", skill: "do", task: "t-1" }, path: ["leaf"], since: T0 };
const TOOL = { id: "tool-1", call_id: "call-1", name: "deploy", args: { to: "production" } };

const own = (interrupt: unknown) => askedIn({ [INTERRUPT_EXTENSION]: interrupt } as JsonObject, undefined);
const profile = (payload: unknown) => askedIn(undefined, { [HITL_EXTENSION]: payload } as JsonObject);

describe("what a callee asks in the mesh's own form", () => {
  it("is taken as it is, without what is no part of it", () => {
    expect(
      own({ ...QUESTION, choices: ["a", "b"], expires: T0, default: "a", approvedBy: ["me"], callee: { agent: "me", task: "mine" } }),
    ).toEqual({
      form: "interrupt",
      interrupt: { ...QUESTION, choices: ["a", "b"], expires: T0, default: "a" },
    });
    expect(own({ ...QUESTION, kind: "approval", action: ACTION })).toMatchObject({ interrupt: { action: ACTION } });
  });

  it.each<[string, object]>([
    ["an approval of nothing", { kind: "approval" }],
    ["a question about an action", { action: ACTION }],
    ["no id", { id: "" }],
    ["an unknown kind", { kind: "order" }],
    ["nobody who asks", { asker: {} }],
    ["a path that is no list", { path: "leaf" }],
    ["a time that is none", { expires: "soon" }],
    ["a digest that is none", { kind: "approval", action: { ...ACTION, digest: "abc" } }],
    ["an action that nobody has to approve", { kind: "approval", action: { ...ACTION, approvers: 0 } }],
    ["more people than there are", { kind: "approval", action: { ...ACTION, approvers: 1e9 } }],
    ["arguments that are no object", { kind: "approval", action: { ...ACTION, args: [1] } }],
    ["arguments that nobody would read", { kind: "approval", action: { ...ACTION, args: { text: "a".repeat(200_000) } } }],
  ])("is passed over when it holds %s", (_what, wrong) => {
    expect(own({ ...QUESTION, ...wrong })).toBeUndefined();
  });
});

describe("a time that a callee gives for an answer", () => {
  it.each([
    ["that is over", T0, T0],
    ["before there was time", "-271821-04-20T00:00:00.000Z", "-271821-04-20T00:00:00.000Z"],
    ["in the year 9999", "9999-12-31T00:00:00.000Z", undefined],
    ["that is the last there is", "+275760-09-13T00:00:00.000Z", undefined],
  ])("%s is taken as far as anybody would wait", (_when, said, taken) => {
    const asked = own({ ...QUESTION, expires: said });
    expect(asked).toMatchObject({ form: "interrupt", interrupt: QUESTION });
    expect(asked?.form === "interrupt" && asked.interrupt.expires).toBe(taken);
  });
});

describe("what a callee asks in the published profile", () => {
  it("is every action by its own id", () => {
    const tools = [TOOL, { ...TOOL, id: "tool-2", args: null }];
    expect(profile({ type: "tool_approval_request", hint: "Allow?", tools })).toEqual({
      form: "approvals",
      hint: "Allow?",
      tools: [
        { id: "tool-1", name: "deploy", args: { to: "production" } },
        { id: "tool-2", name: "deploy", args: {} },
      ],
    });
  });

  it("is what is asked further down, when it passes that on", () => {
    const nested = { subagent_name: "deputy", tools: [{ ...TOOL, id: "inner" }] };
    expect(profile({ type: "tool_approval_request", tools: [TOOL], nested })).toMatchObject({ tools: [{ id: "inner" }] });
    const questions = [
      { question: "Which?", choices: ["a"], multiple: true },
      { question: "Why?", choices: [] },
    ];
    expect(profile({ type: "ask_user_request", id: "outer", questions, nested })).toEqual({
      form: "questions",
      id: "inner",
      questions: [{ question: "Which?", choices: ["a"], multiple: true }, { question: "Why?" }],
    });
  });

  it.each<[string, unknown]>([
    ["nothing to approve", { type: "tool_approval_request", tools: [] }],
    ["one id twice", { type: "tool_approval_request", tools: [TOOL, TOOL] }],
    [
      "more at once than anybody would look at",
      { type: "tool_approval_request", tools: Array.from({ length: 50 }, (_, n) => ({ ...TOOL, id: `${n}` })) },
    ],
    ["no questions", { type: "ask_user_request", id: "a", questions: [] }],
    ["another type", { type: "tool_approval_response", approvals: [] }],
  ])("is passed over when it holds %s", (_what, payload) => {
    expect(profile(payload)).toBeUndefined();
  });
});

describe("whatever a stranger says", () => {
  const mutated = fc.oneof(
    fc.jsonValue(),
    fc.record(
      { ...Object.fromEntries(Object.keys(QUESTION).map((key) => [key, fc.jsonValue()])), action: fc.jsonValue() },
      { requiredKeys: [] },
    ),
    fc.record({
      type: fc.constantFrom("tool_approval_request", "ask_user_request"),
      id: fc.jsonValue(),
      tools: fc.jsonValue(),
      questions: fc.jsonValue(),
    }),
  );

  it("is something that can be stored as it is, or nothing", () => {
    fc.assert(
      fc.property(mutated, mutated, (interrupt, payload) => {
        const asked = askedIn({ [INTERRUPT_EXTENSION]: interrupt } as JsonObject, { [HITL_EXTENSION]: payload } as JsonObject);
        if (asked) expect(JSON.parse(JSON.stringify(asked))).toEqual(asked);
      }),
    );
  });
});
