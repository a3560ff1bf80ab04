import { send } from "../exchange.ts";
import { hold } from "../expect.ts";
import { requirements } from "../requirement.ts";
import { agentCard, violations } from "../schema.ts";

export const CARD = requirements("card", [
  {
    id: "card.is-there",
    section: "14.3",
    level: "MUST",
    title: "The card is served at /.well-known/agent-card.json as JSON, without asking who is there or which version",
    bindings: [],
    run: async ({ seen, trial }) => {
      const answer = await send({ method: "GET", url: seen.url, headers: {} }, trial);
      hold(answer.status === 200, "HTTP 200", `HTTP ${answer.status}`);
      hold(
        /^application\/(a2a\+)?json\b/.test(answer.headers.get("Content-Type") ?? ""),
        "a JSON content type",
        answer.headers.get("Content-Type") ?? "none",
      );
    },
  },
  {
    id: "card.required-fields",
    section: "4.4.1",
    level: "MUST",
    title: "The card has every required field of AgentCard, each of the right type",
    bindings: [],
    run: async ({ card }) => {
      const wrong = violations(agentCard, card);
      hold(wrong.length === 0, "a valid AgentCard", wrong.join("; "));
    },
  },
]);
