import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { LOCAL_PRINCIPAL, principalKey } from "../../shared/auth/principal.ts";
import { beginEnvelope, newHolderKey } from "../../shared/chain/envelope.ts";
import { chainKeys } from "../../shared/chain/keys.ts";
import type { TaskRecord } from "../../shared/task/record.ts";
import { http, message, ORIGIN, rpc, type Sent, served, VERSION, value, worker } from "./wire.ts";

// What callers wish for a task, and what of it counts.

const GOVERNANCE = "urn:skein:ext:governance:v1";
const FIELD = `metadata["${GOVERNANCE}"]`;

async function send(text: string, skill: string, wishes?: unknown, more: object = {}): Promise<unknown> {
  const metadata = wishes === undefined ? {} : { metadata: { [GOVERNANCE]: wishes } };
  return value(await rpc("SendMessage", { message: message(text, skill, more), ...metadata }));
}

async function recordOf(id: string): Promise<TaskRecord> {
  return (await (await http("GET", `/governance/tasks/${id}`, undefined, {})).json()) as TaskRecord;
}

const labelOf = (record: TaskRecord) => record.decisions.flatMap(({ signals }) => (signals as { label?: string }).label ?? []);

describe("a caller's limits", () => {
  it("stop the task at what it may spend, and ask", async () => {
    const { task } = (await send("echo,echo", "fan", { limits: { calls: 1 } })) as Sent;
    expect(task.status.state).toBe("TASK_STATE_INPUT_REQUIRED");
    expect(JSON.stringify(task)).toContain("1 call");
    expect((await recordOf(task.id)).wishes).toEqual({ limits: { calls: 1 } });
  });

  it("never widen what the contract allows", async () => {
    const { task } = (await send("echo", "fan", { limits: { calls: 1_000_000 } })) as Sent;
    const { decisions } = await recordOf(task.id);
    const budget = decisions.find(({ name }) => name.startsWith("budget:"));
    expect(budget?.signals).toMatchObject({ task: { limit: { calls: 64 } } });
  });

  it("count in the metadata of the request only: words and a message's own metadata are no wishes", async () => {
    const text = `echo`;
    const own = { metadata: { "urn:skein:ext:skill:v1": { skill: "fan" }, [GOVERNANCE]: { limits: { calls: 0 } } } };
    const { task } = (await send(text, "fan", undefined, own)) as Sent;
    expect(task.status.state).toBe("TASK_STATE_COMPLETED");
    expect((await recordOf(task.id)).wishes).toBeUndefined();
  });

  it("come by HTTP+JSON and by a stream as well", async () => {
    const body = { message: message("echo", "fan"), metadata: { [GOVERNANCE]: { limits: { calls: 0 } } } };
    const sent = (await value(await http("POST", "/message:send", body))) as Sent;
    expect(sent.task.status.state).toBe("TASK_STATE_INPUT_REQUIRED");
    const streamed = await http("POST", "/message:stream", { ...body, metadata: { [GOVERNANCE]: { limits: { calls: -1 } } } });
    expect(await value(streamed)).toMatchObject({ fields: [{ field: `${FIELD}.limits.calls` }] });
  });
});

describe("a caller's label", () => {
  it("goes with every call, where none said is internal", async () => {
    const [said, silent] = (await Promise.all([send("echo", "fan", { label: "restricted" }), send("echo", "fan")])) as [Sent, Sent];
    expect(labelOf(await recordOf(said.task.id))).toContain("restricted");
    expect(labelOf(await recordOf(silent.task.id))).toContain("internal");
  });

  it("may make an envelope's stricter, and never weaker; the lease stays the limit", async () => {
    const SKEIN_CHAIN_KEY = (env as unknown as { SKEIN_CHAIN_KEY: string }).SKEIN_CHAIN_KEY;
    const { sign } = await chainKeys({ SKEIN_CHAIN_KEY });
    if (!sign) throw new Error("a key that is set signs");
    const limit = { microUsd: 100, tokensIn: 100, tokensOut: 100, calls: 10, wallMs: 60_000 };
    const under = async (call: string, label: "public" | "restricted") => {
      const origin = { agent: "orchestrator", skill: null, reliability: 1, evidence: "self" } as const;
      const next = {
        audience: "probe",
        call,
        hop: { agent: "probe", skill: "fan", reliability: 0.9, evidence: "measured" } as const,
        hops: 3,
        deadline: Date.now() + 60_000,
        lease: { id: call, limit },
        surface: "any" as const,
        label: "confidential" as const,
        contracts: {},
      };
      const begin = { root: "task-1", subject: principalKey(LOCAL_PRINCIPAL), origin };
      const envelope = await beginEnvelope(begin, next, sign, await newHolderKey());
      const metadata = {
        "urn:skein:ext:chain:v1": envelope,
        "urn:skein:ext:resume:v1": { idempotencyKey: call },
        [GOVERNANCE]: { label, limits: { calls: 1 } },
      };
      const { task } = (await value(await rpc("SendMessage", { message: message("echo,echo", "fan"), metadata }))) as Sent;
      return { task, record: await recordOf(task.id) };
    };
    const stricter = await under("label-1", "restricted");
    const weaker = await under("label-2", "public");
    expect(new Set(labelOf(stricter.record))).toEqual(new Set(["restricted"]));
    expect(new Set(labelOf(weaker.record))).toEqual(new Set(["confidential"]));
    for (const { task } of [stricter, weaker]) expect(task.status.state).toBe("TASK_STATE_COMPLETED");
  });
});

describe("wishes that are wrong", () => {
  const refused: [string, unknown, string][] = [
    ["no object", "cheap", ""],
    ["a list", [], ""],
    ["an unknown member", { budget: 5 }, ".budget"],
    ["what an answer says, sent back", { cost: { calls: 1 } }, ".cost"],
    ["an unknown unit", { limits: { euros: 5 } }, ".limits.euros"],
    ["an unknown preference", { preferences: { beauty: 1 } }, ".preferences.beauty"],
    ["a fraction of a call", { limits: { calls: 1.5 } }, ".limits.calls"],
    ["a negative limit", { limits: { wallMs: -1 } }, ".limits.wallMs"],
    ["a limit beyond what counts exactly", { limits: { microUsd: 1e300 } }, ".limits.microUsd"],
    ["a weight above one", { preferences: { cost: 2 } }, ".preferences.cost"],
    ["a label there is not", { label: "secret" }, ".label"],
  ];
  it.each(refused)("are refused by name: %s", async (_, wishes, member) => {
    const { reason, fields } = (await send("hello", "echo", wishes)) as {
      reason?: string;
      fields: { field: string; description: string }[];
    };
    expect(reason).toBeUndefined();
    expect(fields.map(({ field }) => field)).toEqual([FIELD + member]);
    expect(fields[0]?.description).not.toMatch(/expected|received|Invalid/i);
  });

  it("make no task, and say which members there are", async () => {
    const before = await worker.fetch(`${ORIGIN}/tasks`, { headers: VERSION });
    const { totalSize } = (await before.json()) as { totalSize: number };
    expect(await send("hello", "echo", { limit: {} })).toMatchObject({
      fields: [{ description: expect.stringContaining("limits, preferences, label") }],
    });
    const after = (await (await worker.fetch(`${ORIGIN}/tasks`, { headers: VERSION })).json()) as { totalSize: number };
    expect(after.totalSize).toBe(totalSize);
  });

  it("cannot come later: a task keeps the rules it was made under", async () => {
    const { task } = (await send("well", "question")) as Sent;
    const late = await send("Here", "question", { limits: { calls: 50 } }, { taskId: task.id });
    expect(late).toMatchObject({ fields: [{ field: FIELD }] });
    // Empty is nothing wished.
    expect(await send("Here", "question", {}, { taskId: task.id })).toMatchObject({ task: { id: task.id } });
  });
});

describe("the extension", () => {
  it("is declared in every card, and what a card says of its skills stays beside what it means", async () => {
    const params = { skills: { echo: { readOnly: true } } };
    const own = served({ capabilities: { streaming: true, extensions: [{ uri: GOVERNANCE, params }] } });
    const card = await (await http("GET", "/.well-known/agent-card.json", undefined, {}, own)).json();
    const { capabilities } = card as { capabilities: { extensions: { uri: string; description?: string; params?: unknown }[] } };
    const declared = capabilities.extensions.filter(({ uri }) => uri === GOVERNANCE);
    expect(declared).toEqual([{ uri: GOVERNANCE, params, description: expect.stringContaining("limits") }]);
  });
});
