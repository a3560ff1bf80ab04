import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readContract } from "../../../shared/contract/load.ts";
import { decideCircuitBreaker, describeCircuitBreaker, type Trip } from "../../../shared/policy/circuit-breaker.ts";
import { NO_TURNS, noteLetGoOn, noteReplan, noteTurn, type ToldTurn, type Turns, turnOf } from "../../../shared/policy/turns.ts";

const FILE = "contracts/circuit-breaker.v1.yaml";
const CONTRACT = readContract("circuit-breaker", readFileSync(new URL(`../../../${FILE}`, import.meta.url), "utf8"), FILE);

const turn = (change: Partial<ToldTurn> = {}): ToldTurn => ({
  skill: "researcher/search",
  action: "sources for the moon landing of 1969",
  result: "answer",
  text: "three sources were found, and each of them says the same",
  ...change,
});
const failed = (text: string, change: Partial<ToldTurn> = {}) => turn({ result: "error", text, ...change });
const taken = (turns: readonly ToldTurn[], from: Turns = NO_TURNS) => turns.reduce((state, each) => noteTurn(state, turnOf(each)), from);
const times = <T>(count: number, make: (index: number) => T) => Array.from({ length: count }, (_, index) => make(index));
const decide = (state: Turns, out = 0) => decideCircuitBreaker(CONTRACT, { ...state.signals, out });
/** The reasons of the first trip, and after how many turns it came. */
function firstTrip(turns: readonly ToldTurn[]): { after: number; reasons: readonly Trip[] } | "none" {
  let state = NO_TURNS;
  for (const [index, each] of turns.entries()) {
    state = noteTurn(state, turnOf(each));
    const decision = decide(state);
    if (decision.outcome !== "go") return { after: index + 1, reasons: decision.reasons };
  }
  return "none";
}

describe("a long healthy run does not trip", () => {
  const alike = "please read the document that is named below from its first page to its last, and write down in ten lines what it says";
  it.each([
    [
      "45 different calls with new results",
      times(45, (n) => turn({ skill: `agent-${n % 7}/do`, action: `task ${n}`, text: `result ${n}` })),
    ],
    ["the same skill 30 times with different arguments", times(30, (n) => turn({ action: `${alike}: document ${n}`, text: `page ${n}` }))],
    ["30 writes that are all answered alike", times(30, (n) => turn({ skill: "store/write", action: `row ${n}`, text: "done" }))],
    ["a poll that hears something new each time", times(30, (n) => turn({ action: "how far is it", text: `${n} of 30 steps are done` }))],
    ["a poll whose program knows that it moves", times(30, (n) => turn({ action: "how far is it", text: "not yet", state: `at ${n}` }))],
    [
      "a long document, then short figures",
      [turn({ text: "x".repeat(20_000) }), ...times(30, (n) => turn({ action: `sum ${n}`, text: `${n}` }))],
    ],
    [
      "errors between answers that come forward",
      times(40, (n) => (n % 2 ? failed(`no page ${n}`) : turn({ action: `page ${n}`, text: `${n}` }))),
    ],
    ["two failed attempts, then one that works, again and again", times(45, (n) => (n % 3 < 2 ? failed("busy") : turn({ text: `${n}` })))],
  ])("%s", (_run, turns) => {
    expect(firstTrip(turns)).toBe("none");
  });
});

describe("each signal trips by itself, at its limit and not before", () => {
  const different = (n: number) => `${"abcdefghijklmnop"[n]} entirely other question`;
  it.each<[string, readonly ToldTurn[], number, Trip]>([
    // The first turn shows something; the three after it do not.
    ["a state that stays the same", times(9, (n) => turn({ action: different(n), text: `${n}`, state: "reading" })), 4, "unchanged-state"],
    // Where it once was is no new state: two states take turns, and the third turn shows neither for the first time.
    ["two states that take turns", times(9, (n) => turn({ action: different(n), state: n % 2 ? "open" : "shut" })), 5, "unchanged-state"],
    // A count in it makes each error another text; the numbers do not count.
    ["the same error five times", times(9, (n) => failed(`line ${n}: no such column`, { action: different(n) })), 5, "same-error"],
    // More than 15: the sixteenth error that nobody has seen.
    [
      "sixteen different errors",
      times(20, (n) => failed(`${"e".repeat(n + 1)} is missing`, { action: "w".repeat(n + 1) })),
      16,
      "calls-without-progress",
    ],
    // The first action repeats nothing; the contract's number of repetitions come after it, each with an error of its own.
    [
      "the same action, failing ever differently",
      times(9, (n) => failed(`${"e".repeat(n + 1)} is missing`)),
      CONTRACT.repeatedActions + 1,
      "repetition",
    ],
    // 100, then 29 and less of what was said before: 1 - 29/100 is 0.71. The first 29 is new, and the next three decline.
    [
      "answers of less and less",
      [turn({ text: "x".repeat(100) }), ...times(9, (n) => turn({ action: different(n), text: "y".repeat(29) }))],
      5,
      "decline",
    ],
    ["fifty healthy turns", times(60, (n) => turn({ action: different(n % 16), text: `${n}` })), 50, "turn-cap"],
  ])("%s", (_case, turns, after, reason) => {
    expect(firstTrip(turns)).toEqual({ after, reasons: [reason] });
  });

  it.each([
    // 1 - 30/100 is 0.70: not more than 70%.
    ["a fall of exactly 70%", [turn({ text: "x".repeat(100) }), ...times(9, (n) => turn({ action: different(n), text: "y".repeat(30) }))]],
    ["fifteen different errors", times(15, (n) => failed(`${"e".repeat(n + 1)} is missing`, { action: "w".repeat(n + 1) }))],
    [
      "another skill's short answers",
      [turn({ text: "x".repeat(100) }), ...times(9, (n) => turn({ skill: "store/write", action: different(n), text: "ok" }))],
    ],
  ])("%s is not enough", (_case, turns) => {
    expect(firstTrip(turns)).toBe("none");
  });

  it("takes an error for no short answer, even one that says what an answer said", () => {
    const state = taken([turn({ text: "x".repeat(100) }), turn({ text: "no" }), failed("no")]);
    expect(state.signals.decline).toEqual([0, 0, 0]);
  });

  it("names every signal that tripped, in one order", () => {
    const state = taken(times(50, () => failed("disk is full")));
    expect(decide(state)).toMatchObject({
      outcome: "ask",
      reason: "turn-cap",
      reasons: ["turn-cap", "same-error", "repetition", "unchanged-state", "calls-without-progress"],
    });
  });
});

describe("whom it tells", () => {
  const stuck = times(4, () => turn());

  it("tells the planner twice, and then asks a person", () => {
    const told: unknown[] = [];
    let state = NO_TURNS;
    while (told.at(-1) !== "ask") {
      state = taken([turn()], state);
      const decision = decide(state);
      if (decision.outcome === "replan") state = noteReplan(state, decision.reasons);
      if (decision.outcome !== "go") told.push(decision.outcome);
    }
    expect(told).toEqual(["replan", "replan", "ask"]);
  });

  it("gives the planner a chance: the next turn after it was told does not trip again", () => {
    const state = noteReplan(taken(stuck), ["unchanged-state"]);
    expect(decide(state)).toMatchObject({ outcome: "go" });
    expect(decide(taken([turn()], state))).toMatchObject({ outcome: "go" });
  });

  it("does not take a new plan for progress", () => {
    const errors = times(16, (n) => failed(`${"e".repeat(n + 1)} is missing`, { action: "w".repeat(n + 1) }));
    const halfway = noteReplan(taken(errors.slice(0, 8)), ["repetition"]);
    const tripped = taken(errors.slice(8), halfway);
    expect(decide(tripped)).toMatchObject({ outcome: "replan", reasons: ["calls-without-progress"], tripsLeft: 0 });
    // Told of just that, it has as many calls again; and so it has after a person.
    expect(decide(noteReplan(tripped, ["calls-without-progress"]))).toMatchObject({ outcome: "go" });
    expect(decide(noteLetGoOn(tripped, 0))).toMatchObject({ outcome: "go" });
  });

  it("goes straight to a person at the cap: a planner without turns has no use for a reason", () => {
    expect(decide(taken(times(50, (n) => turn({ text: `${n}` }))))).toMatchObject({ outcome: "ask", reasons: ["turn-cap"], turnsLeft: 0 });
  });

  it("starts afresh when a person lets it go on, with the turns that the person adds", () => {
    const asked = taken(times(50, (n) => turn({ text: `${n}` })));
    expect(decide(noteLetGoOn(asked, 20))).toMatchObject({ outcome: "go", turnsLeft: 20 });
    expect(decide(noteLetGoOn(asked, 0))).toMatchObject({ outcome: "ask", reasons: ["turn-cap"] });
    const thrice = noteLetGoOn(noteReplan(noteReplan(taken(stuck), []), []), 0);
    expect(decide(taken(stuck, thrice))).toMatchObject({ outcome: "replan", tripsLeft: 1 });
  });

  it.each([
    [39, "none", 11],
    [40, "caution", 10],
    [46, "caution", 4],
    [47, "warning", 3],
    [49, "warning", 1],
  ] as const)("after %i healthy turns the notice is %s", (turns, notice, turnsLeft) => {
    const state = taken(times(turns, (n) => turn({ text: `${n}` })));
    expect(decide(state)).toMatchObject({ policy: "circuit-breaker", version: CONTRACT.version, outcome: "go", notice, turnsLeft });
  });

  it("counts the calls that are out, so that many at once do not get past the cap", () => {
    const state = taken(times(45, (n) => turn({ text: `${n}` })));
    expect(decide(state, 4)).toMatchObject({ outcome: "go", turnsLeft: 1 });
    expect(decide(state, 5)).toMatchObject({ outcome: "ask", reasons: ["turn-cap"] });
  });

  it("says in words what was seen and what to do", () => {
    expect(describeCircuitBreaker(decide(taken(stuck)))).toMatch(/goes nowhere: .*try something else/);
    expect(describeCircuitBreaker(decide(taken(times(50, (n) => turn({ text: `${n}` })))))).not.toMatch(/nowhere/);
    expect(describeCircuitBreaker(decide(taken(times(47, (n) => turn({ text: `${n}` })))))).toMatch(/3 turns left/);
  });
});

const anyTurn: fc.Arbitrary<ToldTurn> = fc.record(
  {
    skill: fc.constantFrom("a/x", "b/y"),
    action: fc.string(),
    result: fc.constantFrom("answer", "error"),
    text: fc.oneof(fc.constantFrom("", "done", "no"), fc.string()),
    state: fc.constantFrom("open", "shut"),
  },
  { requiredKeys: ["skill", "action", "result", "text"] },
);

describe("whatever the turns", () => {
  it("never trips before the cap while each turn brings an answer that nobody has seen, whatever else is in it", () => {
    const news = fc.uniqueArray(fc.record({ skill: fc.constantFrom("a/x", "b/y"), action: fc.string(), text: fc.string() }), {
      selector: ({ text }) => text,
      maxLength: CONTRACT.maxTurns - 1,
    });
    fc.assert(
      fc.property(news, (turns) => {
        expect(firstTrip(turns.map((each) => ({ ...each, result: "answer" })))).toBe("none");
      }),
    );
  });

  it("always trips within five turns of an action that always fails in the same way, whatever came before", () => {
    fc.assert(
      fc.property(fc.array(anyTurn, { maxLength: 30 }), fc.string(), fc.string(), (before, action, text) => {
        const state = taken(
          times(5, () => failed(text, { action })),
          taken(before),
        );
        expect(decide(state).outcome).not.toBe("go");
      }),
    );
  });

  it("is the same when it is folded again from what was written down", () => {
    fc.assert(
      fc.property(fc.array(anyTurn, { maxLength: 40 }), fc.nat(40), (turns, cut) => {
        const stored: Turns = JSON.parse(JSON.stringify(taken(turns.slice(0, cut))));
        expect(taken(turns.slice(cut), stored)).toEqual(taken(turns));
      }),
    );
  });

  it("stays small, and so does a turn, however long the run and the texts", () => {
    const long = times(400, (n) =>
      turn({ action: times(3_000, (word) => `word${(word * 31 + n) % 977}`).join(" "), text: `${n} `.repeat(4_000) }),
    );
    expect(JSON.stringify(taken(long)).length).toBeLessThan(6_000);
    expect(JSON.stringify(turnOf(turn({ action: "piece of ".repeat(9_000), text: "x".repeat(100_000) }))).length).toBeLessThan(2_000);
  });
});
