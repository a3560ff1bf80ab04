/** The card for callers that have authenticated. (A2A 1.0.1, 3.1.11, 13.3) */
import { described, hold, refused, resultOf } from "../expect.ts";
import { needsCapability } from "../probe.ts";
import { Failure, NotShown, requirements } from "../requirement.ts";
import { agentCard, violations } from "../schema.ts";

export const EXTENDED_CARD = requirements("extended-card", [
  {
    id: "extended-card.is-a-card",
    section: "3.1.11",
    level: "MUST",
    title: "GetExtendedAgentCard gives a valid AgentCard, or says that none is configured",
    run: async (probe) => {
      needsCapability(probe, "extendedAgentCard");
      const reply = await probe.agent.call("GetExtendedAgentCard");
      if (reply.error) return refused(reply, "ExtendedAgentCardNotConfiguredError", probe.binding);
      const wrong = violations(agentCard, resultOf(reply));
      hold(wrong.length === 0, "a valid AgentCard", wrong.join("; "));
    },
  },
  {
    id: "extended-card.needs-authentication",
    section: "13.3",
    level: "MUST",
    title: "The extended card is not for callers without credentials",
    run: async (probe) => {
      needsCapability(probe, "extendedAgentCard");
      if ((probe.card.securityRequirements ?? []).length === 0) throw new NotShown("the card names no way to authenticate");
      const reply = await probe.anonymous.call("GetExtendedAgentCard");
      if (reply.result !== undefined || (!reply.error && reply.http.status !== 401)) throw new Failure("a refusal", described(reply));
    },
  },
  {
    id: "extended-card.names-the-agent",
    section: "3.1.11",
    level: "MUST",
    title: "The extended card is of the same agent, and replaces the public one: it has its skills and more",
    run: async (probe) => {
      needsCapability(probe, "extendedAgentCard");
      const reply = await probe.agent.call("GetExtendedAgentCard");
      if (reply.error) throw new NotShown(`no extended card: ${described(reply)}`);
      const { name, skills = [] } = resultOf(reply) as Partial<typeof probe.card>;
      hold(name === probe.card.name, probe.card.name, name);
      const ids = skills.map(({ id }) => id);
      const missing = probe.card.skills.map(({ id }) => id).filter((id) => !ids.includes(id));
      hold(missing.length === 0, "every skill of the public card", `no ${missing.join(", ")}`);
    },
  },
  {
    id: "extended-card.cached-by-caller",
    section: "13.3",
    level: "SHOULD",
    title: "The extended card says how it may be cached, and never as public",
    bindings: ["HTTP+JSON"],
    run: async (probe) => {
      needsCapability(probe, "extendedAgentCard");
      const reply = await probe.agent.call("GetExtendedAgentCard");
      if (reply.error) throw new NotShown(`no extended card: ${described(reply)}`);
      const value = reply.http.headers.get("Cache-Control") ?? "none";
      hold(value !== "none" && !/\bpublic\b/.test(value), "Cache-Control, private or no-store", value);
    },
  },
]);
