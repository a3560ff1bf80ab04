import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { betaQuantile } from "../../../shared/policy/beta.ts";

const SURE = 9;
const probability = fc.double({ min: 0.001, max: 0.999, noNaN: true });
const parameter = fc.double({ min: 0.05, max: 5_000, noNaN: true });

describe("betaQuantile", () => {
  it("is q^(1/a) for Beta(a, 1), and turned round for Beta(1, b)", () => {
    fc.assert(
      fc.property(probability, parameter, (q, shape) => {
        expect(betaQuantile(q, shape, 1)).toBeCloseTo(q ** (1 / shape), SURE);
        expect(betaQuantile(q, 1, shape)).toBeCloseTo(1 - (1 - q) ** (1 / shape), SURE);
      }),
    );
  });

  it("is the sine's square for Beta(1/2, 1/2), the arcsine distribution", () => {
    fc.assert(
      fc.property(probability, (q) => {
        expect(betaQuantile(q, 0.5, 0.5)).toBeCloseTo(Math.sin((Math.PI * q) / 2) ** 2, SURE);
      }),
    );
  });

  it("turns round with its parameters, and is a half in the middle of a symmetric one", () => {
    fc.assert(
      fc.property(probability, parameter, parameter, (q, a, b) => {
        expect(betaQuantile(q, a, b)).toBeCloseTo(1 - betaQuantile(1 - q, b, a), SURE);
        expect(betaQuantile(0.5, a, a)).toBeCloseTo(0.5, SURE);
      }),
    );
  });

  // Computed once with SciPy 1.17, scipy.stats.beta.ppf.
  it.each([
    [0.05, 19, 1, 0.8541314966877566],
    [0.05, 2, 2, 0.13535036217158378],
    [0.5, 2, 3, 0.3857275681323895],
    [0.05, 58, 2, 0.9221020784811816],
    [0.05, 109, 11, 0.8616296230426888],
    [0.95, 109, 11, 0.9472941166897442],
    [0.01, 0.5, 3, 2.8445523288735243e-5],
    [0.05, 1018, 2, 0.9953531316863733],
    [0.05, 100_000, 20, 0.9997212729368962],
    [0.05, 1_000_000, 1_000_000, 0.4994184565471427],
    [0.999, 3, 1_000_000, 1.1228797970142036e-5],
    [0.1, 978.3920451211922, 0.5807856155360224, 0.9984457210558731],
  ])("of %d in Beta(%d, %d) is %d", (q, a, b, expected) => {
    expect(betaQuantile(q, a, b)).toBeCloseTo(expected, SURE);
  });

  it.each([
    ["nothing of it", 0, 2, 3, 0],
    ["all of it", 1, 2, 3, 1],
    ["no share", Number.NaN, 2, 3, 0],
    ["no parameter", 0.5, 0, 3, 0],
    ["a parameter that is no number", 0.5, 2, Number.NaN, 0],
    ["a parameter without end", 0.5, Infinity, 3, 0],
  ])("answers %s", (_case, q, a, b, expected) => {
    expect(betaQuantile(q, a, b)).toBe(expected);
  });

  it("stays within 0..1 and grows with the share, however extreme the parameters", () => {
    const exponent = fc.double({ min: -300, max: 6, noNaN: true });
    fc.assert(
      fc.property(probability, probability, exponent, exponent, (one, other, a, b) => {
        const low = betaQuantile(Math.min(one, other), 10 ** a, 10 ** b);
        const high = betaQuantile(Math.max(one, other), 10 ** a, 10 ** b);
        expect(low).toBeGreaterThanOrEqual(0);
        expect(high).toBeLessThanOrEqual(1);
        expect(high - low).toBeGreaterThanOrEqual(-1e-9);
      }),
    );
  });
});
