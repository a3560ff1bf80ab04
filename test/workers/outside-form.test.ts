import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { outbound } from "../../shared/a2a/outbound.ts";
import { LOCAL_PRINCIPAL } from "../../shared/auth/principal.ts";
import type { SnapshotEntry } from "../../shared/registry/entry.ts";
import type { ShadowCopy } from "../../shared/registry/rollout.ts";
import type { AgentCard } from "../../shared/task/a2a-types.ts";
import { GOVERNANCE_EXTENSION } from "../../shared/task/governance-extension.ts";
import { RESUME_EXTENSION } from "../../shared/task/resume-extension.ts";
import { copyCall } from "../../workers/registry/copying.ts";
import { runProbes } from "../../workers/registry/probing.ts";
import probe from "./probe-agent.ts";

// What an agent sees of a call, of the copy of one, and of a probe: the requests as they leave the mesh, byte for byte.

const ENDPOINT = "https://agents.example.com/weather";
const ASKED = { text: "hello" };
const LIMITS = { probesAtOnce: 1, probeRunSeconds: 60, probeRunMicroUsd: 1_000_000 };

interface Sent {
  readonly url: string;
  readonly init: Readonly<Record<string, unknown>>;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
}

let sent: Sent[] = [];
let revision = 0;

beforeEach(() => {
  sent = [];
  vi.useFakeTimers({ toFake: ["Date"], now: Date.UTC(2026, 11, 1) + revision * 3_600_000 });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const task = (state: string) => ({ id: "t-1", contextId: "c", status: { state }, artifacts: [{ artifactId: "a", parts: [ASKED] }] });

/** Works for a moment where it is let: its task is there at once, and has ended when it is looked at for the second time. */
function agent() {
  let looks = 0;
  return async (url: string, { headers, body, signal: _, ...init }: RequestInit): Promise<Response> => {
    sent.push({ url, init: { ...init }, headers: Object.entries(headers as Record<string, string>), body: String(body) });
    const { method, params } = JSON.parse(String(body)) as { method: string; params: { configuration?: { returnImmediately?: boolean } } };
    const state = () => (looks++ < 2 ? "TASK_STATE_WORKING" : "TASK_STATE_COMPLETED");
    const result =
      method === "GetTask" ? task(state()) : { task: task(params.configuration?.returnImmediately ? state() : "TASK_STATE_COMPLETED") };
    return Response.json({ jsonrpc: "2.0", id: 1, result });
  };
}

function cardOf(keyed: boolean): AgentCard {
  const extensions = [
    { uri: GOVERNANCE_EXTENSION, params: { skills: { echo: { readOnly: true } } } },
    ...(keyed ? [{ uri: RESUME_EXTENSION }] : []),
  ];
  return { ...probe.card, capabilities: { extensions } };
}

/** What each of the three sends, in their order. */
async function allThree(keyed: boolean): Promise<Sent[][]> {
  const card = cardOf(keyed);
  const sentBy: Sent[][] = [];
  const noted = async (work: (fetch: (url: string, init: RequestInit) => Promise<Response>) => Promise<unknown>) => {
    sent = [];
    await work(agent());
    sentBy.push(sent);
  };
  let told: ShadowCopy | undefined;
  await noted(async (fetch) => {
    vi.stubGlobal("fetch", fetch);
    revision += 1;
    const at = { version: "1.0.0", digest: "of 1.0.0", url: ENDPOINT, endpoint: ENDPOINT, card };
    const candidate = { ...at, version: "1.1.0", digest: "of 1.1.0", stage: "shadow", share: 0, untrue: [] } as const;
    const entry: SnapshotEntry = { name: "weather", status: "listed", evidence: {}, ...at, candidate };
    const copy = async (copied: ShadowCopy) => {
      told = copied;
      return true;
    };
    const REGISTRY = { snapshot: async () => ({ revision, entries: [entry] }), copy };
    const call = { agent: "weather", skill: "echo", parts: [ASKED], card: { version: "1.0.0", digest: "of 1.0.0" } };
    const options = { key: "task/call", principal: LOCAL_PRINCIPAL, signal: new AbortController().signal, mayCopy: true };
    expect(await outbound.call({ REGISTRY }, call, options)).toMatchObject({ ok: true });
    await vi.waitFor(() => expect(told).toBeDefined());
    vi.unstubAllGlobals();
  });
  const asking = { local: false, now: Date.now };
  await noted(async (fetch) => {
    const holdings = {
      beginCopy: async () => ({ id: 1, name: "weather", version: "1.1.0", endpoint: ENDPOINT, keyed }),
      endCopy: async () => {},
    };
    const make = told && (await copyCall(told, { ...asking, fetch, holdings, alike: () => true }));
    await make?.();
  });
  await noted((fetch) => {
    const probes = [{ skill: "echo", message: ASKED.text, expect: { contains: ["hello"] } }];
    return runProbes({ endpoint: ENDPOINT, card, probes } as never, { ...asking, fetch, limits: LIMITS });
  });
  return sentBy;
}

/** All but the values that no two messages have in common: the key, which is the message's id. */
function formOf({ body, headers, ...rest }: Sent) {
  const key = headers.find(([name]) => name === "Idempotency-Key")?.[1] ?? "";
  expect(key).toMatch(/^[0-9a-f]{64}$/);
  return { ...rest, headers: headers.map(([name, value]) => [name, value.replaceAll(key, "KEY")]), body: body.replaceAll(key, "KEY") };
}

describe("a call, a copy of it and a probe", () => {
  it.each([
    ["knows keys", true, ["SendMessage"]],
    ["knows none", false, ["SendMessage", "GetTask", "GetTask"]],
  ] as const)("differ in nothing but the key where the agent %s", async (_which, keyed, methods) => {
    const [call, copy, probed] = (await allThree(keyed)).map((each) => each.map(formOf));
    expect(call?.map(({ body }) => (JSON.parse(body) as { method: string }).method)).toEqual(methods);
    expect(copy).toEqual(call);
    expect(probed).toEqual(call);
    // toEqual does not look at the order of members and headers.
    for (const other of [copy, probed]) expect(JSON.stringify(other)).toBe(JSON.stringify(call));
  });

  it("have each a key of their own", async () => {
    const keys = (await allThree(true)).map(([first]) => first?.headers.find(([name]) => name === "Idempotency-Key")?.[1]);
    expect(new Set(keys).size).toBe(3);
  });
});
