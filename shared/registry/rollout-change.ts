/**
 * A rollout that somebody sends on or back, whatever its gates say: who may, and to where. Pure. Back is open to whoever published the
 * version; on is an operator's, because the calls that are tried on are not the publisher's own.
 */
import type { RolloutContract } from "../contract/rollout.ts";
import type { RegistryRefusal } from "./api.ts";
import type { Rollout, RolloutChange } from "./rollout.ts";
import { nextStep, type RolloutStep, stepTo } from "./rollout-gates.ts";

/** Where it is after it, or how it ended. */
export type Step = RolloutStep | "active" | "back";

export type Rolling<R extends Rollout> =
  | { readonly ok: true; readonly rollout: R; readonly step: Step }
  | { readonly ok: false; readonly refusal: RegistryRefusal };

/** @param known whose the agent is, and whether copies may be made of its calls; undefined where nobody published it */
export function decideRoll<R extends Rollout>(
  contract: RolloutContract,
  { name, to, from, by, isOperator }: Pick<RolloutChange, "name" | "to" | "from" | "by" | "isOperator">,
  known: { readonly publisher: string; readonly tryable: boolean } | undefined,
  rollout: R | undefined,
): Rolling<R> {
  if (!known) return refused("not-found", "name", "is published", `no agent is published as "${name}": list them to see which are`);
  if (known.publisher !== by && !isOperator)
    return refused("forbidden", "name", "is the caller's own", `"${name}" was published by somebody else: ask them, or an operator`);
  if (to !== "back" && !isOperator)
    return refused(
      "forbidden",
      "to",
      "is another stage by an operator only",
      "only an operator sends a rollout on: wait for its gates, or send it back",
    );
  if (!rollout)
    return refused(
      "conflict",
      "name",
      "has a rollout under way",
      `no version of "${name}" is being tried: publish a higher version to begin`,
    );
  if (from && (from.stage !== rollout.stage || from.share !== rollout.share))
    return refused(
      "conflict",
      "from",
      "is where it is",
      `version ${rollout.version} of "${name}" is ${placeOf(rollout)} by now, and was ${placeOf(from)}: look at it again, and say then where it goes`,
    );
  if (to === "active" || to === "back") return { ok: true, rollout, step: to };
  if (to === "shadow" && !known.tryable)
    return refused(
      "conflict",
      "to",
      "is a stage that it can have",
      `no skill of "${name}" is declared harmless by both cards, so that no copies are made of its calls: send it to canary`,
    );
  if (to !== rollout.stage) return { ok: true, rollout, step: stepTo(contract, to) };
  const next = nextStep(contract, rollout);
  // Whoever sends a ramp to the ramp means its next share.
  if (to === "ramp" && next !== "active") return { ok: true, rollout, step: next };
  return refused(
    "conflict",
    "to",
    "is another step",
    `version ${rollout.version} of "${name}" is in ${to} already, at the last of its shares: send it to another stage, to active, or back`,
  );
}

/** How a candidate stands, as the reason of its status. */
export function whereItIs({ stage, share, base, why }: Pick<Rollout, "stage" | "share" | "base" | "why">): string {
  const gets = stage === "shadow" ? "" : `, with ${percent(share)} of the new calls`;
  return `in ${stage} beside version ${base}${gets}: ${why}`;
}

function placeOf({ stage, share }: Pick<Rollout, "stage" | "share">): string {
  return stage === "shadow" ? "in shadow" : `in ${stage} with ${percent(share)}`;
}

function percent(share: number): string {
  return `${Number((share * 100).toFixed(1))}%`;
}

function refused(
  code: RegistryRefusal["code"],
  field: string,
  rule: string,
  why: string,
): { readonly ok: false; readonly refusal: RegistryRefusal } {
  return { ok: false, refusal: { code, field, rule, why } };
}
