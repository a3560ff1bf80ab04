import { describe, expect, it } from "vitest";
import { believedCard, believedFacts } from "../../../shared/registry/believed.ts";
import type { SkillEvidence } from "../../../shared/registry/evidence.ts";
import type { AgentCard } from "../../../shared/task/a2a-types.ts";
import { GOVERNANCE_EXTENSION } from "../../../shared/task/governance-extension.ts";
import { RESUME_EXTENSION } from "../../../shared/task/resume-extension.ts";

const CARD: AgentCard = {
  name: "archivist",
  description: "Finds records.",
  version: "1.0.0",
  supportedInterfaces: [{ url: "https://archive.example.com/", protocolBinding: "JSONRPC", protocolVersion: "1.0" }],
  capabilities: {
    streaming: true,
    pushNotifications: true,
    extensions: [{ uri: RESUME_EXTENSION }, { uri: GOVERNANCE_EXTENSION, params: { skills: { find: { readOnly: true, price: 10 } } } }],
  },
  defaultInputModes: ["text/plain"],
  defaultOutputModes: ["text/plain"],
  skills: ["find", "date"].map((id) => ({ id, name: id, description: id, tags: [id] })),
};

function evidence(more: Partial<SkillEvidence> = {}): SkillEvidence {
  return { successes: 0, failures: 0, reliability: 0.95, untrue: [], ...more };
}

describe("a card that nobody has disproved", () => {
  it("counts as it is", () => {
    expect(believedCard({ card: CARD, evidence: { find: evidence() } })).toEqual(CARD);
    expect(believedFacts({ card: CARD, evidence: {} }).get("find")).toMatchObject({ readOnly: true, price: 10 });
  });
});

describe("what was found untrue", () => {
  it("does not count, whichever skill it was found at; the rest does", () => {
    const { capabilities } = believedCard({ card: CARD, evidence: { date: evidence({ untrue: ["capabilities.streaming"] }) } });
    expect(capabilities.streaming).toBeUndefined();
    expect(capabilities.pushNotifications).toBe(true);
  });

  it("takes an extension away, and with it what is said in it", () => {
    const entry = { card: CARD, evidence: { find: evidence({ untrue: [`capabilities.extensions.${GOVERNANCE_EXTENSION}`] }) } };
    expect(believedCard(entry).capabilities.extensions).toEqual([{ uri: RESUME_EXTENSION }]);
    expect(believedFacts(entry).get("find")).toBeUndefined();
  });
});

describe("a price", () => {
  it("is the one that was seen, also where the card names none", () => {
    const facts = believedFacts({ card: CARD, evidence: { find: evidence({ microUsd: 900 }), date: evidence({ microUsd: 50 }) } });
    expect(facts.get("find")).toMatchObject({ readOnly: true, price: 900 });
    expect(facts.get("date")).toEqual({ readOnly: false, risk: {}, price: 50 });
  });
});
