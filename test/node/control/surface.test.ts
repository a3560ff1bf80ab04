import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { narrowTo, type Surface } from "../../../shared/control/surface.ts";
import { decideSurface, describeSurface } from "../../../shared/policy/surface.ts";

const skills = fc.array(fc.constantFrom("a/x", "a/y", "b/x", "c/z", "a", ""), { maxLength: 6 });
const surfaces: fc.Arbitrary<Surface> = fc.oneof(skills, fc.constant("any" as const));

describe("a child's surface", () => {
  it("is never wider than its parent's, nor than what was wished, however deep", () => {
    fc.assert(
      fc.property(surfaces, fc.array(skills, { minLength: 1, maxLength: 4 }), (parent, wishes) => {
        let held = parent;
        for (const wished of wishes) {
          const next = narrowTo(held, wished);
          for (const skill of next) {
            expect(wished).toContain(skill);
            if (held !== "any") expect(held).toContain(skill);
          }
          expect(new Set(next).size).toBe(next.length);
          held = next;
        }
      }),
    );
  });

  it("is the parent's where nothing else is wished, and narrowing it again changes nothing", () => {
    fc.assert(
      fc.property(surfaces, skills, (parent, wished) => {
        expect(narrowTo(parent, "any")).toBe(parent);
        const once = narrowTo(parent, wished);
        expect(narrowTo(once, once)).toEqual(once);
      }),
    );
  });
});

describe("a call", () => {
  it.each([
    ["a/x", ["a/x", "b/y"], "call"],
    ["a/y", ["a/x", "b/y"], "refuse"],
    // By its whole name: not by its agent, not by a part of it.
    ["a", ["a/x"], "refuse"],
    ["a/x", ["a/xx", "a", "*", "a/*"], "refuse"],
    ["a/x", [], "refuse"],
  ])("of %s is made for a goal that was given %j: %s", (skill, surface, outcome) => {
    expect(decideSurface({ goal: "g", skill, surface }).outcome).toBe(outcome);
  });

  it("that is refused is told what may be called instead", () => {
    expect(describeSurface({ goal: "g", skill: "a/y", surface: ["a/x"] })).toBe(
      'a/y is not among the skills that the goal "g" was given: it may use a/x',
    );
    expect(describeSurface({ goal: "g", skill: "a/y", surface: [] })).toContain("no skill at all");
  });
});
