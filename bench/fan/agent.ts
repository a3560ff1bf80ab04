/**
 * An agent that only delegates: the cost of a call between two Workers of the mesh, of five at once, and of three one below
 * the other.
 */
import { defineAgent } from "../../shared/kit/agent.ts";
import { completed, failed, type Outcome, type SkillContext } from "../../shared/kit/skill.ts";
import card from "./card.json" with { type: "json" };

export default defineAgent(card, {
  one: (context) => fanOut(context, "echo/echo", 1),
  five: (context) => fanOut(context, "echo/echo", 5),
  "one-later": (context) => fanOut(context, "echo/later", 1),
  chain: (context) => fanOut(context, "relay-one/pass", 1),
  "five-later": (context) => fanOut(context, "echo/later", 5),
});

async function fanOut({ text, delegate }: SkillContext, skill: `${string}/${string}`, calls: number): Promise<Outcome> {
  const results = await Promise.all(Array.from({ length: calls }, () => delegate(skill, text)));
  for (const result of results) {
    if (!result.ok) return failed(`${skill} did not answer: ${result.message}`);
    if (result.text !== text) return failed(`${skill} answered "${result.text}"`);
  }
  return completed(text);
}
