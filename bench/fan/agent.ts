/**
 * An agent that only delegates: the cost of a call between two Workers of the mesh, and of five at once.
 */
import { defineAgent } from "../../shared/kit/agent.ts";
import { completed, failed, type Outcome, type SkillContext } from "../../shared/kit/skill.ts";
import card from "./card.json" with { type: "json" };

export default defineAgent(card, { one: (context) => fanOut(context, 1), five: (context) => fanOut(context, 5) });

async function fanOut({ text, delegate }: SkillContext, calls: number): Promise<Outcome> {
  const results = await Promise.all(Array.from({ length: calls }, () => delegate("echo/echo", text)));
  for (const result of results) if (!result.ok) return failed(`the echo agent did not answer: ${result.message}`);
  return completed(text);
}
