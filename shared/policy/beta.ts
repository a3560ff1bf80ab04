/**
 * The quantile of the Beta distribution: how sure one can be of a skill after so many successes and failures. Pure numbers:
 * what they are taken from is in reliability.ts. Bounded work whatever comes in, never throws.
 */

/** Steps of the continued fraction; it needs about the square root of the larger parameter. */
const MAX_TERMS = 4_000;
/** Newton's steps and halvings together. Halvings alone would come this close in 40. */
const MAX_STEPS = 60;
const CLOSE = 1e-12;
/** Stands for a zero that something is divided by. */
const TINY = 1e-300;

/**
 * The x in 0..1 below which a share of Beta(a, b) lies. Newton's steps on the regularised incomplete beta function, each kept
 * inside the bracket that the steps before it left, so that a bad one costs a halving and no more. Exact to about 1e-10.
 *
 * @param probability 0..1
 * @param a above 0
 * @param b above 0
 * @returns 0 for anything that is no such number
 */
export function betaQuantile(probability: number, a: number, b: number): number {
  if (!(probability > 0 && a > 0 && b > 0 && a < Infinity && b < Infinity)) return 0;
  if (probability >= 1) return 1;

  const logBeta = logGamma(a) + logGamma(b) - logGamma(a + b);
  let low = 0;
  let high = 1;
  let x = a / (a + b);
  for (let step = 0; step < MAX_STEPS && high - low > CLOSE; step++) {
    const density = Math.exp((a - 1) * Math.log(x) + (b - 1) * Math.log1p(-x) - logBeta);
    const error = regularisedBeta(x, a, b, logBeta) - probability;
    if (error > 0) high = x;
    else low = x;
    const newton = error / density;
    // Halley's correction: the density is steep where the bound of a good skill lies, and Newton alone would take twice as long.
    const bend = Math.min(1, Math.max(-1, newton * ((a - 1) / x - (b - 1) / (1 - x))));
    const next = x - newton / (1 - 0.5 * bend);
    // Before the bracket is asked: x is an end of it now, and a step of nothing would be taken for one out of it.
    if (Math.abs(next - x) < CLOSE) return x;
    x = next > low && next < high ? next : (low + high) / 2;
  }
  return x;
}

/**
 * I_x(a, b), the share of Beta(a, b) below x: NIST DLMF 8.17.22, turned round by 8.17.4 where the fraction would be slow.
 *
 * @param logBeta the logarithm of B(a, b)
 */
function regularisedBeta(x: number, a: number, b: number, logBeta: number): number {
  const front = Math.exp(a * Math.log(x) + b * Math.log1p(-x) - logBeta);
  if (x < (a + 1) / (a + b + 2)) return front / (a * betaFraction(x, a, b));
  return 1 - front / (b * betaFraction(1 - x, b, a));
}

/** The continued fraction 1 + d1/(1 + d2/(1 + …)) of DLMF 8.17.22, from the front by Lentz's method (DLMF 3.10(iii)). */
function betaFraction(x: number, a: number, b: number): number {
  let value = 1;
  let numerator = 1;
  let denominator = 0;
  for (let term = 1; term <= MAX_TERMS; term++) {
    const m = term >> 1;
    const even = term % 2 === 0;
    const d = even ? (m * (b - m) * x) / ((a + term - 1) * (a + term)) : (-(a + m) * (a + b + m) * x) / ((a + term - 1) * (a + term));
    denominator = 1 / (1 + d * denominator || TINY);
    numerator = 1 + d / numerator || TINY;
    const factor = numerator * denominator;
    value *= factor;
    if (Math.abs(factor - 1) < 1e-14) break;
  }
  return value;
}

/** Stirling's series (DLMF 5.11.1) from ten on, where four terms are exact to the last digits; below it Γ(z + 1) = z Γ(z). */
function logGamma(z: number): number {
  let shift = 1;
  let at = z;
  for (; at < 10; at++) shift *= at;
  const inverse = 1 / at;
  const square = inverse * inverse;
  const series = inverse * (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square * (1 / 1680 - square / 1188))));
  return (at - 0.5) * Math.log(at) - at + 0.5 * Math.log(2 * Math.PI) + series - Math.log(shift);
}
