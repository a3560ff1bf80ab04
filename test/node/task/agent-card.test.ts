import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { defineAgent } from "../../../shared/kit/agent.ts";
import { completed } from "../../../shared/kit/skill.ts";
import { extendCard, parseCard } from "../../../shared/task/agent-card.ts";

const WRITER = JSON.parse(readFileSync(new URL("../../../agent-cards/writer.json", import.meta.url), "utf8"));
const skill = WRITER.skills[0];

describe("an agent card", () => {
  it.each([
    ["without a version", { version: undefined }, "writer: the card's version is required"],
    ["with a number for one", { version: 1 }, "writer: the card's version must be a string"],
    ["with an empty description", { description: "" }, "writer: the card's description must not be empty"],
    ["with an object for its skills", { skills: {} }, "writer: the card's skills must be an array"],
    ["with a skill without tags", { skills: [{ ...skill, tags: undefined }] }, "writer: the card's skills.0.tags is required"],
    ["with null for its capabilities", { capabilities: null }, "writer: the card's capabilities must be an object"],
    ["with a word for a flag", { capabilities: { streaming: "yes" } }, "writer: the card's capabilities.streaming must be a boolean"],
  ])("%s is refused, in words that say which field and what it must be", (_what, change, problem) => {
    expect(() => parseCard({ ...WRITER, ...change })).toThrow(new Error(problem));
  });

  it("that is no object is refused", () => {
    expect(() => parseCard(null)).toThrow("agent card: the card's content must be an object");
  });
});

describe("an extended card", () => {
  const open = parseCard({ ...WRITER, capabilities: { ...WRITER.capabilities, extendedAgentCard: true } });
  const more = { ...skill, id: "more" };

  it("is the public one with more skills", () => {
    expect(extendCard(open, { skills: [more] })).toEqual({ ...open, skills: [...open.skills, more] });
    expect(extendCard(parseCard(WRITER), undefined)).toBeUndefined();
  });

  it.each<[string, unknown, unknown, string]>([
    ["that is not there is refused where it is promised", open, undefined, "writer: the card promises an extended card, but there is none"],
    ["is refused where it is not promised", parseCard(WRITER), { skills: [more] }, 'set "extendedAgentCard" in its "capabilities"'],
    ["without skills is refused", open, {}, "writer: the extended card's skills is required"],
    [
      "with a bad skill is refused",
      open,
      { skills: [{ ...more, tags: [] }] },
      "the extended card's skills.0.tags must have at least one tag",
    ],
    ["with a field that would do nothing is refused", open, { skills: [more], description: "x" }, "description is not known there"],
    ["with a skill of the public card is refused", open, { skills: [{ ...more, id: skill.id }] }, "is on both cards"],
  ])("%s", (_what, card, added, problem) => {
    expect(() => extendCard(card as typeof open, added)).toThrow(problem);
  });

  it("counts when card and code are held against each other", () => {
    const code = Object.fromEntries([...open.skills, more].map(({ id }) => [id, () => completed(id)]));
    expect(defineAgent(open, code, { extended: { skills: [more] } }).extendedCard?.skills.at(-1)).toEqual(more);
    const { more: _, ...less } = code;
    expect(() => defineAgent(open, less, { extended: { skills: [more] } })).toThrow('the card promises skill "more"');
    expect(() => defineAgent(WRITER, code)).toThrow('the code has skill "more"');
  });
});
