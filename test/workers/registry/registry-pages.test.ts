import { beforeAll, describe, expect, it } from "vitest";
import { newKey } from "../../../shared/auth/api-key.ts";
import type { AgentWorkerEnv } from "../../../shared/kit/worker.ts";
import type { RegistryEnv } from "../../../shared/registry/api.ts";
import { MOST_ASKED } from "../../../shared/registry/asking-again.ts";
import { frontDoor } from "../../../workers/orchestrator/front-door.ts";
import type { Holdings } from "../../../workers/registry/holdings.ts";
import { entry, newName, OBJECT, REGISTRY } from "./publications.ts";
import { publish } from "./rollouts.ts";

// What the front door answers about agents of many versions, and to whoever asks for more than there is.

const holdings = OBJECT.getByName("registry") as unknown as Holdings;
const door = frontDoor<AgentWorkerEnv & RegistryEnv>(() => new Response("the orchestrator's"));
const context = { waitUntil: () => {}, passThroughOnException: () => {} } as unknown as ExecutionContext;
const PUBLISHER = "acme/desk/desk";
let env: object;
let headers: Record<string, string>;

beforeAll(async () => {
  const { text, id, hash } = await newKey();
  const AUTH_API_KEYS = JSON.stringify([{ id, hash, tenant: "acme", app: "desk", scopes: ["call", "publish"] }]);
  headers = { "X-API-Key": text, "Content-Type": "application/json" };
  env = { REGISTRY, AUTH_API_KEYS, RATE_LIMIT: { limit: async () => ({ success: true }) }, SKEIN_LOCAL: undefined };
});

async function ask(path: string, body?: object) {
  const init = body === undefined ? { headers } : { method: "POST", headers, body: JSON.stringify(body) };
  const response = await door.request(`http://127.0.0.1/registry/${path}`, init, env as never, context);
  return { status: response.status, body: (await response.json()) as Record<string, never> };
}

interface Page {
  readonly versions: readonly { readonly version: string; readonly evidence?: object }[];
  readonly next?: string;
}

function violating(field: string) {
  return {
    error: { details: expect.arrayContaining([expect.objectContaining({ fieldViolations: [expect.objectContaining({ field })] })]) },
  };
}

describe("an agent of many versions", () => {
  it("is shown in pages of ten, the latest first, each with what was measured where it is called", async () => {
    const name = newName();
    const published = Array.from({ length: 21 }, (_, minor) => `1.${minor}.0`);
    for (const version of published) await publish(holdings, entry({ name, version }));
    const pages: Page[] = [];
    for (let query = ""; pages.length < 10; ) {
      const page = (await ask(`agents/${name}${query}`)).body as unknown as Page;
      pages.push(page);
      if (page.next === undefined) break;
      query = `?after=${page.next}`;
    }
    expect(pages.map(({ versions }) => versions.length)).toEqual([10, 10, 1]);
    const shown = pages.flatMap(({ versions }) => versions);
    expect(shown.map(({ version }) => version)).toEqual(published.toReversed());
    expect(shown.map(({ evidence }) => evidence !== undefined)).toEqual([true, ...Array(20).fill(false)]);
  });

  it("says what is wrong with the page that is asked for, and has none after its last version", async () => {
    const name = newName();
    await publish(holdings, entry({ name }));
    expect(await ask(`agents/${name}?limit=11`)).toMatchObject({ status: 400, body: violating("limit") });
    expect(await ask(`agents/${name}?after=yesterday`)).toMatchObject({ status: 400, body: violating("after") });
    expect(await ask(`agents/${name}?after=1.0.0`)).toEqual({ status: 200, body: { name, versions: [] } });
    expect((await ask("agents/nobody?after=1.0.0")).status).toBe(404);
  });
});

describe("whoever asks for probes", () => {
  it("gets so many runs of an agent in an hour, and is told when there is another", async () => {
    const name = newName();
    await publish(holdings, entry({ name, publisher: PUBLISHER }));
    for (let times = 0; times < MOST_ASKED; times++) await holdings.ask(name);
    const { last } = await holdings.log(0, 1);
    const refused = await ask(`agents/${name}/probe`, {});
    expect(refused).toMatchObject({ status: 409, body: violating("name") });
    expect(JSON.stringify(refused.body)).toMatch(/ask again after 20\d\d-/);
    expect((await holdings.log(0, 1)).last).toBe(last);
  });
});
