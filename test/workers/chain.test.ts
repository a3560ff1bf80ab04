import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { base64url, CompactSign, importJWK } from "jose";
import { afterEach, describe, expect, it, vi } from "vitest";
import { LOCAL_PRINCIPAL, principalKey } from "../../shared/auth/principal.ts";
import type { Envelope } from "../../shared/chain/delegation.ts";
import { beginEnvelope, type NextHop, narrowEnvelope, newHolderKey } from "../../shared/chain/envelope.ts";
import { chainKeys } from "../../shared/chain/keys.ts";
import type { BudgetApi } from "../../shared/host/governance/api.ts";
import { LogStore } from "../../shared/host/log-store.ts";
import type { TaskEvent } from "../../shared/task/event.ts";
import { findTask } from "../../shared/task/home.ts";
import { http, message, rpc, type Sent, served, VERSION, value } from "./wire.ts";

// Delegations as they come over the wire: taken with the task that is made under them, or refused and recorded.

const CHAIN = "urn:skein:ext:chain:v1";
const RESUME = "urn:skein:ext:resume:v1";
const SKEIN_CHAIN_KEY = JSON.stringify(await newHolderKey());
const { sign } = await chainKeys({ SKEIN_CHAIN_KEY });
const agent = served({}, { SKEIN_CHAIN_KEY });

const budget = (env as unknown as { BUDGET: DurableObjectNamespace }).BUDGET.getByName("local") as unknown as BudgetApi;
const limit = { microUsd: 100, tokensIn: 100, tokensOut: 100, calls: 10, wallMs: 1_000 };

const DEADLINE = Date.now() + 600_000;
let calls = 0;

function hop(over: Partial<NextHop> = {}): NextHop {
  calls += 1;
  return {
    audience: "probe",
    call: `call-${calls}`,
    hop: { agent: over.audience ?? "probe", skill: "echo", reliability: 0.9, evidence: "measured" },
    hops: 3,
    deadline: DEADLINE,
    lease: { id: "lease-1", limit },
    surface: ["probe/echo"],
    label: "internal",
    contracts: { "chain-cap": 1 },
    ...over,
  };
}

async function begun(next: NextHop, { subject = principalKey(LOCAL_PRINCIPAL), key = sign } = {}): Promise<Envelope> {
  if (!key) throw new Error("a key that is set signs");
  const origin = { agent: "orchestrator", skill: null, reliability: 1, evidence: "self" } as const;
  return beginEnvelope({ root: "task-1", subject, origin }, next, key, await newHolderKey());
}

/** A request as a delegating agent makes it. */
function request(envelope: unknown, call: string | undefined, skill = "echo", more: object = {}) {
  const keyed = call !== undefined && { [RESUME]: { idempotencyKey: call } };
  return { message: message("hello", skill, more), metadata: { [CHAIN]: envelope, ...keyed } };
}

async function send(params: object): Promise<Sent["task"]> {
  return ((await value(await rpc("SendMessage", params, VERSION, agent))) as Sent).task;
}

async function eventsOf(id: string): Promise<TaskEvent[]> {
  const address = findTask(principalKey(LOCAL_PRINCIPAL), id);
  const home = (env as unknown as { TASK_HOME: DurableObjectNamespace }).TASK_HOME.getByName(address?.home ?? "");
  return runInDurableObject(home, (_home, state) => new LogStore(state.storage.sql).read(id, 1, 1_000).map(({ event }) => event));
}

afterEach(() => vi.restoreAllMocks());

describe("a delegation that is good", () => {
  it("is kept with the task that is made under it, and with each later message", async () => {
    const first = hop({ hop: { agent: "probe", skill: "question", reliability: 0.9, evidence: "measured" } });
    const envelope = await begun(first);
    const { id } = await send(request(envelope, first.call, "question"));
    const [created] = await eventsOf(id);
    const path = [expect.objectContaining({ agent: "orchestrator" }), first.hop];
    expect(created).toMatchObject({
      type: "created",
      chain: { envelope, delegation: { root: "task-1", path, hops: 3, lease: first.lease } },
    });

    const second = hop({ call: "answer-1", lease: { id: "lease-2", limit } });
    const answer = await begun(second);
    await send(request(answer, second.call, "question", { taskId: id }));
    const messages = (await eventsOf(id)).filter(({ type }) => type === "message");
    expect(messages).toMatchObject([{ key: "answer-1", chain: { envelope: answer, delegation: { lease: second.lease } } }]);
  });

  it("is taken by either binding, with the key of its call in the header too, and by a stream", async () => {
    for (const ask of [
      (params: object, call: string) => rpc("SendMessage", params, { ...VERSION, "Idempotency-Key": call }, agent),
      (params: object, call: string) => http("POST", "/message:send", params, { ...VERSION, "Idempotency-Key": call }, agent),
    ]) {
      const next = hop();
      expect(await value(await ask(request(await begun(next), undefined), next.call))).toMatchObject({
        task: { status: { state: "TASK_STATE_COMPLETED" } },
      });
    }
    const next = hop();
    const stream = await http("POST", "/message:stream", request(await begun(next), next.call), VERSION, agent);
    expect(await stream.text()).toContain("TASK_STATE_COMPLETED");
  });

  it("finds the same task when it comes again, and can do nothing else", async () => {
    const next = hop();
    const params = request(await begun(next), next.call);
    const { id } = await send(params);
    expect((await send(params)).id).toBe(id);
    const other = { ...params, message: message("something else", "echo") };
    expect(await value(await rpc("SendMessage", other, VERSION, agent))).toMatchObject({ fields: [{ field: "Idempotency-Key" }] });
    expect((await eventsOf(id)).filter(({ type }) => type === "created" || type === "message").length).toBe(1);
  });

  it("is nothing that an answer shows: its key is its holder's", async () => {
    const next = hop();
    const envelope = await begun(next);
    const params = request(envelope, next.call);
    const sent = await (await rpc("SendMessage", params, VERSION, agent)).text();
    const { id } = (JSON.parse(sent) as { result: Sent }).result.task;
    const got = await (await http("GET", `/tasks/${id}`, undefined, VERSION, agent)).text();
    for (const text of [sent, got])
      for (const secret of [envelope.key["d"] ?? "", envelope.blocks[0] ?? ""]) expect(text).not.toContain(secret);
  });

  it("is declared in the card, and said to be active to whoever asks", async () => {
    const next = hop();
    const response = await rpc("SendMessage", request(await begun(next), next.call), { ...VERSION, "A2A-Extensions": CHAIN }, agent);
    expect(response.headers.get("A2A-Extensions")).toBe(CHAIN);
    expect(await (await http("GET", "/.well-known/agent-card.json", undefined, VERSION, agent)).text()).toContain(CHAIN);
  });
});

type Attempt = () => Promise<{ envelope: unknown; call: string | undefined }>;
const honest = async (over: Partial<NextHop> = {}) => {
  const next = hop(over);
  return { envelope: await begun(next), call: next.call };
};
const withoutBlock = ({ key }: Envelope) => ({ key, blocks: [] });

const refusals: [string, Attempt][] = [
  ["malformed", async () => ({ ...(await honest()), envelope: "please" })],
  ["malformed", async () => ({ ...(await honest()), envelope: null })],
  ["malformed", async () => ({ ...(await honest()), envelope: withoutBlock((await honest()).envelope) })],
  ["forged", forged],
  ["widened", widened],
  ["expired", () => honest({ deadline: Date.now() - 1 })],
  ["wrong-audience", () => honest({ audience: "another" })],
  ["wrong-call", async () => ({ ...(await honest()), call: "another" })],
  ["wrong-call", async () => ({ ...(await honest()), call: undefined })],
  ["wrong-principal", strangers],
];

async function forged() {
  const { sign: key } = await chainKeys({ SKEIN_CHAIN_KEY: JSON.stringify(await newHolderKey()) });
  const next = hop();
  return { envelope: await begun(next, { ...(key && { key }) }), call: next.call };
}

/** Signed by the holder whose turn it was, who grants more hops than he was granted. */
async function widened() {
  const before = await begun(hop({ audience: "middle", hops: 1 }));
  const next = hop({ hops: 0 });
  const { blocks, key } = await narrowEnvelope(before, next, await newHolderKey());
  const [, payload = ""] = blocks[1]?.split(".") ?? [];
  const content = JSON.parse(new TextDecoder().decode(base64url.decode(payload))) as object;
  const wide = new CompactSign(new TextEncoder().encode(JSON.stringify({ ...content, hops: 9 })));
  const signed = wide.setProtectedHeader({ alg: "Ed25519", typ: "skein-chain+jws" });
  const block = await signed.sign(await importJWK({ ...before.key, kty: "OKP" }, "Ed25519"));
  return { envelope: { blocks: [blocks[0], block], key }, call: next.call };
}

async function strangers() {
  const next = hop();
  return { envelope: await begun(next, { subject: "acme/app/eve" }), call: next.call };
}

describe("a delegation that is not good", () => {
  it.each(refusals)("is refused in both bindings, logged and recorded, and no task is made: %s", async (reason, attempt) => {
    const said = vi.spyOn(console, "warn").mockReturnValue();
    const recorded = async () => (await budget.incidents()).filter((each) => each.agent === "probe" && each.reason === reason).length;
    const before = await recorded();
    const { envelope, call } = await attempt();
    const info = { "@type": expect.stringContaining("ErrorInfo"), reason: "PERMISSION_DENIED", metadata: { extension: CHAIN, reason } };

    const overRpc = await rpc("SendMessage", request(envelope, call), VERSION, agent);
    const rpcBody = (await overRpc.json()) as { error: { message: string } };
    expect([overRpc.status, rpcBody]).toMatchObject([403, { error: { code: -32000, data: [info] } }]);
    expect(rpcBody.error.message).toMatch(/^the delegation envelope is refused: .+; .+/);

    const streamed = await http("POST", "/message:stream", request(envelope, call), VERSION, agent);
    expect([streamed.status, await streamed.json()]).toMatchObject([403, { error: { status: "PERMISSION_DENIED", details: [info] } }]);

    expect(said.mock.calls.map(([line]) => JSON.parse(String(line)) as unknown)).toMatchObject(
      Array(2).fill({ event: "envelope-refused", agent: "probe", tenant: "local", reason }),
    );
    await vi.waitFor(async () => expect(await recorded()).toBe(before + 2));
    if (call === undefined) return;
    // Had there been a task, this would find it.
    const good = await begun(hop({ call }));
    const [created] = await eventsOf((await send(request(good, call))).id);
    expect(created).toMatchObject({ type: "created", chain: { envelope: good } });
  });

  it("is refused to somebody who answers a task of his own with it", async () => {
    vi.spyOn(console, "warn").mockReturnValue();
    const { id } = await send({ message: message("hello", "question") });
    const { envelope } = await honest();
    const response = await rpc("SendMessage", request(envelope, "other", "question", { taskId: id }), VERSION, agent);
    expect(response.status).toBe(403);
    expect((await eventsOf(id)).filter(({ type }) => type === "message")).toEqual([]);
  });

  it("is refused also where nobody can record it", async () => {
    const said = vi.spyOn(console, "warn").mockReturnValue();
    const down = { getByName: () => ({ incident: () => Promise.reject(new Error("the object is gone")) }) };
    const { envelope, call } = await strangers();
    for (const BUDGET of [undefined, down as unknown as DurableObjectNamespace]) {
      const lonely = served({}, { SKEIN_CHAIN_KEY, BUDGET } as object);
      expect((await rpc("SendMessage", request(envelope, call), VERSION, lonely)).status).toBe(403);
    }
    await vi.waitFor(() => expect(said.mock.calls.flat()).toContain("a refused envelope could not be recorded"));
  });

  it("is refused where no key is set, and everybody else is served there", async () => {
    vi.spyOn(console, "warn").mockReturnValue();
    const keyless = served({}, { SKEIN_CHAIN_KEY: "" });
    const { envelope, call } = await honest();
    expect((await rpc("SendMessage", request(envelope, call), VERSION, keyless)).status).toBe(403);
    expect((await rpc("SendMessage", { message: message("hello", "echo") }, VERSION, keyless)).status).toBe(200);
  });

  it("is our own mistake where the key is broken: its content is not told", async () => {
    const said = vi.spyOn(console, "error").mockReturnValue();
    const broken = served({}, { SKEIN_CHAIN_KEY: "hunter2" });
    const { envelope, call } = await honest();
    const text = await (await rpc("SendMessage", request(envelope, call), VERSION, broken)).text();
    expect(text).toContain("-32603");
    expect(String(said.mock.calls.flat())).toContain("SKEIN_CHAIN_KEY is no private Ed25519 key");
    expect(text + String(said.mock.calls.flat())).not.toContain("hunter2");
  });
});
