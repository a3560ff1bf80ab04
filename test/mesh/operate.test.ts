import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { newKey } from "../../shared/auth/api-key.ts";
import type { Scope } from "../../shared/auth/principal.ts";
import type { Task } from "../../shared/task/a2a-types.ts";
import type { Waiting } from "../../shared/task/waiting.ts";
import { type CopiedMesh, copyMesh } from "./copied-mesh.ts";
import { said, send, told } from "./governed.ts";
import { listen, type Webhook } from "./webhook.ts";
import { HEADERS, request } from "./wire.ts";

// A mesh with a plain caller, somebody who may approve, an operator, and another tenant: what waits, who sees it, who decides, also
// when everything was killed meanwhile. People use the commands; where no command would do it, plain HTTP.

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const PEOPLE: Record<string, { tenant: string; scopes: Scope[] }> = {
  desk: { tenant: "acme", scopes: ["call"] },
  ann: { tenant: "acme", scopes: ["approve"] },
  olaf: { tenant: "acme", scopes: ["operate"] },
  stranger: { tenant: "other", scopes: ["call", "approve", "operate"] },
};
const keys: Record<string, string> = {};
const OWNER = "desk/desk";

let mesh: CopiedMesh;
let webhook: Webhook;
/** What stood when everything was killed. */
let toApprove: Task;
let toPause: Task;
let paused: Ran;

beforeAll(async () => {
  webhook = await listen();
  const records = await Promise.all(
    Object.entries(PEOPLE).map(async ([app, person]) => {
      const { id, hash, text } = await newKey();
      keys[app] = text;
      return { id, hash, app, ...person };
    }),
  );
  vi.stubEnv("AUTH_API_KEYS", JSON.stringify(records));
  vi.stubEnv("COURIER_ALLOW", webhook.url);
  mesh = await copyMesh();
  await mesh.start();
  toPause = await post("/paused");
  await waitingIn(toPause);
  paused = await command("olaf", "operate.ts pause", toPause.id, "the client called");
  toApprove = await postThroughTheMesh("/approved");
  // Before anybody can have heard of it, or after: what was asked for waits in either case.
  await mesh.kill();
  await mesh.start();
}, 120_000);

afterAll(async () => {
  vi.unstubAllEnvs();
  await mesh?.remove();
  webhook?.close();
});

const caller = () => ({ url: mesh.url, key: keys["desk"] ?? "" });

/** As the front door's own agent serves it. */
async function post(path: string): Promise<Task> {
  return send(caller(), "courier", [{ text: `Post "The tea is ready" to ${webhook.url}${path}` }]);
}

async function postThroughTheMesh(path: string): Promise<Task> {
  const message = { messageId: path, role: "ROLE_USER", parts: [{ text: `Post "The tea is ready" to ${webhook.url}${path}` }] };
  const init = { method: "POST", headers: { ...HEADERS, "X-API-Key": keys["desk"] ?? "" }, body: JSON.stringify({ message }) };
  const { json, text } = await request(`${mesh.url}/message:send`, init);
  if (!json?.task) throw new Error(text);
  return json.task;
}

async function taskOf(agent: string, { id }: Task): Promise<Task> {
  const at = agent === "orchestrator" ? mesh.url : `${mesh.url}/agents/${agent}`;
  const { json } = await request(`${at}/tasks/${id}`, { headers: { ...HEADERS, "X-API-Key": keys["desk"] ?? "" } });
  return json as unknown as Task;
}

async function inboxOf(who: string): Promise<Waiting[]> {
  const { json, text } = await request(`${mesh.url}/operate/inbox`, { headers: { "X-API-Key": keys[who] ?? "" } });
  if (!json || !("waiting" in json)) throw new Error(text);
  return json.waiting as Waiting[];
}

async function waitingIn(task: Task): Promise<Waiting> {
  return vi.waitFor(
    async () => {
      const row = (await inboxOf("ann")).find((each) => each.task === task.id);
      if (!row) throw new Error(`task ${task.id} is not in the inbox`);
      return row;
    },
    { timeout: 40_000, interval: 50 },
  );
}

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** A command as it is typed. */
async function command(who: string, script: string, ...args: string[]): Promise<Ran> {
  const [file = "", ...verb] = script.split(" ");
  const env = { ...process.env, SKEIN_KEY: keys[who], SKEIN_TOKEN: undefined, NO_COLOR: "1" };
  try {
    const argv = [`cli/${file}`, ...verb, ...args, "--url", mesh.url];
    const { stdout, stderr } = await promisify(execFile)(process.execPath, argv, { cwd: ROOT, env });
    return { code: 0, out: stdout, err: stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, out: stdout, err: stderr };
  }
}

async function operate(who: string, agent: string, { id }: Pick<Task, "id">, verb: string, body: object): Promise<number> {
  const at = agent === "orchestrator" ? mesh.url : `${mesh.url}/agents/${agent}`;
  const headers = { "Content-Type": "application/json", "X-API-Key": keys[who] ?? "" };
  const url = `${at}/operate/tasks/${id}/${verb}?owner=${encodeURIComponent(OWNER)}`;
  return (await request(url, { method: "POST", headers, body: JSON.stringify(body) })).status;
}

describe("an action two agents down, with the runtime killed as soon as it was asked for", () => {
  it("waits for somebody who may approve, and says so to its caller", () => {
    expect(toApprove.status.state).toBe("TASK_STATE_AUTH_REQUIRED");
  });

  it("stands in the inbox: who asks, through whom, for what, for whom, until when", async () => {
    const row = await waitingIn(toApprove);
    expect(row).toMatchObject({
      kind: "approval",
      agent: "orchestrator",
      owner: OWNER,
      asker: { agent: "courier" },
      path: ["orchestrator", "courier"],
    });
    expect(row.action?.args).toMatchObject({ method: "POST", url: `${webhook.url}/approved` });
    const shown = await command("ann", "inbox.ts");
    expect(shown.out).toContain(`${row.question} approval  courier asks: `);
    for (const line of shown.out.split("\n")) expect(line.length).toBeLessThanOrEqual(100);
    const whole = await command("ann", "inbox.ts", row.question);
    expect(whole.out).toContain(`orchestrator → courier`);
    expect(whole.out).toContain(row.action?.digest);
  });

  it("is shown to nobody of another tenant and to nobody who could do nothing about it", async () => {
    expect(await inboxOf("stranger")).toEqual([]);
    const refused = await command("desk", "inbox.ts");
    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('"approve" or "operate"') });
  });

  it("is approved by nobody who may not: the caller, an operator, a stranger", async () => {
    const { question } = await waitingIn(toApprove);
    for (const [who, status] of [
      ["desk", 403],
      ["olaf", 403],
      ["stranger", 404],
    ] as const)
      expect(await operate(who, "orchestrator", toApprove, "approve", { question })).toBe(status);
    expect(webhook.requests).toEqual([]);
  });

  it("is done once somebody approves it, however often they say so, and stands in no inbox any more", async () => {
    const { question } = await waitingIn(toApprove);
    const approved = await command("ann", "operate.ts approve", question);
    expect(approved).toMatchObject({ code: 0, err: expect.stringContaining(`${webhook.url}/approved`) });
    expect((await command("ann", "operate.ts approve", question)).code).toBe(1);
    await expect.poll(async () => (await taskOf("orchestrator", toApprove)).status.state, { timeout: 20_000 }).toBe("TASK_STATE_COMPLETED");
    expect(webhook.requests.map(({ path }) => path)).toEqual(["/approved"]);
    await expect.poll(async () => (await inboxOf("ann")).map((each) => each.task)).not.toContain(toApprove.id);
  });
});

describe("a task that an operator pauses", () => {
  it("takes no answer, says why, and is still paused when everything was killed", async () => {
    expect(paused).toMatchObject({ code: 0, err: expect.stringContaining("olaf/olaf: the client called") });
    expect(paused.out).toBe(`task ${toPause.id} is now: paused\n`);
    const { question, behind } = await waitingIn(toPause);
    const held = behind?.[0]?.question ?? "";
    for (const id of [held, toPause.id])
      expect(await command("ann", "operate.ts approve", id)).toMatchObject({
        code: 1,
        err: expect.stringMatching(new RegExp(`task ${toPause.id} is paused.*npm run resume`)),
      });
    expect((await command("ann", "inbox.ts", held)).out).toContain(`approval ${held}, asked again when it is resumed`);
    expect(await operate("ann", "courier", toPause, "approve", { question })).toBe(400);
    expect(said(await taskOf("courier", toPause))).toContain("Paused by olaf");
    expect((await waitingIn(toPause)).kind).toBe("paused");
  });

  it("asks again when it is resumed, and is told why it was rejected", async () => {
    expect(await command("olaf", "operate.ts resume", toPause.id)).toMatchObject({ code: 0 });
    await expect.poll(async () => (await waitingIn(toPause)).kind).toBe("approval");
    const { question } = await waitingIn(toPause);
    expect(await command("ann", "operate.ts reject", question, "not on a Sunday")).toMatchObject({ code: 0 });
    const ended = await taskOf("courier", toPause);
    expect(ended.status.state).toBe("TASK_STATE_REJECTED");
    expect(said(ended) + told(ended)).toContain("not on a Sunday");
    expect(webhook.requests.map(({ path }) => path)).not.toContain("/paused");
  });
});

describe("the commands", () => {
  it("cancel a task with all that was called for it, and say what nobody can do", async () => {
    const task = await postThroughTheMesh("/canceled");
    const { question, asker } = await waitingIn(task);
    const refused = await command("olaf", "operate.ts pause", question);
    expect(refused.code).toBe(0);
    expect(await command("olaf", "operate.ts cancel", task.id, "nobody needs it")).toMatchObject({ code: 0 });
    expect(said(await taskOf("orchestrator", task))).toBe("canceled by olaf/olaf, an operator: nobody needs it");
    const callee = { id: asker.task } as Task;
    await expect.poll(async () => (await taskOf("courier", callee)).status.state, { timeout: 20_000 }).toBe("TASK_STATE_CANCELED");
    await expect.poll(async () => (await inboxOf("ann")).map((each) => each.task)).not.toContain(task.id);
    expect(await command("ann", "operate.ts approve", question)).toMatchObject({
      code: 1,
      err: expect.stringContaining("nothing waits under"),
    });
    expect(await command("ann", "operate.ts pause", task.id, "--agent", "orchestrator")).toMatchObject({ code: 1 });
  });

  it("print one JSON object a line for programs", async () => {
    const task = await post("/listed");
    await waitingIn(task);
    const rows = (await command("olaf", "inbox.ts", "--json")).out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Waiting);
    expect(rows.map((row) => row.task)).toContain(task.id);
  });
});
