/**
 * What a person wishes for a task, from the options of a command. Checked here as far as it was mistyped; what may be wished is
 * the agent's to say. Pure.
 */
import { amountFrom } from "./amounts.ts";
import type { Wished } from "./client.ts";
import { UsageError } from "./terminal.ts";

export interface WishOptions {
  readonly limit: readonly string[];
  readonly prefer: readonly string[];
  readonly label?: string | undefined;
}

const PREFERENCES = ["accuracy", "cost", "latency"] as const;

/** @returns undefined when nothing is wished */
export function wishesFrom({ limit, prefer, label }: WishOptions): Wished | undefined {
  const wishes = {
    ...(limit.length > 0 && { limits: amountFrom(limit, "--limit") }),
    ...(prefer.length > 0 && { preferences: preferencesFrom(prefer) }),
    ...(label !== undefined && { label }),
  };
  return Object.keys(wishes).length > 0 ? wishes : undefined;
}

function preferencesFrom(said: readonly string[]): NonNullable<Wished["preferences"]> {
  const weights: Partial<Record<(typeof PREFERENCES)[number], number>> = {};
  for (const pair of said.flatMap((each) => each.split(",")).map((each) => each.trim())) {
    const [, name = "", number = ""] = /^(\w+)=([\d.]+)$/.exec(pair) ?? [];
    const preference = PREFERENCES.find((each) => each === name);
    const weight = Number(number);
    if (preference === undefined || number === "" || !(weight >= 0 && weight <= 1))
      throw new UsageError(`--prefer "${pair}" is no weight: give one from 0 to 1, such as cost=0.5; there are ${PREFERENCES.join(", ")}`);
    if (weights[preference] !== undefined) throw new UsageError(`--prefer names ${preference} twice: once is enough`);
    weights[preference] = weight;
  }
  return weights;
}
