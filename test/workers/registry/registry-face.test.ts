import { beforeAll, describe, expect, inject, it } from "vitest";
import { newKey } from "../../../shared/auth/api-key.ts";
import type { Scope } from "../../../shared/auth/principal.ts";
import type { AgentWorkerEnv } from "../../../shared/kit/worker.ts";
import type { RegistryEnv } from "../../../shared/registry/api.ts";
import { firstBroken, type LogPage } from "../../../shared/registry/history.ts";
import { frontDoor } from "../../../workers/orchestrator/front-door.ts";
import { anAgentAt, newName, REGISTRY } from "./publications.ts";

// The registry as publishers, callers and operators meet it at the front door, with agents over real HTTP behind it.

const door = frontDoor<AgentWorkerEnv & RegistryEnv>(() => new Response("the orchestrator's"));
const context = { waitUntil: () => {}, passThroughOnException: () => {} } as unknown as ExecutionContext;
const PROBE = { skill: "count-words", message: "one two three", expect: { contains: ["3 words"] } };

interface Who {
  readonly headers: Record<string, string>;
  readonly settings: object;
}

let publisher: Who;
let other: Who;
let caller: Who;
let operator: Who;
let both: Who;
/** Of another tenant. */
let stranger: Who;

beforeAll(async () => {
  const people = [
    { app: "birds", scopes: ["call", "publish"] },
    { app: "boats", scopes: ["call", "publish"] },
    { app: "desk", scopes: ["call"] },
    { app: "ops", scopes: ["call", "operate"] },
    { app: "house", scopes: ["call", "publish", "operate"] },
    { app: "ops", scopes: ["call", "publish", "operate"], tenant: "globex" },
  ] as const satisfies readonly { app: string; scopes: readonly Scope[]; tenant?: string }[];
  const keys = await Promise.all(people.map(async (each) => ({ ...each, ...(await newKey()) })));
  const AUTH_API_KEYS = JSON.stringify(
    keys.map((each) => {
      const { app, scopes, id, hash } = each;
      return { id, hash, tenant: "tenant" in each ? each.tenant : "acme", app, scopes };
    }),
  );
  const settings = { AUTH_API_KEYS, RATE_LIMIT: { limit: async () => ({ success: true }) }, SKEIN_LOCAL: undefined };
  const all = keys.map(({ text }) => ({ headers: { "X-API-Key": text }, settings }));
  [publisher, other, caller, operator, both, stranger] = all as unknown as [Who, Who, Who, Who, Who, Who];
});

/** @param body sent as JSON by POST */
async function ask(who: Who | undefined, path: string, body?: unknown) {
  const { headers, settings } = who ?? { headers: {}, settings: caller.settings };
  const init =
    body === undefined
      ? { headers }
      : { method: "POST", headers: { "Content-Type": "application/json", ...headers }, body: JSON.stringify(body) };
  const response = await door.request(`http://127.0.0.1/registry/${path}`, init, { REGISTRY, ...settings } as never, context);
  return { status: response.status, headers: response.headers, body: (await response.json()) as Record<string, never> };
}

async function publish(who: Who, name: string, conduct: Parameters<typeof anAgentAt>[2] = {}, more: object = { probes: [PROBE] }) {
  const { url } = await anAgentAt(inject("agentsServer"), name, conduct);
  return ask(who, "agents", { url, ...more });
}

/** The next version of an agent, at a place of its own. */
async function publishApart(who: Who, name: string, more: object = {}) {
  const { url } = await anAgentAt(inject("agentsServer"), newName(), { name, version: "1.1.0" });
  return ask(who, "agents", { url, probes: [PROBE], ...more });
}

function violating(field: string) {
  return {
    error: { details: expect.arrayContaining([expect.objectContaining({ fieldViolations: [expect.objectContaining({ field })] })]) },
  };
}

describe("a publisher", () => {
  it("publishes an agent that runs, is told what was checked and measured, and finds it listed, searched for and in the log", async () => {
    const name = newName();
    const answer = await publish(publisher, name);
    expect(answer).toMatchObject({
      status: 201,
      body: {
        again: false,
        entry: { name, version: "1.0.0", status: "listed", publisher: "acme/birds/birds", evidence: { "count-words": { successes: 1 } } },
      },
    });
    expect(answer.body["checks"]).toContainEqual({ field: expect.stringContaining("signature"), rule: expect.any(String) });

    const { agents } = (await ask(caller, "agents")).body as unknown as { agents: object[] };
    expect(agents).toContainEqual(expect.objectContaining({ name, status: "listed" }));
    expect((await ask(caller, `agents/${name}`)).body).toMatchObject({ name, versions: [{ version: "1.0.0", evidence: {} }] });
    const { found } = (await ask(caller, "search?need=count%20the%20words%20of%20a%20text&limit=100")).body as unknown as {
      found: object[];
    };
    expect(found).toContainEqual(expect.objectContaining({ agent: name, skill: "count-words", version: "1.0.0" }));
    const { rows } = (await ask(caller, "log?limit=1000")).body as unknown as LogPage;
    expect(rows.filter((row) => row.name === name).map(({ what }) => what)).toEqual(["published", "probed"]);
    expect(firstBroken(rows)).toBeUndefined();
  });

  it("publishes the same again, and another version, and no card in another's place", async () => {
    const name = newName();
    expect((await publish(publisher, name)).status).toBe(201);
    expect(await publish(publisher, name)).toMatchObject({ status: 200, body: { again: true } });
    expect((await publish(publisher, name, { version: "1.1.0" })).status).toBe(201);
    expect(await publish(publisher, name, { version: "1.0.1" })).toMatchObject({ status: 409, body: violating("version") });
    const { versions } = (await ask(publisher, `agents/${name}`)).body as unknown as { versions: { version: string }[] };
    expect(versions.map(({ version }) => version)).toEqual(["1.1.0", "1.0.0"]);
  });

  it("touches nobody else's agents", async () => {
    const name = newName();
    await publish(publisher, name);
    expect(await publish(other, name, { version: "2.0.0" })).toMatchObject({ status: 403, body: violating("name") });
    for (const action of ["deprecate", "revoke", "probe"])
      expect((await ask(other, `agents/${name}/${action}`, { reason: "mine is better" })).status).toBe(403);
    expect((await ask(caller, `agents/${name}`)).body).toMatchObject({ versions: [{ status: "listed" }] });
  });

  it("wins a name against another who publishes under it at the same time, or is told that it is somebody else's", async () => {
    const name = newName();
    const both = await Promise.all([publish(publisher, name), publish(other, name)]);
    expect(both.map(({ status }) => status).sort()).toEqual([201, 403]);
    const { versions } = (await ask(caller, `agents/${name}`)).body as unknown as { versions: { publisher: string }[] };
    const winner = both[0]?.status === 201 ? "acme/birds/birds" : "acme/boats/boats";
    expect(versions.map((each) => each.publisher)).toEqual([winner]);
  });

  it("deprecates, restores and revokes what is theirs, once and for all", async () => {
    const name = newName();
    await publish(publisher, name);
    const entry = async (action: string, body: object) => (await ask(publisher, `agents/${name}/${action}`, body)).body;
    expect(await entry("deprecate", { reason: "old" })).toMatchObject({ entry: { status: "deprecated", reason: "old" } });
    expect(await entry("restore", {})).toMatchObject({ entry: { status: "listed" } });
    expect(await entry("revoke", { version: "1.0.0", reason: "broken" })).toMatchObject({ entry: { status: "revoked", reason: "broken" } });
    expect(await ask(publisher, `agents/${name}/restore`, {})).toMatchObject({ status: 409, body: violating("version") });
    expect(await publish(publisher, name)).toMatchObject({ status: 409 });
  });

  it("has an agent that does not hold its own probes quarantined, and learns why", async () => {
    const name = newName();
    const probes = ["a b", "a b c", "a b c d", "a b c d e"].map((message) => ({
      ...PROBE,
      message,
      expect: { number: { value: message.split(" ").length, within: 0 } },
    }));
    const answer = await publish(publisher, name, { countsRight: false }, { probes });
    expect(answer.body).toMatchObject({ entry: { status: "quarantined", reason: expect.stringContaining("0 of 4") } });
    expect((await ask(publisher, `agents/${name}/restore`, {})).status).toBe(403);
    expect((await ask(operator, `agents/${name}/restore`, {})).body).toMatchObject({ entry: { status: "listed" } });
  });

  it.each([
    ["no address", { url: "" }, "url"],
    ["what is no address", { url: "nowhere" }, "url"],
    ["an address of others' insides", { url: "https://169.254.169.254/latest" }, "url"],
    ["probes that are none", { probes: [{ skill: "count-words" }] }, "probes[0].message"],
    ["a probe of a skill that it has not", { probes: [{ ...PROBE, skill: "sing" }] }, "probes[0].skill"],
    ["another agent than the one there", { name: "somebody-else" }, "name"],
  ])("is told the field for %s, and nothing is published", async (_, more, field) => {
    const name = newName();
    const answer = await publish(publisher, name, {}, more);
    expect(answer).toMatchObject({ status: expect.any(Number), body: violating(field) });
    expect([400, 409]).toContain(answer.status);
    expect((await ask(caller, `agents/${name}`)).status).toBe(404);
  });

  it("is told when there is no card", async () => {
    const answer = await ask(publisher, "agents", { url: `${inject("agentsServer")}/nobody` });
    expect(answer).toMatchObject({ status: 400, body: { error: { status: "FAILED_PRECONDITION" } } });
    expect(JSON.stringify(answer.body)).toContain("AGENT_UNREACHABLE");
  });
});

describe("a new version at a place of its own", () => {
  it("is a candidate with what was measured of it, and shown on its way to whoever reads", async () => {
    const name = newName();
    await publish(publisher, name);
    const answer = await publishApart(publisher, name);
    expect(answer).toMatchObject({
      status: 201,
      body: { entry: { status: "candidate", evidence: { "count-words": { successes: 1 } } } },
    });
    const rollout = {
      name,
      version: "1.1.0",
      base: "1.0.0",
      stage: "shadow",
      share: 0,
      waitsFor: expect.stringContaining("10 more copies"),
    };
    expect((await ask(caller, `agents/${name}/rollout`)).body).toMatchObject({ rollout });
    const { rollouts } = (await ask(caller, "rollouts")).body as unknown as { rollouts: object[] };
    expect(rollouts).toContainEqual(expect.objectContaining({ name, version: "1.1.0", stage: "shadow" }));
    expect((await ask(caller, `agents/${name}`)).body).toMatchObject({
      versions: [{ version: "1.1.0", status: "candidate" }, { version: "1.0.0" }],
      rollout,
    });
    expect((await ask(caller, "agents")).body).toMatchObject({
      agents: expect.arrayContaining([expect.objectContaining({ name, version: "1.0.0" })]),
    });
  });

  it("is sent on by an operator and by nobody else, and back by its publisher too", async () => {
    const name = newName();
    await publish(publisher, name);
    await publishApart(publisher, name);
    const roll = (who: Who, to: string, more: object = { reason: "seen enough" }) => ask(who, `agents/${name}/rollout`, { to, ...more });
    expect(await roll(publisher, "active")).toMatchObject({ status: 403, body: violating("to") });
    expect((await roll(other, "back")).status).toBe(403);
    expect((await roll(caller, "back")).status).toBe(403);
    expect(await roll(publisher, "nowhere")).toMatchObject({ status: 400, body: violating("to") });
    expect(await roll(publisher, "back", {})).toMatchObject({ status: 400, body: violating("reason") });
    expect((await roll(operator, "canary")).body).toMatchObject({ entry: { status: "candidate", reason: expect.stringContaining("10%") } });
    expect((await roll(publisher, "back")).body).toMatchObject({ entry: { status: "quarantined", reason: "taken back: seen enough" } });
    expect((await ask(caller, `agents/${name}/rollout`)).body).toEqual({});
    expect(await roll(operator, "active")).toMatchObject({ status: 409, body: violating("name") });
    expect((await ask(caller, "agents/nobody/rollout")).status).toBe(404);
  });

  it("is sent on from where it was seen: of two who send it on at once, one is told where it is by then", async () => {
    const name = newName();
    await publish(both, name);
    await publishApart(both, name);
    const body = { reason: "seen enough", from: { stage: "shadow", share: 0 } };
    const said = await Promise.all([operator, both].map((who) => ask(who, `agents/${name}/rollout`, { to: "ramp", ...body })));
    expect(said.map(({ status }) => status).sort()).toEqual([200, 409]);
    expect(said.find(({ status }) => status === 409)?.body).toMatchObject(violating("from"));
    expect((await ask(caller, `agents/${name}/rollout`)).body).toMatchObject({ rollout: { stage: "ramp", share: 0.25 } });
    expect(await ask(operator, `agents/${name}/rollout`, { to: "ramp", reason: "on", from: { stage: "ramp" } })).toMatchObject({
      status: 400,
      body: violating("from.share"),
    });
  });

  it("is listed at once by an operator's word, which is no publisher's to give", async () => {
    const name = newName();
    await publish(publisher, name);
    expect(await publishApart(publisher, name, { atOnce: true })).toMatchObject({ status: 403, body: violating("atOnce") });
    expect((await ask(caller, `agents/${name}`)).body["versions"]).toHaveLength(1);
    const own = newName();
    await publish(both, own);
    expect(await publishApart(both, own, { atOnce: true })).toMatchObject({ status: 201, body: { entry: { status: "listed" } } });
  });
});

describe("the list of agents", () => {
  it("comes in pages, by name, each agent once", async () => {
    const names = [newName(), newName(), newName()];
    for (const name of names) await publish(publisher, name);
    const seen: string[] = [];
    let after = "";
    for (let pages = 0; pages < 100; pages++) {
      const { agents, next } = (await ask(caller, `agents?limit=2${after}`)).body as unknown as {
        agents: { name: string }[];
        next?: string;
      };
      expect(agents.length).toBeLessThanOrEqual(2);
      seen.push(...agents.map(({ name }) => name));
      if (next === undefined) break;
      expect(next).toBe(seen.at(-1));
      after = `&after=${next}`;
    }
    expect(seen).toEqual([...new Set(seen)].sort());
    expect(seen).toEqual(expect.arrayContaining(names));
    expect(await ask(caller, "agents?limit=0")).toMatchObject({ status: 400, body: violating("limit") });
  });
});

describe("whoever may only call", () => {
  it("reads, and changes nothing", async () => {
    const name = newName();
    await publish(publisher, name);
    for (const path of ["agents", `agents/${name}`, "search?need=words", "log"]) expect((await ask(caller, path)).status).toBe(200);
    for (const path of ["agents", `agents/${name}/revoke`, `agents/${name}/probe`]) {
      const refused = await ask(caller, path, { url: "https://example.com", reason: "no" });
      expect(refused.status).toBe(403);
      expect(JSON.stringify(refused.body)).toContain('scope \\"publish\\"');
    }
  });

  it("is asked who it is first", async () => {
    const refused = await ask(undefined, "agents");
    expect(refused.status).toBe(401);
    expect(refused.headers.get("WWW-Authenticate")).toBeTruthy();
  });
});

describe("an operator of another tenant", () => {
  const named = (who: Who, tenant: string): Who => ({ ...who, settings: { ...who.settings, SKEIN_REGISTRY_TENANT: tenant } });

  it("changes, lifts, sends on and tries nothing that was published from this one", async () => {
    const name = newName();
    await publish(publisher, name);
    await publishApart(publisher, name);
    for (const action of ["quarantine", "revoke", "deprecate", "probe"])
      expect(await ask(stranger, `agents/${name}/${action}`, { reason: "ours is better" })).toMatchObject({ status: 403 });
    for (const to of ["active", "back"])
      expect(await ask(stranger, `agents/${name}/rollout`, { to, reason: "ours is better" })).toMatchObject({ status: 403 });
    expect((await ask(operator, `agents/${name}/quarantine`, { version: "1.0.0", reason: "to be looked at" })).status).toBe(200);
    expect((await ask(stranger, `agents/${name}/restore`, {})).status).toBe(403);
    expect((await ask(stranger, "agents/nobody/revoke", { reason: "gone" })).status).toBe(404);
  });

  it("does so where their tenant is the registry's, and then nobody else's operators do", async () => {
    const name = newName();
    await publish(publisher, name);
    expect((await ask(named(operator, "globex"), `agents/${name}/quarantine`, { reason: "to be looked at" })).status).toBe(403);
    expect((await publishApart(named(both, "globex"), newName(), { atOnce: true })).status).toBe(403);
    expect((await ask(named(stranger, "globex"), `agents/${name}/quarantine`, { reason: "to be looked at" })).status).toBe(200);
    expect((await ask(named(publisher, "globex"), `agents/${name}/revoke`, { reason: "mine" })).status).toBe(200);
  });
});

describe("the probes of an agent", () => {
  it("are shown to its publisher and to operators, and to others how many there are", async () => {
    const name = newName();
    await publish(publisher, name);
    const seenBy = async (who: Who) => {
      const [version] = (await ask(who, `agents/${name}`)).body["versions"] as unknown as Record<string, unknown>[];
      const { agents } = (await ask(who, "agents?limit=1000")).body as unknown as { agents: Record<string, unknown>[] };
      return [version, agents.find((each) => each["name"] === name)].map((each) => [each?.["probes"], each?.["probeCount"]]);
    };
    for (const who of [publisher, operator]) expect(await seenBy(who)).toEqual([1, 2].map(() => [[PROBE], 1]));
    for (const who of [other, caller, stranger]) expect(await seenBy(who)).toEqual([1, 2].map(() => [[], 1]));
  });
});

describe("an operator", () => {
  it("changes anybody's agents, and is named in the log", async () => {
    const name = newName();
    await publish(publisher, name);
    expect((await ask(operator, `agents/${name}/quarantine`, { reason: "to be looked at" })).body).toMatchObject({
      entry: { status: "quarantined" },
    });
    expect((await ask(operator, `agents/${name}/probe`, {})).body).toMatchObject({
      entry: { evidence: { "count-words": { successes: 2 } } },
    });
    expect((await ask(operator, `agents/${name}/revoke`, { reason: "harm" })).status).toBe(200);
    const { rows } = (await ask(operator, "log?limit=1000")).body as unknown as LogPage;
    expect(rows.findLast((row) => row.name === name)).toMatchObject({ by: "acme/ops/ops", status: "revoked", reason: "harm" });
  });
});

describe("the paths of the registry", () => {
  it("say what is wrong with a question", async () => {
    expect(await ask(caller, "search")).toMatchObject({ status: 400, body: violating("need") });
    expect(await ask(caller, "search?need=words&limit=0")).toMatchObject({ status: 400, body: violating("limit") });
    expect(await ask(caller, "log?after=-1")).toMatchObject({ status: 400, body: violating("after") });
    expect(await ask(caller, "agents/nobody")).toMatchObject({ status: 404 });
    expect(await ask(publisher, "agents/nobody/revoke", { reason: "gone" })).toMatchObject({ status: 404, body: violating("name") });
    expect(await ask(publisher, "agents/nobody/revoke", {})).toMatchObject({ status: 400, body: violating("reason") });
  });

  it("say what to bind where there is no registry", async () => {
    const answer = await ask({ ...caller, settings: { ...caller.settings, REGISTRY: undefined } }, "agents");
    expect(answer).toMatchObject({ status: 503, body: { error: { message: expect.stringContaining("REGISTRY") } } });
  });
});
