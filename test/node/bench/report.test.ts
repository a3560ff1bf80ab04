/** What a benchmark row may claim. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Group } from "../../../bench/group.ts";
import type { Round } from "../../../bench/load.ts";
import { judge, median, resultsOf, table } from "../../../bench/report.ts";
import { GROUPS } from "../../../bench/rows.ts";

function round(over: Partial<Round> = {}): Round {
  return { requests: 100, requestsPerSecond: 100, p50: 10, p99: 20, errors: 0, ...over };
}

const group: Group = {
  id: "send",
  storages: ["memory"],
  subjects: {
    ours: { name: "ours", server: "echo", load: { kind: "send" } },
    floor: { name: "the floor", server: "floors", load: { kind: "floor-hot" } },
  },
  lines: [{ title: "Send", ours: "ours", against: "floor", compare: "throughput", atLeast: 0.5 }],
};

describe("a row of the benchmark", () => {
  it("is invalid when one answer was wrong, however fast the others were", () => {
    const rounds = { ours: [round({ requestsPerSecond: 9_000, errors: 1, firstError: "HTTP 200: error" })], floor: [round()] };
    expect(resultsOf(group, "memory", rounds)[0]).toMatchObject({ verdict: "invalid", note: "1 errors, first: HTTP 200: error" });
  });

  it("compares rounds that were run beside each other before it takes the median", () => {
    // The machine was twice as fast in the second round for both: 50/100, 100/200, 60/100 have the median 0.5.
    const rounds = {
      ours: [50, 100, 60].map((requestsPerSecond) => round({ requestsPerSecond })),
      floor: [100, 200, 100].map((requestsPerSecond) => round({ requestsPerSecond })),
    };
    expect(resultsOf(group, "memory", rounds)[0]).toMatchObject({ value: 0.5, spread: [0.5, 0.6], verdict: "met" });
  });

  it("says by how much of the goal it was missed", () => {
    // 0.4 of 0.5 is 80%.
    expect(judge({ compare: "throughput", atLeast: 0.5 }, 0.4)).toEqual({ verdict: "missed", note: "20% below" });
    // 1.8 of 1.5 is 120%.
    expect(judge({ compare: "p50", atMost: 1.5 }, 1.8)).toEqual({ verdict: "missed", note: "20% above" });
  });

  it("of memory compares what is held for each, and says nothing of requests", () => {
    const memory: Group = { ...group, lines: [{ title: "Memory", ours: "ours", against: "floor", compare: "memory", atMost: 2 }] };
    const rounds = { ours: [round({ bytesEach: 30 * 1024 })], floor: [round({ bytesEach: 20 * 1024 })] };
    const results = resultsOf(memory, "memory", rounds);
    expect(results[0]).toMatchObject({ value: 1.5, verdict: "met" });
    expect(table(results)).toContain("| ours: 30 kB each | the floor: 20 kB each |");
  });

  it("of microseconds is judged by its own median, with the other side's beside it", () => {
    const decision: Group = {
      ...group,
      lines: [{ title: "Decision", ours: "ours", against: "floor", compare: "microseconds", atMost: 50 }],
    };
    // 0.06 ms are 60 µs, 20% above 50.
    const results = resultsOf(decision, "memory", { ours: [round({ p50: 0.06, p99: 0.2 })], floor: [round({ p50: 0.001, p99: 0.002 })] });
    expect(results[0]).toMatchObject({ verdict: "missed", note: "20% above" });
    expect(table(results)).toContain("| ours: 60 / 200 µs | the floor: 1.00 / 2.00 µs | 60.00 µs (60.00 to 60.00) | at most 50 µs |");
  });

  it("keeps its table whole when an error message has bars and line breaks", () => {
    const rounds = { ours: [round({ errors: 1, firstError: "a | b\nc" })], floor: [round()] };
    expect(table(resultsOf(group, "memory", rounds)).split("\n")).toHaveLength(3);
  });

  it("takes a goal reached for reached when more is asked of nothing but itself", () => {
    fc.assert(
      fc.property(fc.double({ min: 0.01, max: 10, noNaN: true }), fc.double({ min: 0, max: 10, noNaN: true }), (goal, more) => {
        expect(judge({ compare: "throughput", atLeast: goal }, goal + more).verdict).toBe("met");
        expect(judge({ compare: "p50", atMost: goal + more }, goal).verdict).toBe("met");
      }),
    );
  });

  it("names only subjects its group has", () => {
    for (const { subjects, lines } of GROUPS)
      for (const line of lines) expect(Object.keys(subjects)).toEqual(expect.arrayContaining([line.ours, line.against]));
  });
});

describe("a median", () => {
  it("lies between the least and the most, whatever the order", () => {
    fc.assert(
      fc.property(fc.array(fc.integer(), { minLength: 1 }), (values) => {
        const middle = median(values);
        expect(middle).toBeGreaterThanOrEqual(Math.min(...values));
        expect(middle).toBeLessThanOrEqual(Math.max(...values));
        expect(median([...values].reverse())).toBe(middle);
      }),
    );
  });
});
