import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parseCard } from "../../../shared/kit/card.ts";

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
