import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LOCAL_PRINCIPAL } from "../../../shared/auth/principal.ts";
import { amountOf } from "../../../shared/budget/amount.ts";
import { isTerminal } from "../../../shared/task/a2a-types.ts";
import { forkAt, headOf } from "../../../shared/task/fork.ts";
import { historyOf } from "../../../shared/task/history.ts";
import { T0 } from "./log.ts";
import { ModelTask, type Op, program } from "./program-model.ts";

// What holds for a fork of any task at any of its positions.

const NOW = T0 + 86_400_000;

function finished(ops: readonly Op[], callees: Map<string, number>): ModelTask {
  const task = new ModelTask("t", callees);
  task.run(ops);
  while (task.waits) task.answer(ops);
  return task;
}

function forkOf(task: ModelTask, at: number, callees: Map<string, number>): ModelTask | undefined {
  const forked = forkAt(task.entries, at, { id: "n", principal: LOCAL_PRINCIPAL, from: "t", now: NOW });
  return forked.ok ? new ModelTask("n", callees, forked.entries) : undefined;
}

/** Each with a log of its own and a position in it. */
const cases = fc.tuple(program, fc.nat());

describe("a fork of any task, anywhere", () => {
  it("can be made exactly where the history says so", () => {
    fc.assert(
      fc.property(program, (ops) => {
        const { entries } = finished(ops, new Map());
        const checkpoints = historyOf(entries, "TASK_STATE_SUBMITTED", undefined).map(({ checkpoint }) => checkpoint);
        const forkable = entries.map(({ seq }) => forkAt(entries, seq, { id: "n", principal: LOCAL_PRINCIPAL, from: "t", now: NOW }).ok);
        expect(forkable).toEqual(checkpoints);
      }),
    );
  });

  it("works, waits for nobody, holds no call and has cost nothing", () => {
    fc.assert(
      fc.property(cases, ([ops, nat]) => {
        const task = finished(ops, new Map());
        const at = (nat % task.entries.length) + 1;
        const fork = forkOf(task, at, new Map());
        fc.pre(fork !== undefined);
        const before = headOf(task.entries.slice(0, at), "t");
        expect(fork?.head).toMatchObject({ state: "TASK_STATE_WORKING", questions: [], asked: {}, delegating: {}, keys: {} });
        expect(fork?.head.account).toMatchObject({ spent: amountOf({}), carved: {} });
        expect(fork?.head.account?.inherited?.calls).toBe(before.account?.spent.calls);
        expect(isTerminal(before.state)).toBe(false);
      }),
    );
  });

  it("remembers nothing that the other task did not, and forgets no finished work", () => {
    fc.assert(
      fc.property(cases, ([ops, nat]) => {
        const task = finished(ops, new Map());
        const at = (nat % task.entries.length) + 1;
        const fork = forkOf(task, at, new Map());
        fc.pre(fork !== undefined);
        const before = headOf(task.entries.slice(0, at), "t");
        const kept = fork?.head.memo ?? {};
        expect(before.memo).toMatchObject(kept);
        for (const [name, seq] of Object.entries(before.memo)) {
          const event = task.entries[seq - 1]?.event;
          const isAsking = event?.type === "memo" && JSON.stringify(event.value).includes('"asks"');
          if (name.startsWith("step:") || (/^delegate:[^:]+:[^:]+$/.test(name) && !isAsking)) expect(kept[name]).toBe(seq);
        }
      }),
    );
  });

  it("answered as before gives the same result, and does no finished step again", () => {
    fc.assert(
      fc.property(cases, ([ops, nat]) => {
        const task = finished(ops, new Map());
        const at = (nat % task.entries.length) + 1;
        const fork = forkOf(task, at, new Map());
        fc.pre(fork !== undefined);
        fork?.run(ops);
        while (fork?.waits) fork.answer(ops);
        expect(fork?.result).toBe(task.result);
        const steps =
          fork?.entries.flatMap(({ event }) => (event.type === "memo" && event.name.startsWith("step:") ? [event.name] : [])) ?? [];
        expect(new Set(steps).size).toBe(steps.length);
      }),
    );
  });

  it("touches no callee of the other task", () => {
    fc.assert(
      fc.property(cases, ([ops, nat]) => {
        const callees = new Map<string, number>();
        const task = finished(ops, callees);
        const before = new Map(callees);
        const fork = forkOf(task, (nat % task.entries.length) + 1, callees);
        fc.pre(fork !== undefined);
        fork?.run(ops);
        while (fork?.waits) fork.answer(ops);
        expect(new Map([...callees].filter(([to]) => to.startsWith("t/")))).toEqual(before);
        for (const { event } of fork?.entries ?? []) if (event.type === "delegating") expect(event.key.startsWith("n/")).toBe(true);
      }),
    );
  });

  it("of a fork is a fork of the same task", () => {
    fc.assert(
      fc.property(cases, fc.nat(), ([ops, nat], again) => {
        const task = finished(ops, new Map());
        const fork = forkOf(task, (nat % task.entries.length) + 1, new Map());
        fc.pre(fork !== undefined);
        fork?.run(ops);
        const entries = fork?.entries ?? [];
        const twice = forkAt(entries, (again % entries.length) + 1, { id: "m", principal: LOCAL_PRINCIPAL, from: "n", now: NOW });
        fc.pre(twice.ok);
        if (!twice.ok) return;
        const other = new ModelTask("m", new Map(), twice.entries);
        other.run(ops);
        while (other.waits) other.answer(ops);
        expect(other.result).toBe(task.result);
      }),
    );
  });
});
