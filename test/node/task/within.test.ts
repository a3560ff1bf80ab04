import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { amountOf, NOTHING, ONE_CALL, plus } from "../../../shared/budget/amount.ts";
import { evolveAccount, type TaskAccount } from "../../../shared/task/account.ts";
import type { TaskEvent } from "../../../shared/task/event.ts";
import { covers, isCounted, levelsOf, pathOf, under, type Within } from "../../../shared/task/within.ts";

const goal = (name: string, more: Partial<Within> = {}): Within => ({ goal: name, surface: ["a/x"], ...more });

describe("a goal's path", () => {
  it("leads from the outermost goal to its branch", () => {
    expect(pathOf(goal("figures", { branch: "road-2", parent: goal("survey") }))).toBe("survey/figures#road-2");
  });

  it("is nobody else's, whatever the names are made of", () => {
    const names = fc.string({ unit: fc.constantFrom("a", "b", "/", "#", "%", "2", "F"), maxLength: 5 });
    const goals = fc.tuple(names, fc.option(names, { nil: undefined }), fc.option(names, { nil: undefined }));
    const made = ([own, branch, around]: [string, string | undefined, string | undefined]) =>
      goal(own, { ...(branch !== undefined && { branch }), ...(around !== undefined && { parent: goal(around) }) });
    fc.assert(
      fc.property(goals, goals, (one, other) => {
        expect(pathOf(made(one)) === pathOf(made(other))).toBe(JSON.stringify(one) === JSON.stringify(other));
      }),
    );
  });

  it.each([
    ["survey", "survey", true],
    ["survey", "survey/figures", true],
    ["survey", "survey#road-1", true],
    ["survey#road-1", "survey", false],
    ["survey", "surveys", false],
    ["survey/figures", "survey", false],
  ])("%s covers %s: %s", (path, other, is) => {
    expect(covers(path, other)).toBe(is);
  });
});

describe("what is called inside a goal", () => {
  const around = goal("survey", { surface: ["a/x", "b/y"] });

  it("serves that goal, whatever it says itself", () => {
    expect(under(undefined, around)).toBe(around);
    const forged = goal("other", { surface: ["c/z"], parent: goal("survey", { surface: ["c/z"] }) });
    expect(levelsOf(under(forged, around) ?? forged)).toContain(around);
  });

  it("stays as it is where it serves it already", () => {
    const inside = goal("figures", { parent: around });
    expect(under(inside, around)).toBe(inside);
    expect(under(inside, undefined)).toBe(inside);
  });

  it("is counted apart only where more than the surface limits it", () => {
    expect(isCounted(goal("a"))).toBe(false);
    for (const limited of [{ mostCalls: 1 }, { share: { calls: 1 } }, { branch: "b" }])
      expect(isCounted(goal("a", { parent: goal("b", limited) }))).toBe(true);
  });
});

describe("the account of a task", () => {
  const at = 0;
  const delegating = (name: string, branch?: string): TaskEvent => ({
    type: "delegating",
    name,
    agent: "a",
    skill: "x",
    key: name,
    lease: amountOf({ microUsd: 10 }),
    ...(branch !== undefined && { branch }),
  });
  const called = (name: string, microUsd: number): TaskEvent => ({
    type: "called",
    name,
    agent: "a",
    skill: "x",
    cost: amountOf({ microUsd }),
  });
  const created: TaskEvent = {
    type: "created",
    contextId: "c",
    principal: { tenant: "t", app: "a", subject: "s", scopes: [] },
    message: { messageId: "m", role: "ROLE_USER", parts: [] },
  };
  const folded = (events: readonly TaskEvent[]) =>
    [created, ...events].reduce<TaskAccount | undefined>((account, event) => evolveAccount(account, { at, event }), undefined);

  it("counts a call to its branch from the moment it goes out, an answer to its callee with it, and once", () => {
    const out = [delegating("delegate:1", "g#one"), delegating("delegate:1:answer:1", "g#one"), delegating("delegate:2", "g#two")];
    expect(folded(out)?.branches).toEqual([
      { path: "g#one", spent: ONE_CALL, carved: { "delegate:1": amountOf({ microUsd: 10 }) }, calls: 1 },
      { path: "g#two", spent: ONE_CALL, carved: { "delegate:2": amountOf({ microUsd: 10 }) }, calls: 1 },
    ]);
    const ended = folded([...out, called("delegate:1", 7)]);
    expect(ended?.branches?.[0]).toEqual({ path: "g#one", spent: plus(ONE_CALL, amountOf({ microUsd: 7 })), carved: {}, calls: 1 });
  });

  it("holds of its branches never more than of the task, and nothing of calls that count to none", () => {
    const BRANCH_OF: Record<string, string> = { "delegate:1": "g#one", "delegate:2": "g#two" };
    const names = fc.constantFrom("delegate:1", "delegate:2", "delegate:3");
    const event = fc.oneof(
      names.map((name) => delegating(name, BRANCH_OF[name])),
      fc.tuple(names, fc.nat(20)).map(([name, cost]) => called(name, cost)),
    );
    fc.assert(
      fc.property(fc.array(event, { maxLength: 20 }), (events) => {
        const account = folded(events);
        const branches = account?.branches ?? [];
        expect(branches.map(({ spent }) => spent).reduce(plus, NOTHING).microUsd).toBeLessThanOrEqual(account?.spent.microUsd ?? 0);
        for (const { carved } of branches) for (const name of Object.keys(carved)) expect(account?.carved).toHaveProperty([name]);
      }),
    );
    expect(folded([delegating("delegate:1"), called("delegate:1", 3)])?.branches).toBeUndefined();
  });
});
