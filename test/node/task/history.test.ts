import { describe, expect, it } from "vitest";
import { LOCAL_PRINCIPAL } from "../../../shared/auth/principal.ts";
import { amountOf } from "../../../shared/budget/amount.ts";
import type { TaskEvent } from "../../../shared/task/event.ts";
import { historyOf } from "../../../shared/task/history.ts";
import { INTERRUPT_EXTENSION } from "../../../shared/task/interrupt-extension.ts";
import { agent, logOf, user } from "./log.ts";

// A log as a person reads it.

function words(...events: TaskEvent[]): string[] {
  return historyOf(logOf(...events), "TASK_STATE_SUBMITTED", undefined).map((entry) => entry.words);
}

const CALL = "delegate:analyst/calculate:x:1";
const calling: TaskEvent = { type: "delegating", name: CALL, agent: "analyst", skill: "calculate", key: "secret-key" };

describe("the history of a task", () => {
  it("says who asked for what, and how it ended", () => {
    expect(words({ type: "status", state: "TASK_STATE_COMPLETED", message: agent("84\nand more") })).toEqual([
      "local/local asks: hello",
      "completed: 84",
    ]);
  });

  it("says which question an answer is to, and who gave it", () => {
    const bob = { ...LOCAL_PRINCIPAL, subject: "bob" };
    const lines = words(
      { type: "status", state: "TASK_STATE_INPUT_REQUIRED", message: agent("Which year?"), ask: "ask:q:1" },
      { type: "message", message: user("1969"), answers: "ask:q:1", by: [bob] },
      { type: "status", state: "TASK_STATE_WORKING" },
    );
    expect(lines.slice(1)).toEqual(["asks: Which year?", 'local/bob answers "Which year?": 1969', "works"]);
  });

  it("tells approvals and limits from plain questions", () => {
    const metadata = { [INTERRUPT_EXTENSION]: { id: "q-1", kind: "approval" } };
    const approval = {
      type: "status",
      state: "TASK_STATE_AUTH_REQUIRED",
      message: agent("Send it?"),
      ask: "approve:a:1",
      metadata,
    } as const;
    const limit = { [INTERRUPT_EXTENSION]: { id: "q-2", kind: "limit" } };
    const stop = {
      type: "status",
      state: "TASK_STATE_INPUT_REQUIRED",
      message: agent("Used up."),
      ask: "limit:b:1",
      metadata: limit,
    } as const;
    expect(words(approval, stop).slice(1)).toEqual(["asks for an approval: Send it?", "stands at a limit, and asks: Used up."]);
  });

  it("says whom a call went to, what came back and what it cost", () => {
    const lines = words(
      calling,
      { type: "decision", name: `decision:chain-cap:${CALL}`, signals: {}, decision: { outcome: "extend", reason: "within-cap" } },
      { type: "called", name: CALL, agent: "analyst", skill: "calculate", cost: amountOf({ calls: 1, tokensIn: 7 }) },
      { type: "memo", name: CALL, value: { ok: true, text: "84", artifacts: [] } },
    );
    expect(lines.slice(1)).toEqual([
      "calls analyst/calculate",
      "chain-cap: extend (within-cap), about analyst/calculate",
      "analyst/calculate has cost 7 tokens in, 1 call",
      "analyst/calculate answers: 84",
    ]);
  });

  it("shows no key, and nothing of what a step gave", () => {
    const shown = words(calling, { type: "memo", name: "step:login", value: "hunter2" }).join("\n");
    expect(shown).toContain('has done "login"');
    expect(shown).not.toMatch(/hunter2|secret-key/);
  });

  it("holds a line of no more than a screen's width and a half", () => {
    expect(words({ type: "message", message: user("x".repeat(10_000)) })[1]?.length).toBeLessThan(200);
  });
});

describe("a checkpoint", () => {
  const answered: TaskEvent[] = [
    { type: "status", state: "TASK_STATE_INPUT_REQUIRED", message: agent("Which?"), ask: "ask:q:1" },
    { type: "message", message: user("this"), answers: "ask:q:1" },
    { type: "status", state: "TASK_STATE_WORKING" },
    { type: "memo", name: "step:one", value: 1 },
    { type: "status", state: "TASK_STATE_COMPLETED" },
  ];
  const checkpoints = (entries = logOf(...answered), following?: number) =>
    historyOf(entries, "TASK_STATE_SUBMITTED", logOf(...answered)[following ?? entries.length]).map(({ checkpoint }) => checkpoint);

  it("is every entry but what is inside a turn, and the end", () => {
    expect(checkpoints()).toEqual([true, true, false, true, true, false]);
  });

  it("is known at the end of a page by the entry that follows", () => {
    expect(checkpoints(logOf(...answered).slice(0, 3))).toEqual([true, true, false]);
  });

  it("says which state the task was in", () => {
    const states = historyOf(logOf(...answered).slice(2), "TASK_STATE_INPUT_REQUIRED", undefined).map(({ state }) => state);
    expect(states).toEqual(["TASK_STATE_INPUT_REQUIRED", "TASK_STATE_WORKING", "TASK_STATE_WORKING", "TASK_STATE_COMPLETED"]);
  });
});
