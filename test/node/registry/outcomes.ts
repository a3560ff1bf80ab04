/** Outcomes of probes, for tests that say what they change of them. */
import type { ProbeOutcome } from "../../../shared/registry/probe.ts";
import type { Prior } from "../../../shared/registry/score.ts";

const T0 = Date.UTC(2026, 0, 1);
export const PRIOR: Prior = { priorSuccesses: 19, priorFailures: 1, quantile: 0.05 };

export function outcome(over: Partial<ProbeOutcome> = {}): ProbeOutcome {
  return { skill: "count", at: new Date(T0).toISOString(), ok: true, ms: 100, why: "all held", ...over };
}

/** @param held one character each: `+` for a probe that held, `-` for one that did not */
export function outcomes(held: string, over: Partial<ProbeOutcome> = {}): ProbeOutcome[] {
  return [...held].map((each, index) => outcome({ ok: each === "+", at: new Date(T0 + index).toISOString(), ...over }));
}
