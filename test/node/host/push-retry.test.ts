import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { askedWait, decideRetry, PUSH_RETRY } from "../../../shared/host/push/retry.ts";

const T0 = Date.UTC(2026, 0, 1);
const failed = { reason: "answered HTTP 500" };
const MINUTE = 60_000;

describe("a notification that was not taken", () => {
  it.each([
    [1, 10_000],
    [2, 30_000],
    [3, 90_000],
    [4, 270_000],
    [5, 810_000],
    [6, 30 * MINUTE], // 10 s × 3⁵ = 40.5 minutes, cut at 30
    [7, 30 * MINUTE],
  ])("waits after failure %i for at most %i ms", (failures, ceiling) => {
    expect(decideRetry(PUSH_RETRY, { failure: failed, failures, chance: 1 })).toEqual({ outcome: "retry", afterMs: ceiling });
    expect(decideRetry(PUSH_RETRY, { failure: failed, failures, chance: 0 })).toEqual({ outcome: "retry", afterMs: 0 });
  });

  it("is given up after the eighth failure in a row, an hour and twenty minutes after the first at the latest", () => {
    expect(decideRetry(PUSH_RETRY, { failure: failed, failures: 8, chance: 0.5 })).toEqual({ outcome: "give-up" });
    const waits = [1, 2, 3, 4, 5, 6, 7].map((failures) => decideRetry(PUSH_RETRY, { failure: failed, failures, chance: 1 }));
    const whole = waits.reduce((sum, wait) => sum + (wait.outcome === "retry" ? wait.afterMs : 0), 0);
    expect(whole / MINUTE).toBeCloseTo(80.2, 1);
  });

  it("is given up at once when another time would be the same", () => {
    expect(decideRetry(PUSH_RETRY, { failure: { ...failed, final: true }, failures: 1, chance: 0.5 })).toEqual({ outcome: "give-up" });
  });

  it("waits as long as it is asked to, an hour at most, and never less than it would anyway", () => {
    const asked = (askedMs: number, chance = 0) => decideRetry(PUSH_RETRY, { failure: { ...failed, askedMs }, failures: 1, chance });
    expect(asked(20_000)).toEqual({ outcome: "retry", afterMs: 20_000 });
    expect(asked(24 * 60 * MINUTE)).toEqual({ outcome: "retry", afterMs: 60 * MINUTE });
    expect(asked(5, 1)).toEqual({ outcome: "retry", afterMs: 10_000 });
  });

  it("is never tried more often than the bound, and never waits longer than an hour, whatever happens", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.option(fc.nat(), { nil: undefined }),
        (failures, chance, askedMs) => {
          const failure = { ...failed, ...(askedMs !== undefined && { askedMs }) };
          const decision = decideRetry(PUSH_RETRY, { failure, failures, chance });
          expect(decision.outcome).toBe(failures >= PUSH_RETRY.attempts ? "give-up" : "retry");
          if (decision.outcome === "retry") expect(decision.afterMs).toBeLessThanOrEqual(60 * MINUTE);
        },
      ),
    );
  });
});

describe("Retry-After", () => {
  it.each([
    ["120", 120_000],
    [" 0 ", 0],
    ["Thu, 01 Jan 2026 00:00:30 GMT", 30_000],
    ["Wed, 31 Dec 2025 23:59:00 GMT", 0],
    ["soon", undefined],
    ["", undefined],
    ["-5s", undefined],
    [null, undefined],
  ])("%j asks for %s ms", (header, ms) => {
    expect(askedWait(header, T0)).toBe(ms);
  });
});
