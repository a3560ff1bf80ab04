import { describe, expect, it } from "vitest";
import type { Held } from "../../../shared/registry/admission.ts";
import { baseOf, copiedSkills, decideOpening } from "../../../shared/registry/rollout-opening.ts";
import type { AgentCard, JsonObject } from "../../../shared/task/a2a-types.ts";
import { cardOf } from "./http-agent.ts";
import { ROLLOUT } from "./rollout-contract.ts";

// How a version enters: at once, or on calls first.

function held(version: string, place: string, status: Held["status"] = "listed"): Held {
  const url = `https://${place}.example`;
  return { name: "heron", version, digest: "d", publisher: "acme/desk/alice", url, endpoint: `${url}/rpc`, status };
}

/** Of the one who is called at first. */
const BASE = { version: "1.0.0", card: cardOf() };

function entering(facts: JsonObject = { readOnly: true }, atOnce = false) {
  return { version: "1.1.0", card: cardOf(facts), atOnce };
}

describe("the base of a new version", () => {
  it.each<[string, readonly Held[], string | undefined]>([
    ["there is none before it", [], undefined],
    ["it is listed elsewhere", [held("1.0.0", "a")], "1.0.0"],
    ["the new one takes its place", [held("1.0.0", "new")], undefined],
    ["the new one takes its place, and an older one runs elsewhere", [held("0.9.0", "a"), held("1.0.0", "new")], undefined],
    ["the new one takes the place of an older one", [held("0.9.0", "new"), held("1.0.0", "a")], "1.0.0"],
    ["the one before is being tried", [held("1.0.0", "a"), held("1.0.5", "b", "candidate")], "1.0.0"],
    ["the one before is deprecated", [held("1.0.0", "a", "deprecated")], "1.0.0"],
    ["one is deprecated above a listed one", [held("0.9.0", "a"), held("1.0.0", "b", "deprecated")], "0.9.0"],
    ["the one before is in quarantine", [held("1.0.0", "a", "quarantined")], undefined],
    ["the one before is revoked", [held("1.0.0", "a", "revoked")], undefined],
    ["the one before is revoked, and an older one is listed", [held("0.9.0", "a"), held("1.0.0", "b", "revoked")], "0.9.0"],
  ])("where %s", (_, versions, base) => {
    expect(baseOf(held("1.1.0", "new"), versions)?.version).toBe(base);
  });
});

describe("a new version", () => {
  it("is listed without a word where there is none to try it beside", () => {
    expect(decideOpening(ROLLOUT, entering(), undefined)).toEqual({ as: "listed" });
  });

  it("is tried in shadow, or in canary where it may get no copies", () => {
    const begins = { version: "1.1.0", base: "1.0.0", contract: ROLLOUT.version };
    expect(decideOpening(ROLLOUT, entering(), BASE)).toMatchObject({ as: "candidate", begins: { ...begins, stage: "shadow", share: 0 } });
    expect(decideOpening(ROLLOUT, entering({}), BASE)).toMatchObject({
      as: "candidate",
      begins: { ...begins, stage: "canary", share: ROLLOUT.canaryShare },
    });
  });

  it("is listed at once by an operator's word, or under a contract that is not enforced, which says what it would have done", () => {
    const atOnce = decideOpening(ROLLOUT, entering({ readOnly: true }, true), BASE);
    expect(atOnce).toMatchObject({ as: "listed", note: expect.stringContaining("not tried beside version 1.0.0") });
    const shadow = decideOpening({ ...ROLLOUT, mode: "shadow" }, entering(), BASE);
    expect(shadow).toMatchObject({ as: "listed", note: expect.stringContaining("would have begun in shadow beside version 1.0.0") });
  });
});

describe("a new version after one that was taken out for what was measured of it", () => {
  const mark = { version: "1.0.0", why: "it has fallen" };

  it("goes into quarantine, and says why and what to do", () => {
    const reason = expect.stringMatching(/follows version 1\.0\.0.*it has fallen.*an operator has to look/);
    expect(decideOpening(ROLLOUT, entering(), undefined, mark)).toEqual({ as: "quarantined", reason });
  });

  it("is tried as any other where there is a version to try it beside", () => {
    expect(decideOpening(ROLLOUT, entering(), BASE, mark)).toEqual(decideOpening(ROLLOUT, entering(), BASE));
  });

  it("is listed by an operator's word, or under a contract that is not enforced, and the log says after what", () => {
    const note = expect.stringContaining("it follows version 1.0.0");
    expect(decideOpening(ROLLOUT, entering({}, true), undefined, mark)).toEqual({ as: "listed", note });
    expect(decideOpening({ ...ROLLOUT, mode: "shadow" }, entering(), undefined, mark)).toEqual({ as: "listed", note });
  });
});

describe("a skill gets copies", () => {
  const two = (one: JsonObject, other: JsonObject): AgentCard => {
    const card = cardOf();
    const extensions = [{ uri: "urn:skein:ext:governance:v1", params: { skills: { count: one, fly: other } } }];
    const [count] = card.skills;
    return { ...card, capabilities: { extensions }, skills: count ? [count, { ...count, id: "fly" }] : [] };
  };

  it("only where both cards declare it harmless, and both have it", () => {
    const harmless = { readOnly: true };
    const dear = { reversible: true, kind: "money" };
    expect(copiedSkills(two(harmless, harmless), two(harmless, harmless))).toEqual(["count", "fly"]);
    expect(copiedSkills(two(harmless, dear), two(harmless, harmless))).toEqual(["count"]);
    expect(copiedSkills(two(harmless, harmless), two({}, harmless))).toEqual(["fly"]);
    expect(copiedSkills(cardOf(), two(harmless, harmless))).toEqual(["count"]);
    expect(copiedSkills(two(harmless, harmless), cardOf())).toEqual(["count"]);
  });
});
