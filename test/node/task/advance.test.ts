import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LOCAL_PRINCIPAL } from "../../../shared/auth/principal.ts";
import { isInterrupted, isTerminal, type TaskState } from "../../../shared/task/a2a-types.ts";
import { advance, type TaskInput } from "../../../shared/task/advance.ts";
import type { LogEntry } from "../../../shared/task/event.ts";
import { evolve } from "../../../shared/task/head.ts";
import { agent, headOf, logOf, T0, user } from "./log.ts";

const asked = () => headOf(logOf({ type: "status", state: "TASK_STATE_INPUT_REQUIRED", message: agent("Where?"), ask: "ask:1" }));
const NOTHING = { means: "nothing" } as const;
const settles = (name: string) => ({ means: "settles", name, by: [LOCAL_PRINCIPAL] }) as const;
const ended = () => headOf(logOf({ type: "status", state: "TASK_STATE_COMPLETED" }));

describe("a message", () => {
  it("answers the oldest open question and lets the program go on", () => {
    expect(advance(asked(), { type: "message", message: user("Lisbon"), judged: settles("ask:1") })).toEqual({
      ok: true,
      events: [
        { type: "message", message: user("Lisbon"), answers: "ask:1" },
        { type: "status", state: "TASK_STATE_WORKING" },
      ],
      effect: "run",
    });
  });

  it("answers nothing while the task works: what was said too early must not approve what is asked later", () => {
    const step = advance(headOf(logOf({ type: "status", state: "TASK_STATE_WORKING" })), {
      type: "message",
      message: user("yes"),
      judged: NOTHING,
    });
    expect(step).toEqual({ ok: true, events: [{ type: "message", message: user("yes") }], effect: "none" });
  });

  it("is refused by a task that has ended", () => {
    expect(advance(ended(), { type: "message", message: user("more"), judged: NOTHING })).toEqual({
      ok: false,
      refusal: { code: "task-ended", state: "TASK_STATE_COMPLETED" },
    });
  });

  it("is refused when it names another context", () => {
    expect(advance(asked(), { type: "message", message: user("Lisbon", { contextId: "other" }), judged: settles("ask:1") })).toEqual({
      ok: false,
      refusal: { code: "context-mismatch", contextId: "c" },
    });
  });

  it("counts once for one key, also after the task has ended, and never with other content", () => {
    const head = headOf(
      logOf({ type: "message", message: user("Lisbon"), key: "k", digest: "d" }, { type: "status", state: "TASK_STATE_COMPLETED" }),
    );
    expect(advance(head, { type: "message", message: user("Lisbon"), judged: NOTHING, key: "k", digest: "d" })).toEqual({
      ok: true,
      events: [],
      effect: "none",
    });
    expect(advance(head, { type: "message", message: user("Porto"), judged: NOTHING, key: "k", digest: "e" })).toEqual({
      ok: false,
      refusal: { code: "key-reused" },
    });
  });
});

describe("cancel", () => {
  it.each(["TASK_STATE_SUBMITTED", "TASK_STATE_WORKING", "TASK_STATE_INPUT_REQUIRED"] as const)("stops a task in %s", (state) => {
    const step = advance(headOf(logOf({ type: "status", state })), { type: "cancel", message: agent("canceled") });
    expect(step).toMatchObject({ ok: true, effect: "abort", events: [{ state: "TASK_STATE_CANCELED" }] });
  });

  it("is refused by a task that has ended", () => {
    expect(advance(ended(), { type: "cancel", message: agent("canceled") })).toMatchObject({
      ok: false,
      refusal: { code: "not-cancelable" },
    });
  });
});

it("hides no open question behind the progress of another branch", () => {
  expect(advance(asked(), { type: "progress", message: agent("still searching") })).toMatchObject({ events: [] });
});

const input: fc.Arbitrary<TaskInput> = fc.oneof(
  fc.record({ type: fc.constant("message" as const), message: fc.string().map((text) => user(text)), judged: fc.constant(NOTHING) }),
  fc.record({
    type: fc.constant("message" as const),
    message: fc.constant(user("k")),
    judged: fc.constant(NOTHING),
    key: fc.constantFrom("a", "b"),
    digest: fc.constantFrom("d", "e"),
  }),
  fc.constant<TaskInput>({ type: "cancel", message: agent("canceled") }),
  fc.constant<TaskInput>({ type: "progress", message: agent("working") }),
  fc.nat(5).map((n): TaskInput => ({ type: "question", name: `ask:${n}`, message: agent("?") })),
  fc.constant<TaskInput>({ type: "artifact", artifact: { artifactId: "a", parts: [{ text: "x" }] }, append: true }),
  fc.nat(5).map((n): TaskInput => ({ type: "memo", name: `step:${n}`, value: n })),
  fc
    .constantFrom<TaskState>("TASK_STATE_COMPLETED", "TASK_STATE_FAILED", "TASK_STATE_REJECTED")
    .map((state): TaskInput => ({ type: "ended", state, artifacts: [] })),
  fc.constant<TaskInput>({ type: "working" }),
  fc.constant<TaskInput>({ type: "lost" }),
);

describe("whatever arrives, in whatever order,", () => {
  /** Feeds inputs as the host does. */
  function play(inputs: readonly TaskInput[]): LogEntry[] {
    const entries = logOf();
    const head = headOf(entries);
    for (const each of inputs) {
      // As the host has it judged: words answer the question that is put.
      const [put] = isInterrupted(head.state) ? head.questions : [];
      const judged = put === undefined ? NOTHING : settles(put);
      const step = advance(head, each.type === "message" ? { ...each, judged } : each);
      if (!step.ok) continue;
      for (const event of step.events) {
        const entry = { seq: head.seq + 1, at: T0, event };
        evolve(head, entry, "t");
        entries.push(entry);
      }
    }
    return entries;
  }

  it("a task that has ended gets no further event", () => {
    fc.assert(
      fc.property(fc.array(input), (inputs) => {
        const entries = play(inputs);
        const end = entries.findIndex(({ event }) => event.type === "status" && isTerminal(event.state));
        expect(end === -1 || end === entries.length - 1).toBe(true);
      }),
    );
  });

  it("the log folds to the same head at once and in two parts", () => {
    fc.assert(
      fc.property(fc.array(input), fc.nat(), (inputs, cut) => {
        const entries = play(inputs);
        const at = 1 + (cut % entries.length);
        let head = structuredClone(headOf(entries.slice(0, at)));
        for (const entry of entries.slice(at)) head = evolve(head, entry, "t");
        expect(head).toEqual(headOf(entries));
      }),
    );
  });

  it("an interrupted task has a question, and a question is answered once", () => {
    fc.assert(
      fc.property(fc.array(input), (inputs) => {
        const entries = play(inputs);
        const answers = entries.flatMap(({ event }) => (event.type === "message" && event.answers !== undefined ? [event.answers] : []));
        const questions = entries.flatMap(({ event }) => (event.type === "status" && event.ask !== undefined ? [event.ask] : []));
        expect(answers.length).toBeLessThanOrEqual(questions.length);
        const head = headOf(entries);
        if (head.state === "TASK_STATE_INPUT_REQUIRED") expect(head.questions.length).toBeGreaterThan(0);
      }),
    );
  });
});
