/**
 * Probes of the operator's own, which no publisher sees: an agent that has learnt the known ones by heart fails these. They are a
 * variable of the registry's Worker, never stored and never shown, and what is told of their outcomes does not give them away.
 */
import type { Probe } from "../../shared/registry/probe.ts";
import { checkProbes } from "../../shared/registry/probe-rules.ts";
import { isObject } from "../../shared/task/a2a-types.ts";

export interface HiddenProbesEnv {
  /** JSON: by the agent's name, a list of probes in the form of those that publishers send. */
  readonly SKEIN_HIDDEN_PROBES?: string;
}

/** In place of what did not hold, which would say what was asked. */
export const KEPT_SECRET = "did not do what a probe of the operator's own expects";

/**
 * @param name of the agent
 * @throws Error that names the variable and the field: an operator who believes that agents are watched must hear that they are not
 */
export function hiddenProbes(name: string, { SKEIN_HIDDEN_PROBES: said = "" }: HiddenProbesEnv): readonly Probe[] {
  if (said.trim() === "") return [];
  const all = parsed(said);
  if (!isObject(all))
    throw new Error('SKEIN_HIDDEN_PROBES must be JSON such as { "<agent>": [{ "skill": …, "message": …, "expect": … }] }');
  if (!Object.hasOwn(all, name)) return [];
  const checked = checkProbes(all[name]);
  if (checked.ok) return checked.probes;
  const { field, problem } = checked.problem;
  throw new Error(`SKEIN_HIDDEN_PROBES: ${field.replace(/^probes/, name)} ${problem}`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
