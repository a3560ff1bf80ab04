import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Rollout, RolloutChange } from "../../../shared/registry/rollout.ts";
import { decideRoll, whereItIs } from "../../../shared/registry/rollout-change.ts";
import { ROLLOUT } from "./rollout-contract.ts";

// Who may send a rollout where, whatever its gates say.

const ALICE = "acme/desk/alice";
const STEPS = ["shadow", "canary", "ramp", "active", "back"] as const satisfies readonly RolloutChange["to"][];
const T0 = "2026-11-21T12:00:00.000Z";

function rollout(over: Partial<Rollout> = {}): Rollout {
  const { version: contract } = ROLLOUT;
  return {
    name: "heron",
    version: "1.1.0",
    base: "1.0.0",
    stage: "canary",
    share: 0.1,
    begunAt: T0,
    since: T0,
    contract,
    why: "",
    ...over,
  };
}

function roll(to: RolloutChange["to"], over: Partial<Rollout> = {}, { by = ALICE, isOperator = true, tryable = true } = {}) {
  return decideRoll(ROLLOUT, { name: "heron", to, by, isOperator }, { publisher: ALICE, tryable }, rollout(over));
}

describe("a rollout that is sent by hand", () => {
  it.each<[RolloutChange["to"], Partial<Rollout>, object | string]>([
    ["canary", { stage: "shadow", share: 0 }, { stage: "canary", share: 0.1 }],
    ["ramp", { stage: "shadow", share: 0 }, { stage: "ramp", share: 0.25 }],
    ["ramp", {}, { stage: "ramp", share: 0.25 }],
    ["ramp", { stage: "ramp", share: 0.25 }, { stage: "ramp", share: 0.5 }],
    ["canary", { stage: "ramp", share: 0.5 }, { stage: "canary", share: 0.1 }],
    ["shadow", {}, { stage: "shadow", share: 0 }],
    ["active", { stage: "shadow", share: 0 }, "active"],
    ["back", {}, "back"],
  ])("to %s from %o comes to %o", (to, from, step) => expect(roll(to, from)).toMatchObject({ ok: true, step }));

  it("goes on from where it was seen, and not from where somebody else has sent it meanwhile", () => {
    const under = rollout({ stage: "ramp", share: 0.25 });
    const ramp = (from: NonNullable<RolloutChange["from"]>) =>
      decideRoll(ROLLOUT, { name: "heron", to: "ramp", from, by: ALICE, isOperator: true }, { publisher: ALICE, tryable: true }, under);
    expect(ramp({ stage: "ramp", share: 0.25 })).toMatchObject({ ok: true, step: { stage: "ramp", share: 0.5 } });
    for (const from of [{ stage: "canary", share: 0.1 } as const, { stage: "ramp", share: 0.5 } as const])
      expect(ramp(from)).toMatchObject({
        ok: false,
        refusal: { code: "conflict", field: "from", why: expect.stringContaining("in ramp with 25%") },
      });
  });

  it.each<[RolloutChange["to"], Partial<Rollout>]>([
    ["canary", {}],
    ["shadow", { stage: "shadow", share: 0 }],
    ["ramp", { stage: "ramp", share: 0.5 }],
  ])("to %s from %o is there already", (to, from) =>
    expect(roll(to, from)).toMatchObject({ ok: false, refusal: { code: "conflict", field: "to" } }),
  );

  it("goes to shadow only where copies can be made", () => {
    expect(roll("shadow", {}, { tryable: false })).toMatchObject({
      ok: false,
      refusal: { why: expect.stringContaining("send it to canary") },
    });
  });

  it("goes on by an operator only, and back by its publisher too", () => {
    const stage = fc.constantFrom("shadow" as const, "canary" as const, "ramp" as const);
    fc.assert(
      fc.property(fc.constantFrom(...STEPS), stage, fc.boolean(), fc.constantFrom(ALICE, "acme/desk/bob"), (to, from, isOperator, by) => {
        const rolled = roll(to, { stage: from }, { by, isOperator });
        if (rolled.ok && !isOperator) expect([rolled.step, by]).toEqual(["back", ALICE]);
        if (!rolled.ok) expect(rolled.refusal.code).toBe(isOperator ? "conflict" : "forbidden");
      }),
    );
  });

  it("is refused where nothing is tried, and where nobody is published", () => {
    const change = { name: "heron", to: "back", by: ALICE, isOperator: false } as const;
    const known = { publisher: ALICE, tryable: true };
    expect(decideRoll(ROLLOUT, change, known, undefined)).toMatchObject({ ok: false, refusal: { code: "conflict", field: "name" } });
    expect(decideRoll(ROLLOUT, change, undefined, undefined)).toMatchObject({ ok: false, refusal: { code: "not-found" } });
  });
});

describe("where a candidate is", () => {
  it("is said with what it gets, beside whom, and why", () => {
    expect(whereItIs(rollout({ why: "all gates hold" }))).toBe("in canary beside version 1.0.0, with 10% of the new calls: all gates hold");
    expect(whereItIs(rollout({ stage: "shadow", share: 0, why: "it is new" }))).toBe("in shadow beside version 1.0.0: it is new");
  });
});
