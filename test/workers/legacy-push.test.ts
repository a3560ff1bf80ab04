import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { a2aApp } from "../../shared/a2a/app.ts";
import type { LegacyTaskPushConfig } from "../../shared/a2a/legacy/objects.ts";
import { authenticate } from "../../shared/auth/authenticate.ts";
import { LOCAL_PRINCIPAL, principalKey } from "../../shared/auth/principal.ts";
import type { FollowUp, NewPushConfig, StartRequest } from "../../shared/host/api.ts";
import type { AgentWorkerEnv } from "../../shared/kit/worker.ts";
import type { AgentCard } from "../../shared/task/a2a-types.ts";
import { placeTask } from "../../shared/task/home.ts";
import probe from "./probe-agent.ts";
import { http, rpc, type Served } from "./wire.ts";

// What a task's home is asked for when a client of 0.3 wants notifications, and the card for callers it knows.

const V03 = { "A2A-Version": "0.3" };
const HOOK = "https://hooks.example/x";
const { taskId } = placeTask(principalKey(LOCAL_PRINCIPAL), "shared", { contextId: "c", key: undefined, random: "r".repeat(32) });

const configs = new Map<string, NewPushConfig>();
let begun: (StartRequest | FollowUp)[] = [];

/** A home that keeps what it is given, and shows no secret. */
const home = {
  setPush: async (_task: string, config: NewPushConfig) => {
    configs.set(config.id ?? "made", config);
    return { ok: true, config: shown(config) };
  },
  listPush: async (_task: string, id?: string) => ({
    ok: true,
    configs: [...configs.values()].filter((config) => id === undefined || config.id === id).map(shown),
  }),
  deletePush: async (_task: string, id: string) => {
    configs.delete(id);
    return { ok: true };
  },
  start: async (request: StartRequest) => {
    begun.push(request);
    const status = { state: "TASK_STATE_COMPLETED", timestamp: "2026-01-01T00:00:00.000Z" };
    return { ok: true, task: JSON.stringify({ id: request.taskId, contextId: request.contextId, status }) };
  },
};

function shown({ id = "made", url, authentication }: NewPushConfig): string {
  return JSON.stringify({ id, taskId, url, ...(authentication && { authentication: { scheme: authentication.scheme } }) });
}

const card: AgentCard = { ...probe.card, capabilities: { streaming: true, pushNotifications: true, extendedAgentCard: true } };
const skill = { id: "more", name: "More", description: "for callers it knows", tags: ["more"] };
const app = a2aApp<AgentWorkerEnv>({ card, extendedCard: { ...card, skills: [...card.skills, skill] }, homes: "shared", authenticate });
const agent: Served = {
  fetch: (url, init) => app.request(url, init, { ...(env as unknown as AgentWorkerEnv), TASK_HOME: { getByName: () => home } as never }),
};

const call = async <T>(method: string, params: unknown) =>
  (await (await rpc(method, params, V03, agent)).json()) as { result: T; error?: { code: number } };

beforeEach(() => {
  configs.clear();
  begun = [];
});

describe("a push notification config of 0.3", () => {
  const given = { url: HOOK, token: "t-1", authentication: { schemes: ["Bearer"], credentials: "secret" } };

  it.each<[string, () => Promise<{ id?: string }>]>([
    [
      "JSON-RPC",
      async () =>
        (await call<LegacyTaskPushConfig>("tasks/pushNotificationConfig/set", { taskId, pushNotificationConfig: { id: "mine", ...given } }))
          .result.pushNotificationConfig,
    ],
    [
      "HTTP+JSON",
      async () => {
        const body = { name: "", pushNotificationConfig: { id: "mine", ...given } };
        const answer = await http("POST", `/v1/tasks/${taskId}/pushNotificationConfigs`, body, V03, agent);
        expect(answer.status).toBe(201);
        const { name, pushNotificationConfig } = (await answer.json()) as { name: string; pushNotificationConfig: { id: string } };
        expect(name).toBe(`tasks/${taskId}/pushNotificationConfigs/mine`);
        return pushNotificationConfig;
      },
    ],
  ])("is kept with its secrets, is for deliveries in 0.3, and comes back without them: %s", async (_binding, set) => {
    const answer = await set();
    expect(configs.get("mine")).toEqual({
      id: "mine",
      url: HOOK,
      token: "t-1",
      authentication: { scheme: "Bearer", credentials: "secret" },
      protocolVersion: "0.3",
    });
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

  it("is changed when it is set again without an id, and got without one", async () => {
    await call("tasks/pushNotificationConfig/set", { taskId, pushNotificationConfig: { url: "https://hooks.example/old" } });
    await call("tasks/pushNotificationConfig/set", { taskId, pushNotificationConfig: given });
    expect(configs.size).toBe(1);
    const { result } = await call<LegacyTaskPushConfig>("tasks/pushNotificationConfig/get", { id: taskId });
    expect(result.pushNotificationConfig.url).toBe(HOOK);
  });

  it("comes with a message", async () => {
    const message = { kind: "message", messageId: "m", role: "user", parts: [{ kind: "text", text: "hello" }] };
    await call("message/send", { message, configuration: { pushNotificationConfig: given } });
    const [{ taskId: id, push } = { taskId: "", push: undefined }] = begun;
    expect(push).toMatchObject({ id, url: HOOK, token: "t-1", protocolVersion: "0.3" });
  });

  it("is deleted, once or twice", async () => {
    configs.set("mine", { id: "mine", url: HOOK });
    for (const pushNotificationConfigId of ["mine", "mine"]) {
      expect(await call("tasks/pushNotificationConfig/delete", { id: taskId, pushNotificationConfigId })).toEqual({
        jsonrpc: "2.0",
        id: "one",
        result: null,
      });
      expect(configs.size).toBe(0);
    }
    const answer = await http("DELETE", `/v1/tasks/${taskId}/pushNotificationConfigs/mine`, undefined, V03, agent);
    expect([answer.status, await answer.text()]).toEqual([204, ""]);
    expect(await call("tasks/pushNotificationConfig/get", { id: taskId, pushNotificationConfigId: "mine" })).toMatchObject({
      error: { code: -32001 },
    });
  });
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
