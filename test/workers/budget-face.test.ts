import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { newKey } from "../../shared/auth/api-key.ts";
import type { Scope } from "../../shared/auth/principal.ts";
import type { Account, BudgetApi } from "../../shared/host/governance/api.ts";
import type { AgentWorkerEnv } from "../../shared/kit/worker.ts";
import { frontDoor } from "../../workers/orchestrator/front-door.ts";

// What a tenant may spend, as its operators see and raise it at the front door.

const door = frontDoor<AgentWorkerEnv>(() => new Response("the orchestrator's"));
const context = { waitUntil: () => {}, passThroughOnException: () => {} } as unknown as ExecutionContext;
const BUDGET = (env as unknown as { BUDGET: DurableObjectNamespace }).BUDGET;

function ask(path: string, init: RequestInit = {}, settings: object = { SKEIN_LOCAL: "1" }): Response | Promise<Response> {
  const bindings = { ...(env as unknown as AgentWorkerEnv), ...settings };
  return door.request(`http://127.0.0.1${path}`, init, bindings, context);
}

function raise(path: string, body: unknown, headers: Record<string, string> = {}, settings?: object) {
  const init = { method: "POST", headers: { "Content-Type": "application/json", ...headers }, body: JSON.stringify(body) };
  return ask(path, init, settings);
}

async function accounts(path: string): Promise<readonly Account[]> {
  return ((await (await ask(path)).json()) as { accounts: Account[] }).accounts;
}

async function callerWith(scopes: readonly Scope[]) {
  const { id, text, hash } = await newKey();
  const RATE_LIMIT = { limit: async () => ({ success: true }) };
  const settings = { AUTH_API_KEYS: JSON.stringify([{ id, hash, tenant: "acme", app: "desk", scopes }]), RATE_LIMIT };
  return { headers: { "X-API-Key": text }, settings };
}

describe("an operator", () => {
  it("reads the accounts of the tenant, and of nobody else's", async () => {
    const book = BUDGET.getByName("shown") as unknown as BudgetApi;
    const need = { microUsd: 0, tokensIn: 0, tokensOut: 0, calls: 2, wallMs: 0 };
    await book.reserve({ lease: "one", app: "desk", task: "task-1", agent: "probe", need, limit: { ...need, calls: 8 } });
    const [tenant, app] = await accounts("/shown/governance/budget");
    expect(tenant).toMatchObject({ name: "tenant", limit: { calls: 100_000 }, spent: { calls: 0 } });
    expect(tenant?.held.calls).toBeGreaterThanOrEqual(2);
    expect(app).toMatchObject({ name: "app:desk" });
    expect((await accounts("/unseen/governance/budget")).map(({ name, held }) => [name, held.calls])).toEqual([["tenant", 0]]);
  });

  it("raises an account, once for each key", async () => {
    const path = "/raised/governance/budget/raise";
    const body = { account: "app:desk", by: { calls: 50 } };
    for (let times = 0; times < 2; times++) {
      const raised = await raise(path, body, { "Idempotency-Key": "friday" });
      expect(await raised.json()).toMatchObject({ tenant: "raised", account: { name: "app:desk", limit: { calls: 100_050 } } });
    }
    expect(await (await raise(path, body)).json()).toMatchObject({ account: { limit: { calls: 100_100 } } });
  });

  it.each([
    ["an account that cannot be", { account: "desk", by: { calls: 1 } }, "account"],
    ["no account", { by: { calls: 1 } }, "account"],
    ["nothing", { account: "tenant", by: { calls: 0 } }, "by"],
    ["no amount", { account: "tenant", by: [] }, "by"],
    ["less", { account: "tenant", by: { calls: -1 } }, "by.calls"],
    ["more than can be counted", { account: "tenant", by: { microUsd: 1e300 } }, "by.microUsd"],
    ["what is no unit", { account: "tenant", by: { euros: 5 } }, "by.euros"],
  ])("cannot raise by %s", async (_, body, field) => {
    const answer = await raise("/wrong/governance/budget/raise", body);
    expect(answer.status).toBe(400);
    const violation = expect.objectContaining({ fieldViolations: [expect.objectContaining({ field })] });
    expect(await answer.json()).toMatchObject({ error: { details: [violation] } });
    expect((await accounts("/wrong/governance/budget"))[0]?.limit.calls).toBe(100_000);
  });

  it("reads what was refused", async () => {
    await (BUDGET.getByName("attacked") as unknown as BudgetApi).incident({ agent: "probe", reason: "forged", detail: "by nobody" });
    const { incidents } = (await (await ask("/attacked/governance/incidents")).json()) as { incidents: object[] };
    expect(incidents).toMatchObject([{ agent: "probe", reason: "forged", detail: "by nobody", at: expect.any(Number) }]);
  });

  it("of one tenant operates no other", async () => {
    const { headers, settings } = await callerWith(["call", "operate"]);
    expect((await ask("/governance/budget", { headers }, settings)).status).toBe(200);
    expect((await ask("/acme/governance/budget", { headers }, settings)).status).toBe(200);
    expect((await ask("/other/governance/budget", { headers }, settings)).status).toBe(403);
    const tried = await raise("/other/governance/budget/raise", { account: "tenant", by: { calls: 1 } }, headers, settings);
    expect(tried.status).toBe(403);
    expect((await accounts("/other/governance/budget"))[0]?.limit.calls).toBe(100_000);
  });
});

describe("whoever is no operator", () => {
  it("neither sees nor raises a budget, and is told which scope it takes", async () => {
    const { headers, settings } = await callerWith(["call", "approve"]);
    for (const answer of [
      await ask("/governance/budget", { headers }, settings),
      await ask("/governance/incidents", { headers }, settings),
      await raise("/governance/budget/raise", { account: "tenant", by: { calls: 1 } }, headers, settings),
    ]) {
      expect(answer.status).toBe(403);
      expect(JSON.stringify(await answer.json())).toContain('scope \\"operate\\"');
    }
    expect((await accounts("/acme/governance/budget"))[0]?.limit.calls).toBe(100_000);
  });

  it("is asked who it is", async () => {
    const { settings } = await callerWith(["operate"]);
    const answer = await ask("/governance/budget", {}, settings);
    expect(answer.status).toBe(401);
    expect(answer.headers.get("WWW-Authenticate")).toBeTruthy();
  });
});

describe("the paths of the budget", () => {
  it("name what else there is at them, and leave all others to the orchestrator", async () => {
    expect((await raise("/governance/budget", {})).headers.get("Allow")).toBe("GET, HEAD");
    expect((await ask("/governance/budget/raise")).headers.get("Allow")).toBe("POST");
    expect(await (await ask("/governance/tasks/some")).text()).toBe("the orchestrator's");
  });

  it("say what to bind where there is no budget", async () => {
    const answer = await ask("/governance/budget", {}, { SKEIN_LOCAL: "1", BUDGET: undefined });
    expect(answer.status).toBe(503);
    expect(await answer.json()).toMatchObject({ error: { message: expect.stringContaining("BUDGET") } });
  });
});
