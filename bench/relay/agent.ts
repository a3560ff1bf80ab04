/**
 * An agent in the middle of a chain: passes a text on and gives back what came. No agent may stand twice in a chain, so
 * each of them has a name of its own.
 */
import { type Agent, defineAgent } from "../../shared/kit/agent.ts";
import { completed, failed } from "../../shared/kit/skill.ts";
import card from "./card.json" with { type: "json" };

export function relay(name: string, next: `${string}/${string}`): Agent {
  return defineAgent(
    { ...card, name },
    {
      pass: async ({ text, delegate }) => {
        const result = await delegate(next, text);
        return result.ok ? completed(result.text) : failed(`${next} did not answer: ${result.message}`);
      },
    },
  );
}
