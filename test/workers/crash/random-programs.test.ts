import fc from "fast-check";
import { expect, it, vi } from "vitest";
import type { Death } from "./mortal.ts";
import { type Act, answerInPlace, written } from "./program.ts";
import { differences, type Errand, run } from "./run.ts";

// Programs that nobody has thought of, under crashes that nobody has chosen. On failure the seed is printed: `{ seed }` in LIMITS
// tries the same ones again.

/** Milliseconds for all programs together. */
const TIME_MS = 20_000;
const LIMITS: fc.Parameters<[readonly Act[], readonly Chance[]]> = {
  numRuns: 200,
  interruptAfterTimeLimit: TIME_MS,
  markInterruptAsFailure: false,
  endOnFailure: true,
};

/** A death at a point that is known only when it is known how many there are. */
interface Chance {
  /** From 0 to 1. */
  readonly at: number;
  readonly way: Death["way"];
}

const { acts, act } = fc.letrec<{ acts: readonly Act[]; act: Act }>((tie) => ({
  acts: fc.array(tie("act"), { maxLength: 4, depthIdentifier: "program" }),
  act: fc.oneof(
    { depthSize: "small", maxDepth: 2, withCrossShrink: true, depthIdentifier: "program" },
    fc.record({ does: fc.constantFrom("step" as const, "emit" as const, "progress" as const) }),
    fc.record({ does: fc.constant("spend" as const), microUsd: fc.nat(500) }),
    fc.oneof(fc.constant({ does: "ask" as const }), fc.constant({ does: "ask" as const, choices: ["left", "right"] })),
    fc.constant({ does: "approve" as const }),
    fc.record({
      does: fc.constant("call" as const),
      to: fc.constantFrom("root/program" as const, "middle/program" as const, "leaf/program" as const),
      acts: tie("acts"),
    }),
    fc.record({ does: fc.constant("together" as const), branches: fc.array(tie("acts"), { minLength: 2, maxLength: 3 }) }),
  ),
}));

/** Enough of it that a death comes in the middle of something. */
const program = fc.tuple(act, act, acts).map(([first, second, more]) => [first, second, ...more]);

const chance = fc.record({
  at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  way: fc.constantFrom("before" as const, "after" as const),
});

it("a program under crashes comes to what it comes to without them, whatever it does and wherever it dies", async () => {
  // What the mesh says about so many deaths would bury everything else.
  for (const method of ["error", "warn"] as const) vi.spyOn(console, method).mockImplementation(() => {});
  let [programs, deaths] = [0, 0];
  const property = fc.asyncProperty(program, fc.array(chance, { minLength: 1, maxLength: 3 }), async (acts, chances) => {
    const errand: Errand = { skill: "program", text: () => written({ place: "0", acts }), answer: answerInPlace };
    const undisturbed = await run(errand, [], "watch");
    expect(undisturbed.outcome.state, undisturbed.outcome.words).toBe("TASK_STATE_COMPLETED");
    const { length } = undisturbed.fate.points;
    const fate = chances.map(({ at, way }) => ({ point: 1 + Math.floor(at * length), way }));
    const ran = await run(errand, fate, "watch", undisturbed.outcome);
    programs += 1;
    deaths += ran.fate.died.length;
    expect(differences(ran, undisturbed.outcome), JSON.stringify(ran.fate.died)).toEqual([]);
  });
  try {
    await fc.assert(property, LIMITS);
  } finally {
    vi.restoreAllMocks();
    console.log(`${programs} random programs, ${deaths} deaths`);
  }
});
