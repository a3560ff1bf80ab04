/**
 * Three agents, one behind the other. Between them they do whatever a crash could tear apart: steps, spending, artifacts in
 * chunks, calls one after the other and side by side, a question, an approval two hops down, and an action in the world.
 */
import { type Agent, defineAgent } from "../../../shared/kit/agent.ts";
import { completed, failed, rejected, type Skill } from "../../../shared/kit/skill.ts";
import { perform } from "./program.ts";

/** Each of them may be given any program. */
const PROGRAM = { program: perform };

export const root = agentNamed("root", {
  ...PROGRAM,
  run: async ({ text, step, spend, ask, emit, delegate }) => {
    const first = await step("prepare", () => "prepared");
    emit({ artifactId: "log", parts: [{ text: `${first}. ` }] });
    await spend("prepare", { microUsd: 100, tokensIn: 7 });
    // Three at once: a line of agents that asks for an approval, one call that asks for nothing, and a question of its own.
    const [relayed, quick, size] = await Promise.all([delegate("middle/relay", text), delegate("leaf/quick", "quick"), ask("Which size?")]);
    if (!relayed.ok) return failed(relayed.message);
    if (!quick.ok) return failed(quick.message);
    emit({ artifactId: "log", parts: [{ text: "called. " }] }, { append: true });
    const checked = await delegate("leaf/quick", `check ${relayed.text}`);
    if (!checked.ok) return failed(checked.message);
    emit({ artifactId: "log", parts: [{ text: "checked." }] }, { append: true, lastChunk: true });
    await spend("finish", { microUsd: 50 });
    return completed([relayed.text, quick.text, size, checked.text].join("; "));
  },
});

export const middle = agentNamed("middle", {
  ...PROGRAM,
  relay: async ({ text, step, spend, ask, delegate }) => {
    await step("look", () => "looked");
    await spend("look", { microUsd: 30 });
    const colour = await ask("Which colour?");
    const posted = await delegate("leaf/act", `${text} in ${colour}`);
    if (!posted.ok) return failed(posted.message);
    await step("note", () => "noted");
    return completed(`${posted.text} in ${colour}`);
  },
});

export const leaf = agentNamed("leaf", {
  ...PROGRAM,
  quick: async ({ text, step, spend }) => {
    await spend("quick", { microUsd: 5 });
    return completed(await step("quick", () => `did ${text}`));
  },

  act: async ({ text, approve, step, spend, progress, taskId }) => {
    const [url = "", colour = ""] = text.split(" in ");
    const approval = await approve({ description: `Post ${colour} to the webhook?`, args: { colour } });
    if (!approval.approved) return rejected(approval.reason);
    progress("posting");
    await spend("post", { microUsd: 20 });
    const status = await step("post", async () => {
      const headers = { "Content-Type": "application/json", "Idempotency-Key": taskId };
      const response = await fetch(url, { method: "POST", headers, body: JSON.stringify({ colour }) });
      await response.body?.cancel();
      return response.status;
    });
    return completed(`posted ${status}`);
  },
});

function agentNamed(name: string, skills: Record<string, Skill>): Agent {
  const card = {
    name,
    description: "One of a line of agents that are killed.",
    version: "1.0.0",
    supportedInterfaces: [{ url: `http://127.0.0.1:8787/agents/${name}`, protocolBinding: "JSONRPC", protocolVersion: "1.0" }],
    capabilities: { streaming: true, pushNotifications: true },
    defaultInputModes: ["text/plain", "application/json"],
    defaultOutputModes: ["text/plain"],
    skills: Object.keys(skills).map((id) => ({ id, name: id, description: `the ${id} skill`, tags: [id] })),
  };
  return defineAgent<unknown>(card, skills);
}
