import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { a2aApp } from "../../shared/a2a/app.ts";
import type { LegacyTask, LegacyTaskPushConfig } from "../../shared/a2a/legacy/objects.ts";
import { authenticate } from "../../shared/auth/authenticate.ts";
import type { AgentWorkerEnv } from "../../shared/kit/worker.ts";
import type { AgentCard } from "../../shared/task/a2a-types.ts";
import probe from "./probe-agent.ts";
import { http, rpc, type Served } from "./wire.ts";

// Where a client of 0.3 wants notifications sent (what is sent there: test/mesh/legacy-client.test.ts), and the card for
// callers that the agent knows.

const V03 = { "A2A-Version": "0.3" };
const HOOK = "https://hooks.example.com/x";
const card: AgentCard = { ...probe.card, capabilities: { streaming: true, pushNotifications: true, extendedAgentCard: true } };
const skill = { id: "more", name: "More", description: "for callers it knows", tags: ["more"] };
const settings = { ...(env as unknown as AgentWorkerEnv), SKEIN_SECRETS_KEY: btoa("k".repeat(32)) };
const app = a2aApp<AgentWorkerEnv>({ card, extendedCard: { ...card, skills: [...card.skills, skill] }, homes: "shared", authenticate });
const agent: Served = { fetch: (url, init) => app.request(url, init, settings) };

const call = async <T>(method: string, params: unknown) =>
  (await (await rpc(method, params, V03, agent)).json()) as { result: T; error?: { code: number } };

/** A task that waits, so that nothing is sent about it. */
async function openTask(): Promise<string> {
  const metadata = { "urn:skein:ext:skill:v1": { skill: "question" } };
  const message = { kind: "message", messageId: crypto.randomUUID(), role: "user", parts: [{ kind: "text", text: "x" }], metadata };
  return (await call<LegacyTask>("message/send", { message })).result.id;
}

describe("a push notification config of 0.3", () => {
  const given = { url: HOOK, token: "t-1", authentication: { schemes: ["Bearer"], credentials: "secret" } };

  it.each<[string, (taskId: string) => Promise<{ id?: string }>]>([
    [
      "JSON-RPC",
      async (taskId) =>
        (await call<LegacyTaskPushConfig>("tasks/pushNotificationConfig/set", { taskId, pushNotificationConfig: { id: "mine", ...given } }))
          .result.pushNotificationConfig,
    ],
    [
      "HTTP+JSON",
      async (taskId) => {
        const body = { name: "", pushNotificationConfig: { id: "mine", ...given } };
        const answer = await http("POST", `/v1/tasks/${taskId}/pushNotificationConfigs`, body, V03, agent);
        expect(answer.status).toBe(201);
        const { name, pushNotificationConfig } = (await answer.json()) as { name: string; pushNotificationConfig: { id: string } };
        expect(name).toBe(`tasks/${taskId}/pushNotificationConfigs/mine`);
        return pushNotificationConfig;
      },
    ],
  ])("is set, listed and read without its secrets: %s", async (_binding, set) => {
    const taskId = await openTask();
    const answer = await set(taskId);
    const without = { id: "mine", url: HOOK, authentication: { schemes: ["Bearer"] } };
    expect(answer).toEqual(without);
    const params = { id: taskId, pushNotificationConfigId: "mine" };
    expect((await call("tasks/pushNotificationConfig/get", params)).result).toEqual({ taskId, pushNotificationConfig: without });
    expect((await call("tasks/pushNotificationConfig/list", { id: taskId })).result).toEqual([{ taskId, pushNotificationConfig: without }]);
    const path = `/v1/tasks/${taskId}/pushNotificationConfigs`;
    const listed = { name: `tasks/${taskId}/pushNotificationConfigs/mine`, pushNotificationConfig: without };
    expect(await (await http("GET", path, undefined, V03, agent)).json()).toEqual({ configs: [listed] });
    expect(await (await http("GET", `${path}/mine`, undefined, V03, agent)).json()).toEqual(listed);
  });

  it("is changed when it is set again without an id, and is got without one", async () => {
    const taskId = await openTask();
    for (const url of ["https://hooks.example.com/old", HOOK])
      await call("tasks/pushNotificationConfig/set", { taskId, pushNotificationConfig: { ...given, url } });
    const { result } = await call<LegacyTaskPushConfig>("tasks/pushNotificationConfig/get", { id: taskId });
    expect(result.pushNotificationConfig.url).toBe(HOOK);
    expect((await call("tasks/pushNotificationConfig/list", { id: taskId })).result).toHaveLength(1);
  });

  it("is deleted, once or twice", async () => {
    const taskId = await openTask();
    const params = { id: taskId, pushNotificationConfigId: "mine" };
    await call("tasks/pushNotificationConfig/set", { taskId, pushNotificationConfig: { ...given, id: "mine" } });
    for (const _time of ["once", "twice"])
      expect(await call("tasks/pushNotificationConfig/delete", params)).toEqual({ jsonrpc: "2.0", id: "one", result: null });
    const answer = await http("DELETE", `/v1/tasks/${taskId}/pushNotificationConfigs/mine`, undefined, V03, agent);
    expect([answer.status, await answer.text()]).toEqual([204, ""]);
    expect(await call("tasks/pushNotificationConfig/get", params)).toMatchObject({ error: { code: -32001 } });
    expect(await (await http("GET", `/v1/tasks/${taskId}/pushNotificationConfigs`, undefined, V03, agent)).json()).toEqual({ configs: [] });
  });

  it.each(["http://10.0.0.1/x", "https://user:password@hooks.example.com/x", "ftp://hooks.example.com/x"])(
    "is refused for an address such as %s",
    async (url) => {
      const answer = await call("tasks/pushNotificationConfig/set", { taskId: await openTask(), pushNotificationConfig: { url } });
      expect(answer).toMatchObject({ error: { code: -32602 } });
    },
  );
});

describe("the extended card of 0.3", () => {
  it("has the skills that only known callers see, in the form of its binding", async () => {
    const { result } = await call<{ protocolVersion: string; skills: { id: string }[] }>("agent/getAuthenticatedExtendedCard", undefined);
    expect(result.protocolVersion).toBe("0.3.0");
    expect(result.skills.at(-1)?.id).toBe("more");
    const answer = await http("GET", "/v1/card", undefined, V03, agent);
    expect(await answer.json()).toMatchObject({
      protocolVersion: "0.3.0",
      preferredTransport: "JSONRPC",
      skills: expect.arrayContaining([skill]),
    });
  });
});
