import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { LOCAL_PRINCIPAL, principalKey } from "../../shared/auth/principal.ts";
import type { TaskPushNotificationConfig } from "../../shared/task/a2a-types.ts";
import { findTask } from "../../shared/task/home.ts";
import { newHook } from "./hook.ts";
import { http, message, rpc, type Sent, served, value } from "./wire.ts";

// Push notification configs over the wire, in both bindings, and where their secrets are and are not.

const { TASK_HOME } = env as unknown as { TASK_HOME: DurableObjectNamespace };
const capabilities = { streaming: true, pushNotifications: true };
const agent = served({ capabilities });
const TOKEN = "token-that-nobody-else-knows";
const CREDENTIALS = "credentials-that-nobody-else-knows";
const SECRETS = { token: TOKEN, authentication: { scheme: "Bearer", credentials: CREDENTIALS } };

type Params = Record<string, unknown> & { taskId: string; id?: string };

/** Each operation, through either binding. */
const BINDINGS = {
  "JSON-RPC": {
    create: (params: Params, at = agent) => rpc("CreateTaskPushNotificationConfig", params, undefined, at),
    get: (params: Params) => rpc("GetTaskPushNotificationConfig", params, undefined, agent),
    list: (params: Params) => rpc("ListTaskPushNotificationConfigs", params, undefined, agent),
    remove: (params: Params) => rpc("DeleteTaskPushNotificationConfig", params, undefined, agent),
  },
  "HTTP+JSON": {
    create: ({ taskId, ...body }: Params, at = agent) => http("POST", `/tasks/${taskId}/pushNotificationConfigs`, body, undefined, at),
    get: ({ taskId, id }: Params) => http("GET", `/tasks/${taskId}/pushNotificationConfigs/${id}`, undefined, undefined, agent),
    list: ({ taskId }: Params) => http("GET", `/tasks/${taskId}/pushNotificationConfigs`, undefined, undefined, agent),
    remove: ({ taskId, id }: Params) => http("DELETE", `/tasks/${taskId}/pushNotificationConfigs/${id}`, undefined, undefined, agent),
  },
};
const bindings = Object.entries(BINDINGS);

async function taskThatAsks(): Promise<string> {
  const { task } = (await value(await rpc("SendMessage", { message: message("x", "question") }, undefined, agent))) as Sent;
  return task.id;
}

describe.each(bindings)("a push config over %s", (_name, { create, get, list, remove }) => {
  it("is made, got, listed, replaced and deleted, and shows no secret in any answer", async () => {
    const taskId = await taskThatAsks();
    const { url } = newHook();
    const answers: string[] = [];
    const ask = async (response: Promise<Response>) => {
      const answer = await response;
      answers.push(await answer.clone().text());
      return value(answer);
    };
    const made = (await ask(create({ taskId, url, ...SECRETS }))) as TaskPushNotificationConfig;
    expect(made).toEqual({ id: expect.stringMatching(/^[0-9a-f-]{36}$/), taskId, url, authentication: { scheme: "Bearer" } });
    expect(await ask(get({ taskId, id: made.id }))).toEqual(made);
    expect(await ask(list({ taskId }))).toMatchObject({ configs: [made] });
    const replaced = await ask(create({ taskId, id: made.id, url: `${url}/2`, token: TOKEN }));
    expect(replaced).toEqual({ id: made.id, taskId, url: `${url}/2` });
    expect(await ask(list({ taskId }))).toMatchObject({ configs: [replaced] });
    for (let times = 0; times < 2; times++) expect(await ask(remove({ taskId, id: made.id }))).toEqual({});
    expect(await ask(get({ taskId, id: made.id }))).toMatchObject({ reason: "TASK_NOT_FOUND" });
    expect(await ask(list({ taskId }))).toMatchObject({ configs: [] });
    for (const answer of answers) expect(answer).not.toMatch(/nobody-else-knows/);
  });

  it.each([
    "http://hooks.example.org/",
    "https://10.0.0.1/",
    "http://169.254.169.254/latest/meta-data",
    "https://[::ffff:10.0.0.1]/",
    "https://metadata.google.internal/",
    "https://me:pw@hooks.example.org/",
    "https://hooks.example.org:25/",
    "file:///etc/passwd",
  ])("is refused for %s, and says which field is wrong", async (url) => {
    const taskId = await taskThatAsks();
    expect(await value(await create({ taskId, url }))).toMatchObject({ fields: [{ field: "url" }] });
    expect(await value(await list({ taskId }))).toMatchObject({ configs: [] });
  });

  it("is not for this machine's own servers once it is deployed", async () => {
    const taskId = await taskThatAsks();
    const { sealedConfig } = await import("../../shared/a2a/push-config.ts");
    const place = { owner: principalKey(LOCAL_PRINCIPAL), taskId, within: "" };
    await expect(sealedConfig({ url: newHook().url }, place, {})).rejects.toThrow("must be a public address");
    await expect(sealedConfig({ url: "https://hooks.example.org/" }, place, {})).resolves.toEqual({ url: "https://hooks.example.org/" });
  });

  it("with secrets is refused while there is no key to keep them with, and says what the operator must set", async () => {
    const taskId = await taskThatAsks();
    const keyless = served({ capabilities }, { SKEIN_LOCAL: "1", SKEIN_SECRETS_KEY: "" });
    const { url } = newHook();
    const refused = await create({ taskId, url, ...SECRETS }, keyless);
    const text = await refused.clone().text();
    expect(await value(refused)).toMatchObject({ reason: "PUSH_NOTIFICATION_NOT_SUPPORTED" });
    expect(text).toContain("SKEIN_SECRETS_KEY is not set");
    expect(text).not.toMatch(/nobody-else-knows/);
    expect(await value(await create({ taskId, url }, keyless))).toMatchObject({ url });
  });

  it("of a task that is not the caller's does not exist", async () => {
    for (const operation of [create, get, list, remove])
      expect(await value(await operation({ taskId: "s0-made-up", id: "one", url: newHook().url }))).toMatchObject({
        reason: "TASK_NOT_FOUND",
      });
  });
});

describe("the secrets of a config", () => {
  it("reach the webhook in its headers, and are nowhere in the object's storage, whatever comes of it", async () => {
    const [taken, refused] = [newHook(), newHook()];
    await refused.answers(401);
    const configuration = { taskPushNotificationConfig: { id: "inline", url: taken.url, ...SECRETS } };
    const { task } = (await value(
      await rpc("SendMessage", { message: message("x", "question"), configuration }, undefined, agent),
    )) as Sent;
    await rpc("CreateTaskPushNotificationConfig", { taskId: task.id, id: "refused", url: refused.url, ...SECRETS }, undefined, agent);
    await rpc("SendMessage", { message: message("Lisbon", "question", { taskId: task.id }) }, undefined, agent);
    for (const hook of [taken, refused]) {
      const [{ headers } = { headers: {} }] = await hook.received(1);
      expect(headers).toMatchObject({ authorization: `Bearer ${CREDENTIALS}`, "x-a2a-notification-token": TOKEN });
    }
    await refused.received(3);
    const stub = TASK_HOME.getByName(findTask(principalKey(LOCAL_PRINCIPAL), task.id)?.home ?? "");
    const stored = await vi.waitFor(() =>
      runInDurableObject(stub, (_home, { storage }) => {
        const rows = ["log", "push"].flatMap((table) => storage.sql.exec(`SELECT * FROM ${table}`).toArray());
        const text = JSON.stringify(rows);
        // Both configs are there, and the one that is refused was given up.
        expect(text).toMatch(/inline.*refused/s);
        expect(text).toContain("push-stopped");
        return text;
      }),
    );
    expect(stored).not.toMatch(/nobody-else-knows/);
    expect(stored).not.toContain(btoa(TOKEN).slice(0, 20));
    const shown = await (await rpc("GetTask", { id: task.id }, undefined, agent)).text();
    expect(shown).toContain("the webhook answered HTTP 401");
    expect(shown).not.toMatch(/nobody-else-knows/);
  });

  it("do not come with an inline config that is refused: nothing has happened then", async () => {
    const configuration = { taskPushNotificationConfig: { url: "https://10.0.0.1/", ...SECRETS } };
    const contextId = "push-refused";
    const answer = await rpc("SendMessage", { message: message("x", "echo", { contextId }), configuration }, undefined, agent);
    expect(await value(answer)).toMatchObject({ fields: [{ field: "configuration.taskPushNotificationConfig.url" }] });
    expect(await value(await rpc("ListTasks", { contextId }, undefined, agent))).toMatchObject({ totalSize: 0 });
  });
});
