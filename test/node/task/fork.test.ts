import { describe, expect, it } from "vitest";
import { LOCAL_PRINCIPAL } from "../../../shared/auth/principal.ts";
import { amountOf } from "../../../shared/budget/amount.ts";
import type { LogEntry, TaskEvent } from "../../../shared/task/event.ts";
import { type Forked, forkAt, headOf, importedFrom } from "../../../shared/task/fork.ts";
import type { ForkEdit } from "../../../shared/task/fork-plan.ts";
import { INTERRUPT_EXTENSION } from "../../../shared/task/interrupt-extension.ts";
import { agent, logOf, T0, user } from "./log.ts";

// A task that goes on from a point of another one's log.

const NOW = T0 + 3_600_000;
const ann = { ...LOCAL_PRINCIPAL, subject: "ann" };
const HEX = "a".repeat(64);

const step = (name: string): TaskEvent => ({ type: "memo", name: `step:${name}`, value: name });
const ask = (name: string, text: string): TaskEvent => ({
  type: "status",
  state: "TASK_STATE_INPUT_REQUIRED",
  message: { ...agent(text), messageId: "t-9", taskId: "t" },
  ask: name,
});
const approval: TaskEvent = {
  type: "status",
  state: "TASK_STATE_AUTH_REQUIRED",
  message: agent("Send it?"),
  ask: `approve:${HEX}:1`,
  metadata: { [INTERRUPT_EXTENSION]: { id: "q-1", kind: "approval" } },
};
const answer = (name: string, text: string): TaskEvent => ({ type: "message", message: user(text), answers: name, key: "k", digest: "d" });
const working: TaskEvent = { type: "status", state: "TASK_STATE_WORKING" };
const done: TaskEvent = { type: "status", state: "TASK_STATE_COMPLETED", message: agent("84") };
const call = (name: string): TaskEvent[] => [
  { type: "decision", name: `decision:chain-cap:delegate:${name}`, signals: {}, decision: { policy: "chain-cap", outcome: "extend" } },
  { type: "delegating", name: `delegate:${name}`, agent: "analyst", skill: name, key: `t/delegate:${name}`, lease: amountOf({ calls: 3 }) },
];
const called = (name: string): TaskEvent[] => [
  { type: "called", name: `delegate:${name}`, agent: "analyst", skill: name, cost: amountOf({ calls: 1 }), turn: {} as never },
  { type: "memo", name: `delegate:${name}`, value: { ok: true, taskId: `${name}-task`, text: name, artifacts: [] } },
];

function fork(entries: readonly LogEntry[], at: number, edit: ForkEdit = {}) {
  return forkAt(entries, at, { id: "n", principal: ann, from: "t", now: NOW, edit });
}

function forked(entries: readonly LogEntry[], at: number, edit: ForkEdit = {}): Forked {
  const result = fork(entries, at, edit);
  if (!result.ok) throw new Error(JSON.stringify(result.refusal));
  return result;
}

describe("a fork", () => {
  const log = logOf(...call("add"), ...called("add"), step("note"), ...call("multiply"), ask("ask:q:1", "Which year?"));

  it("keeps what is finished, and makes anew what was out, with the decisions about it", () => {
    const { entries, plan } = forked(log, log.length);
    const head = headOf(entries, "n");
    expect(Object.keys(head.memo)).toEqual(["decision:chain-cap:delegate:add", "delegate:add", "step:note"]);
    expect(head).toMatchObject({
      state: "TASK_STATE_WORKING",
      questions: [],
      asked: {},
      delegating: {},
      forkedFrom: { task: "t", seq: 9 },
    });
    expect(plan.reused).toEqual(["call of analyst/add (add)", "step note"]);
    expect(plan.again).toEqual([
      "call of analyst/multiply (multiply): it was out, and is made anew",
      'question "Which year?": it is asked again',
    ]);
    expect(plan.changed).toEqual(["decided anew: chain-cap about analyst/multiply"]);
  });

  it("leaves an address of its own to a callee that is called anew", () => {
    const left: TaskEvent = { type: "memo", name: "callback:delegate:multiply", value: { sha256: "00" } };
    expect(headOf(forked(logOf(...call("multiply"), left), 4).entries, "n").memo).toEqual({});
  });

  it("costs nothing yet, and says what it has inherited", () => {
    const { entries, plan } = forked(log, log.length);
    const { account } = headOf(entries, "n");
    expect(account).toMatchObject({ spent: amountOf({}), carved: {}, worked: 0, since: NOW });
    // Both calls count from the moment they go out, and the first one's callee has spent one more.
    expect(account?.inherited).toMatchObject({ calls: 3, wallMs: 8000 });
    expect(plan.inherited).toEqual(account?.inherited);
  });

  it("is its principal's, under its own id, and bound to nothing of the other task's", () => {
    const { entries } = forked(logOf(ask("ask:q:1", "Which?"), answer("ask:q:1", "this"), working, ...call("add"), step("x")), 7);
    const head = headOf(entries, "n");
    expect(head).toMatchObject({ id: "n", principal: ann, keys: {} });
    const text = JSON.stringify(entries.slice(0, 7));
    expect(text).not.toMatch(/"key":"(k|t\/)|"digest"|"taskId":"t"|"messageId":"t-/);
  });

  it("holds its question once in its history when that is put again", () => {
    const { entries } = forked(logOf(ask("ask:q:1", "Which?")), 2);
    const again = { seq: entries.length + 1, at: NOW, event: ask("ask:q:1", "Which?") };
    expect(headOf([...entries, again], "n").messages).toEqual([1, again.seq]);
  });

  it("of a fork adds up what was inherited", () => {
    const once = forked(log, log.length).entries;
    const twice = forked([...once, { seq: 12, at: NOW, event: { type: "spent", name: "spend:x", cost: amountOf({ microUsd: 5 }) } }], 12);
    expect(headOf(twice.entries, "n").account?.inherited).toMatchObject({ calls: 3, microUsd: 5 });
  });

  it("does not stay paused", () => {
    const paused: TaskEvent = { type: "status", state: "TASK_STATE_INPUT_REQUIRED", message: agent("paused"), paused: true };
    const { entries, plan } = forked(logOf(step("a"), paused), 3);
    expect(headOf(entries, "n").paused).toBeUndefined();
    expect(plan.dropped).toEqual(["the pause: the new task goes on"]);
  });
});

describe("an approval", () => {
  const log = logOf(approval, answer(`approve:${HEX}:1`, "yes"), working, step(`act:${HEX}:1`), step("later"));

  it("was good once: it is asked for again where its action was not done", () => {
    const { entries, plan } = forked(log, 4);
    expect(headOf(entries, "n").memo).toEqual({});
    expect(plan.again).toEqual([
      'approval of "Send it?" is asked again: it was good once; what it allowed was done at 5, after 4, and would be done again',
      'action "Send it?", as soon as it may be done',
      "step later",
    ]);
  });

  it.each([
    ["open at the fork, and done later", 2, "yes", /^approval of "Send it\?" is asked again; what it allowed was done at 5, after 2/],
    ["given, and not known to be used", 4, "yes", /is asked again: it was good once; the log does not show whether/],
    ["a no", 4, "no", /^approval of "Send it\?" is asked again: it was good once$/],
  ])("is named with what came of it: %s", (_what, at, said, words) => {
    const all = logOf(approval, answer(`approve:${HEX}:1`, said), working, ...(at === 2 ? [step(`act:${HEX}:1`)] : []));
    expect(forked(all, at).plan.again[0]).toMatch(words);
  });

  it("that a callee asked for is named with the call that is made anew, and with what it did later", () => {
    const passed = "delegate:send:asked:1";
    const nested = { ...approval, ask: passed } as TaskEvent;
    const all = logOf(...call("send"), nested, answer(passed, "yes"), working, ...called("send"));
    expect(forked(all, 6).plan.again).toEqual([
      "call of analyst/send (send): it was out, and is made anew",
      'approval of "Send it?" is asked again by the call of analyst/send; what it allowed was done at 8, after 6, and would be done again',
    ]);
  });

  it("that was used before is no part of what runs again", () => {
    expect(forked(log, 5).plan).toMatchObject({
      reused: ['answer to "Send it?"', 'action "Send it?", which was done'],
      again: ["step later"],
    });
  });

  it("stands where its action was done, which is not done again", () => {
    expect(Object.keys(headOf(forked(log, 5).entries, "n").memo)).toEqual([`approve:${HEX}:1`, `step:act:${HEX}:1`]);
  });
});

describe("an edit", () => {
  const log = logOf(
    { type: "decision", name: "decision:dispatch:one", signals: {}, decision: { policy: "dispatch", outcome: "delegate" } },
    ask("ask:q:1", "Which year?"),
    answer("ask:q:1", "1969"),
    working,
    { type: "decision", name: "decision:dispatch:two", signals: {}, decision: { policy: "dispatch", outcome: "delegate" } },
    step("search"),
    done,
  );

  it.each([3, 4, 5])("of the answer at position %i goes back to its question", (at) => {
    const { plan, question } = forked(log, at, { answer: "1972" });
    expect(question).toEqual({ name: "ask:q:1", text: "Which year?" });
    expect(plan.at).toBe(3);
    expect(plan.changed).toContain('answer to "Which year?": "1972"');
    expect(plan.again).toEqual(['question "Which year?": it is asked again, and answered', "step search"]);
    expect(plan.dropped).toEqual(['answer to "Which year?"', "how it ended", "5 entries of the log in all"]);
  });

  it("of an answer needs a question", () => {
    expect(fork(log, 6, { answer: "1972" })).toEqual({ ok: false, refusal: { code: "no-question", at: 6 } });
  });

  it("of a contract decides anew what nothing finished came of", () => {
    const { entries, plan } = forked(log, 6, { contracts: { dispatch: 2 } });
    const head = headOf(entries, "n");
    expect(head.contracts).toEqual({ dispatch: 2 });
    expect(Object.keys(head.memo)).toEqual(["decision:dispatch:one", "ask:q:1"]);
    expect(plan.changed).toEqual(["contract dispatch: version 2 from here on", "decided anew: dispatch"]);
  });

  it("of an agent holds from there on", () => {
    const { entries, plan } = forked(log, 6, { agents: { analyst: "analyst-next" } });
    expect(headOf(entries, "n").agents).toEqual({ analyst: "analyst-next" });
    expect(plan.changed).toEqual(["agent analyst-next is called in place of analyst"]);
  });
});

describe("a position", () => {
  const log = logOf(ask("ask:q:1", "Which?"), answer("ask:q:1", "this"), working, ...call("add"), ...called("add"), done);

  it.each([
    [0, { code: "position-unknown", at: 0, last: 9 }],
    [10, { code: "position-unknown", at: 10, last: 9 }],
    [3, { code: "inside-turn", at: 3, before: 2, after: 4 }],
    [7, { code: "inside-turn", at: 7, before: 6, after: 8 }],
    [9, { code: "ended", at: 9, until: 8 }],
  ])("%i is refused for what it is", (at, refusal) => {
    expect(fork(log, at)).toEqual({ ok: false, refusal });
  });

  it("between the last result and the end is inside a turn that ends the task", () => {
    const ending = logOf({ type: "artifact", artifact: { artifactId: "a", parts: [] }, lastChunk: true }, done);
    expect(fork(ending, 2)).toEqual({ ok: false, refusal: { code: "inside-turn", at: 2, before: 1 } });
  });

  it("in a task that another agent gave is that agent's to choose", () => {
    const chain = { delegation: { root: "r", path: [{ agent: "orchestrator" }] }, envelope: {} } as never;
    const [created] = logOf();
    const nested = [{ seq: 1, at: T0, event: { ...(created?.event as TaskEvent & { type: "created" }), chain } }];
    expect(fork(nested, 1)).toEqual({ ok: false, refusal: { code: "nested", root: "r", agent: "orchestrator" } });
  });
});

describe("an imported log", () => {
  const imported = (entries: readonly LogEntry[]) => {
    const result = importedFrom(entries, { id: "n", principal: ann, from: "t", now: NOW });
    if (!result.ok) throw new Error(result.refusal.code);
    return headOf(result.entries, "n");
  };

  it("goes on from where it stands", () => {
    expect(imported(logOf(step("a"), ask("ask:q:1", "Which?")))).toMatchObject({
      state: "TASK_STATE_WORKING",
      memo: { "step:a": 2 },
      questions: [],
      forkedFrom: { task: "t", seq: 3 },
    });
  });

  it("does not say where callees call back", () => {
    const [created] = logOf();
    const away = [{ seq: 1, at: T0, event: { ...(created?.event as TaskEvent & { type: "created" }), origin: "https://evil.example" } }];
    expect(imported(away).origin).toBeUndefined();
    expect(headOf(forked(away, 1).entries, "n").origin).toBe("https://evil.example");
  });

  it("of a task that has ended has ended", () => {
    const { state, account } = imported(logOf(step("a"), done));
    expect(state).toBe("TASK_STATE_COMPLETED");
    expect(account).toMatchObject({ worked: 0 });
    expect(account?.since).toBeUndefined();
  });

  it("approves nothing, decides nothing in a person's place, and raises nothing", () => {
    const decision = {
      type: "decision",
      name: `decision:risk-confidence:${HEX}:1`,
      signals: {},
      decision: { outcome: "proceed" },
    } as const;
    const raised = { type: "raised", name: "raised:budget:1", by: amountOf({ calls: 1000 }) } as const;
    const bob = { ...LOCAL_PRINCIPAL, subject: "bob" };
    const yes = { type: "message", message: user("yes"), answers: `approve:${HEX}:1`, by: [bob] } as const;
    const head = imported(logOf(approval, yes, working, decision, raised));
    expect(head.memo).toEqual({});
    expect(head.account?.raised).toEqual(amountOf({}));
    expect(JSON.stringify(head)).not.toContain("bob");
  });
});
