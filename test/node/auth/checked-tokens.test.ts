/** For how long a good token is believed without looking again. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CheckedTokens, KEPT_MS, MOST_TOKENS } from "../../../shared/auth/checked-tokens.ts";
import type { Principal } from "../../../shared/auth/principal.ts";
import { T0 } from "./an-issuer.ts";

const ADA: Principal = { tenant: "acme", app: "desk", subject: "ada", scopes: ["call"] };
const LATER = T0 + 10 * KEPT_MS;

describe("a token that was checked", () => {
  it.each([
    ["the moment it was checked", 0, LATER, true],
    ["until just before its time here is over", KEPT_MS - 1, LATER, true],
    ["no longer than that", KEPT_MS, LATER, false],
    ["until just before its own end", 999, T0 + 1_000, true],
    ["not past its own end, whatever skew a check allows", 1_000, T0 + 1_000, false],
    ["not when the clock was set back", -1, LATER, false],
  ])("is believed again: %s", (_when, after, expires, believed) => {
    const tokens = new CheckedTokens();
    tokens.keep("a", ADA, { now: T0, expires });
    expect(tokens.find("a", T0 + after)).toBe(believed ? ADA : undefined);
  });

  it("is never believed at a time at which one of both ends has passed", () => {
    fc.assert(
      fc.property(fc.integer({ min: -1, max: 3 * KEPT_MS }), fc.nat(3 * KEPT_MS), (lives, after) => {
        const tokens = new CheckedTokens();
        tokens.keep("a", ADA, { now: T0, expires: T0 + lives });
        expect(tokens.find("a", T0 + after) !== undefined).toBe(after < Math.min(lives, KEPT_MS));
      }),
    );
  });

  it("has to be checked again once so many others came after it", () => {
    const tokens = new CheckedTokens();
    for (let index = 0; index <= MOST_TOKENS; index++) tokens.keep(String(index), ADA, { now: T0, expires: LATER });
    expect(tokens.find("0", T0)).toBeUndefined();
    expect(tokens.find("1", T0)).toBe(ADA);
    expect(tokens.find(String(MOST_TOKENS), T0)).toBe(ADA);
  });

  it("says nothing about any other", () => {
    const tokens = new CheckedTokens();
    tokens.keep("a", ADA, { now: T0, expires: LATER });
    expect(tokens.find("b", T0)).toBeUndefined();
  });
});
