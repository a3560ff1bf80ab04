import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { describeProblem, layersOf, type Plan, type PlannedGoal, problemOf } from "../../../shared/control/plan.ts";
import {
  applyResult,
  type ControlState,
  controlStateOf,
  describeGoal,
  type GoalResult,
  giveUp,
  goalOf,
  inputsOf,
  isFinished,
  noteAttempt,
  readyGoals,
} from "../../../shared/control/state.ts";

const goal = (id: string, dependsOn: string[] = [], change: Partial<PlannedGoal> = {}): PlannedGoal => ({
  id,
  text: `do ${id}`,
  parent: null,
  dependsOn,
  origin: "request",
  when: "always",
  role: "asked",
  surface: ["a/x"],
  stop: "answer",
  candidates: [{ agent: "a", skill: "x", score: 1 }],
  attachments: [],
  ...change,
});
const planOf = (...goals: PlannedGoal[]): Plan => ({ request: "do it all", goals });
const result = (findingCount = 1, worked = false): GoalResult => ({
  text: "done",
  findings: null,
  findingCount,
  worked,
  artifacts: [],
  unsupported: [],
  reliability: null,
});
const start = (...goals: PlannedGoal[]): ControlState => {
  const made = controlStateOf(planOf(...goals));
  if ("problem" in made) throw new Error(describeProblem(made.problem));
  return made.state;
};
const ids = (state: ControlState) => readyGoals(state).map(({ id }) => id);

describe("a plan", () => {
  it.each([
    ["no goal", planOf(), "empty", []],
    ["a goal that waits for itself", planOf(goal("a", ["a"])), "cycle", ["a"]],
    ["goals that wait for each other", planOf(goal("a", ["b"]), goal("b", ["a"]), goal("c")), "cycle", ["a", "b"]],
    ["a goal twice", planOf(goal("a"), goal("a")), "duplicate-goal", ["a"]],
    ["a dependency it does not have", planOf(goal("a", ["z"])), "unknown-goal", ["z"]],
    ["a parent it does not have", planOf(goal("a", [], { parent: "z" })), "unknown-goal", ["z"]],
  ] as const)("with %s is refused", (_case, plan, reason, goals) => {
    expect(controlStateOf(plan)).toEqual({ problem: { reason, goals } });
    expect(describeProblem({ reason, goals })).toMatch(/\w/);
  });

  it("is a cycle exactly when some goal reaches itself", () => {
    const edges = fc.array(fc.tuple(fc.nat(5), fc.nat(5)), { maxLength: 10 });
    fc.assert(
      fc.property(edges, (pairs) => {
        const plan = planOf(
          ...[0, 1, 2, 3, 4, 5].map((n) =>
            goal(
              `g${n}`,
              pairs.filter(([from]) => from === n).map(([, to]) => `g${to}`),
            ),
          ),
        );
        const reaches = (from: string, to: string, seen = new Set<string>()): boolean =>
          (plan.goals.find(({ id }) => id === from)?.dependsOn ?? []).some(
            (next) => next === to || (!seen.has(next) && reaches(next, to, seen.add(next))),
          );
        expect(problemOf(plan)?.reason === "cycle").toBe(plan.goals.some(({ id }) => reaches(id, id)));
      }),
    );
  });

  it("puts into one layer what can go out together", () => {
    expect(layersOf(planOf(goal("a"), goal("b"), goal("c", ["a", "b"]), goal("d", ["c"])))).toEqual([["a", "b"], ["c"], ["d"]]);
  });
});

describe("the control state", () => {
  it("lets a goal out when all it builds on is done", () => {
    let state = start(goal("a"), goal("b"), goal("c", ["a", "b"]));
    expect(ids(state)).toEqual(["a", "b"]);
    state = applyResult(state, "a", result());
    expect(ids(state)).toEqual(["b"]);
    state = applyResult(state, "b", result());
    expect(ids(state)).toEqual(["c"]);
    expect(inputsOf(state, goalOf(state, "c"))).toHaveLength(2);
  });

  it("blocks what builds on a failure, however far behind, and says on what", () => {
    const state = giveUp(start(goal("a"), goal("b", ["a"]), goal("c", ["b"]), goal("d")), "a", "nobody answered");
    expect(state.goals.map(({ status }) => status)).toEqual(["failed", "blocked", "blocked", "waiting"]);
    expect(describeGoal(goalOf(state, "b"))).toBe('"do b" was not tried: it builds on "do a", which gave nothing');
    expect(ids(state)).toEqual(["d"]);
  });

  it("lets a goal out with what there is: what failed beside it does not block it", () => {
    const state = giveUp(start(goal("a"), goal("b"), goal("sum", ["a", "b"])), "a", "no");
    expect(ids(state)).toEqual(["b"]);
    expect(ids(applyResult(state, "b", result()))).toEqual(["sum"]);
  });

  it("blocks it when nothing it builds on worked", () => {
    const state = giveUp(giveUp(start(goal("a"), goal("b"), goal("sum", ["a", "b"])), "a", "no"), "b", "no");
    expect(goalOf(state, "sum").status).toBe("blocked");
    expect(isFinished(state)).toBe(true);
  });

  it.each([
    [0, "needless"],
    [1, "needless"],
    [2, "waiting"],
  ])("with %i findings, composing them is %s, and checking what was composed likewise", (count, status) => {
    const compose = goal("compose", ["a"], { when: "several-findings" });
    const state = applyResult(start(goal("a"), compose, goal("check", ["compose"])), "a", result(count));
    expect(goalOf(state, "compose").status).toBe(status);
    expect(goalOf(state, "check").status).toBe(status);
  });

  it.each<[string, boolean[], string]>([
    ["one result that was worked out", [true], "needless"],
    ["several of them", [true, true], "needless"],
    ["one of them beside passages", [true, false], "waiting"],
  ])("with %s, composing (%s) is %s", (_case, worked, status) => {
    const goals = worked.map((_, index) => goal(`g${index}`));
    const compose = goal("compose", ["g0", "g1"].slice(0, worked.length), { when: "several-findings" });
    const state = worked.reduce((done, each, index) => applyResult(done, `g${index}`, result(2, each)), start(...goals, compose));
    expect(goalOf(state, "compose").status).toBe(status);
  });

  it("remembers who tried and how it went", () => {
    let state = noteAttempt(start(goal("a")), "a", { agent: "a", skill: "x", failure: "it was away" });
    state = applyResult(noteAttempt(state, "a", { agent: "b", skill: "y", failure: null }), "a", result());
    expect(goalOf(state, "a").attempts).toHaveLength(2);
    expect(describeGoal(goalOf(state, "a"))).toBe('"do a" was done by b/y');
  });

  it("is plain JSON", () => {
    const state = applyResult(start(goal("a"), goal("b", ["a"])), "a", result());
    expect(JSON.parse(JSON.stringify(state))).toEqual(state);
  });

  it("ends, whatever fails, and never lets a goal out before its inputs", () => {
    const shape = fc.array(fc.record({ on: fc.array(fc.nat(6), { maxLength: 3 }), several: fc.boolean() }), {
      minLength: 1,
      maxLength: 7,
    });
    fc.assert(
      fc.property(shape, fc.array(fc.integer({ min: -1, max: 2 }), { minLength: 7, maxLength: 7 }), (shapes, fates) => {
        const goals = shapes.map(({ on, several }, index) =>
          goal(`g${index}`, [...new Set(on.filter((each) => each < index).map((each) => `g${each}`))], {
            when: several ? "several-findings" : "always",
          }),
        );
        let state = start(...goals);
        for (let round = 0; round <= goals.length && !isFinished(state); round++) {
          const next = readyGoals(state)[0];
          if (!next) break;
          expect(next.dependsOn.every((id) => goalOf(state, id).status !== "waiting")).toBe(true);
          const fate = fates[goals.findIndex(({ id }) => id === next.id)] ?? 0;
          state = fate < 0 ? giveUp(state, next.id, "no") : applyResult(state, next.id, result(fate));
        }
        expect(
          state.goals
            .filter(({ status }) => status === "waiting")
            .every(({ when, dependsOn }) => when === "several-findings" && dependsOn.length === 0),
        ).toBe(true);
      }),
    );
  });
});
