import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findTask, placeTask } from "../../../shared/task/home.ts";

const owner = fc.string({ minLength: 1 }).map(encodeURIComponent);
const random = fc.uuid().map((text) => text.replaceAll("-", ""));
const homes = fc.constantFrom("own" as const, "shared" as const);
const optional = fc.option(fc.string(), { nil: undefined });

describe("a task id", () => {
  it("leads its owner to the home where the task was placed", () => {
    fc.assert(
      fc.property(owner, homes, optional, optional, random, (who, kind, contextId, key, unique) => {
        const placed = placeTask(who, kind, { contextId, key, random: unique });
        expect(findTask(who, placed.taskId)).toEqual(placed);
      }),
    );
  });

  it("leads nobody else anywhere", () => {
    fc.assert(
      fc.property(owner, owner, homes, random, (who, other, kind, unique) => {
        fc.pre(who !== other);
        const { taskId } = placeTask(who, kind, { random: unique });
        expect(findTask(other, taskId)).toBeUndefined();
      }),
    );
  });

  it("is nothing when it is made up", () => {
    fc.assert(fc.property(owner, fc.string(), (who, text) => void expect(findTask(who, text)).toBeUndefined()));
    expect(findTask("me", "s0-abc-000000")).toBeUndefined();
    expect(findTask("me", "")).toBeUndefined();
  });
});

describe("a home", () => {
  it("is one object for each task when tasks are long", () => {
    const one = placeTask("me", "own", { random: "a" });
    const two = placeTask("me", "own", { contextId: "c", random: "b" });
    expect(one.home).not.toBe(two.home);
  });

  it("is shared by the tasks of a context when they are short", () => {
    const one = placeTask("me", "shared", { contextId: "c", random: "a" });
    const two = placeTask("me", "shared", { contextId: "c", random: "b" });
    expect(one.home).toBe(two.home);
    expect(one.taskId).not.toBe(two.taskId);
  });

  it("is never shared by two principals", () => {
    expect(placeTask("a", "shared", { contextId: "c", random: "x" }).home).not.toBe(
      placeTask("b", "shared", { contextId: "c", random: "x" }).home,
    );
  });

  it("is found again by the same key, whatever else the request says", () => {
    const one = placeTask("me", "shared", { key: "k", contextId: "c", random: "a" });
    const two = placeTask("me", "shared", { key: "k", random: "b" });
    expect(one).toEqual(two);
    expect(placeTask("me", "shared", { key: "l", random: "a" }).taskId).not.toBe(one.taskId);
  });

  it("spreads messages without a context over several objects, evenly enough", () => {
    const counts = new Map<string, number>();
    for (let index = 0; index < 8000; index++) {
      const { home } = placeTask("me", "shared", { random: `${index}` });
      counts.set(home, (counts.get(home) ?? 0) + 1);
    }
    expect(counts.size).toBe(8);
    // 1,000 expected in each; six standard deviations of a fair spread are about 180.
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(180);
  });
});
