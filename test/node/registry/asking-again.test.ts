import { describe, expect, it } from "vitest";
import { askedLately, isAway, LOOKS, MOST_ASKED, nextLookMs, probePauseMs } from "../../../shared/registry/asking-again.ts";
import { outcome } from "./outcomes.ts";

// How often the registry looks again: seldom where nobody answers or nobody calls, and never more than so often because somebody asks.

const T0 = Date.UTC(2026, 10, 21);
const HOUR_MS = 3_600_000;

describe("probes", () => {
  it.each([
    [0, 6],
    [1, 12],
    [2, 24],
    [3, 24],
    [2_000, 24],
  ])("after %i runs in which an agent was away pause for %i hours", (awayRuns, hours) => {
    expect(probePauseMs(6, awayRuns)).toBe(hours * HOUR_MS);
  });

  it("pause as long as the contract says, also where that is more than a day", () => {
    expect(probePauseMs(48, 3)).toBe(48 * HOUR_MS);
  });

  it("find an agent away whose card is not there and which does nothing", () => {
    expect(isAway([])).toBe(true);
    expect(isAway([outcome({ ok: false })])).toBe(true);
    expect(isAway([outcome({ ok: false }), outcome({ ok: true })])).toBe(false);
    expect(isAway([outcome({ claim: "card", ok: false }), outcome({ ok: false })])).toBe(false);
  });

  it("are run so many times in an hour because somebody asks, and then when the first of them is an hour old", () => {
    const asked = Array.from({ length: MOST_ASKED }, (_, at) => T0 + at);
    expect(askedLately(asked.slice(1), T0 + 100)).toEqual({ lately: asked.slice(1) });
    expect(askedLately(asked, T0 + 100)).toEqual({ lately: asked, againAt: T0 + HOUR_MS });
    expect(askedLately(asked, T0 + HOUR_MS)).toEqual({ lately: asked.slice(1) });
  });
});

describe("a rollout", () => {
  it("is looked at every quarter of a minute while something is seen of it, and every five minutes later on", () => {
    expect(nextLookMs(T0, T0 + LOOKS.quietAfterMs - 1)).toBe(15_000);
    expect(nextLookMs(T0, T0 + LOOKS.quietAfterMs)).toBe(300_000);
  });
});
