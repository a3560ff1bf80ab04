import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { QUIET_MS, tellOfCopy } from "../../shared/a2a/copies.ts";
import { outbound } from "../../shared/a2a/outbound.ts";
import { LOCAL_PRINCIPAL } from "../../shared/auth/principal.ts";
import type { OutboundCall } from "../../shared/host/calls.ts";
import type { CandidateEntry, OtherVersion, SnapshotEntry } from "../../shared/registry/entry.ts";
import type { ShadowCopy } from "../../shared/registry/rollout.ts";
import type { CalledCard } from "../../shared/task/event.ts";
import { GOVERNANCE_EXTENSION } from "../../shared/task/governance-extension.ts";
import { RESUME_EXTENSION } from "../../shared/task/resume-extension.ts";
import { type Hook, newHook } from "./hook.ts";
import probe from "./probe-agent.ts";

// What a Worker sends to which version of a published agent, and what it tells its registry of that.

const T0 = Date.UTC(2026, 10, 22);
const CARD = {
  ...probe.card,
  name: "weather",
  capabilities: { extensions: [{ uri: GOVERNANCE_EXTENSION, params: { skills: { echo: { readOnly: true } } } }] },
};
const options = { key: "task/call", principal: LOCAL_PRINCIPAL, signal: new AbortController().signal };
let revision = 0;

beforeEach(() => {
  // So long after the last test that nothing it read of the registry counts any more.
  vi.useFakeTimers({ toFake: ["Date"], now: T0 + revision * 3_600_000 });
});
afterEach(() => {
  vi.useRealTimers();
});

function at(version: string, hook: Hook) {
  return { version, digest: `of ${version}`, url: hook.url, endpoint: hook.url, card: { ...CARD, version } };
}

function entry(version: string, hook: Hook, more: Partial<SnapshotEntry> = {}): SnapshotEntry {
  return { name: "weather", status: "listed", evidence: {}, ...at(version, hook), ...more };
}

function tried(hook: Hook, more: Partial<CandidateEntry> = {}): CandidateEntry {
  return { ...at("1.1.0", hook), stage: "canary", share: 1, untrue: [], ...more };
}

function other(version: string, hook: Hook, more: Partial<OtherVersion> = {}): OtherVersion {
  const { digest, endpoint } = at(version, hook);
  return { version, digest, endpoint, status: "deprecated", streaming: false, extensions: [], ...more };
}

const begun = (version: string): CalledCard => ({ version, digest: `of ${version}` });
const call = (card: CalledCard) => ({ agent: "weather", skill: "echo", parts: [{ text: "hello" }], card });

/** A mesh whose registry says this, and takes copies as given. */
function meshOf(entries: readonly SnapshotEntry[], copy: (copied: ShadowCopy) => unknown = () => {}) {
  revision += 1;
  const snapshot = { revision, entries };
  return { SKEIN_LOCAL: "1", REGISTRY: { snapshot: async () => snapshot, copy: async (copied: ShadowCopy) => copy(copied) !== false } };
}

const methods = async (hook: Hook) => (await hook.delivered()).map(({ body }) => body["method"]);

describe("a call that began with a version", () => {
  it("is made, looked at and called off where that version is, whichever is called now", async () => {
    const [before, now, next] = [newHook(), newHook(), newHook()];
    const mesh = meshOf([entry("1.0.0", now, { candidate: tried(next), others: [other("0.9.0", before)] })]);
    for (const [version, hook] of [
      ["0.9.0", before],
      ["1.0.0", now],
      ["1.1.0", next],
    ] as const) {
      const its = { ...call(begun(version)), taskId: "t-1" };
      await outbound.call(mesh, its, options);
      await outbound.look(mesh, its, options);
      await outbound.cancel(mesh, its, options);
      expect(await methods(hook), version).toEqual(["SendMessage", "GetTask", "CancelTask"]);
    }
  });

  it("is waited for by what that version's card says", async () => {
    const hook = newHook();
    const mesh = meshOf([entry("1.0.0", hook, { others: [other("0.9.0", hook, { streaming: true, extensions: [RESUME_EXTENSION] })] })]);
    expect(await outbound.manners(mesh, call(begun("0.9.0")))).toMatchObject({ keyed: true, streams: true });
    expect(await outbound.manners(mesh, call(begun("1.0.0")))).toMatchObject({ keyed: false, streams: false });
  });

  it("goes to no version in its place that nobody knows any more, and may be tried again", async () => {
    const [now, next] = [newHook(), newHook()];
    const mesh = meshOf([entry("1.0.0", now, { candidate: tried(next) })]);
    const lost = await outbound.call(mesh, call(begun("0.9.0")), options);
    expect(lost).toEqual({
      ok: "lost",
      message: "version 0.9.0 of weather, which the call began with, is not known to this mesh any more",
    });
    expect(await outbound.cancel(mesh, call(begun("0.9.0")), options)).toBeUndefined();
    expect([...(await now.delivered()), ...(await next.delivered())]).toEqual([]);
  });

  it("is let in again by the gate while its version is in quarantine, and a new one is not", async () => {
    const hook = newHook();
    const mesh = meshOf([entry("1.0.0", hook, { status: "quarantined", reason: "it was slow" })]);
    expect((await outbound.describe(mesh, "weather", { card: begun("1.0.0") }))?.barred).toBeUndefined();
    expect((await outbound.describe(mesh, "weather", { skill: "echo", lot: "l" }))?.barred).toContain("it was slow");
  });

  it.each([
    ["its own version", "0.9.0", true],
    ["another one", "1.0.0", false],
  ] as const)("is over when %s is revoked: %s", async (_which, version, isOver) => {
    const [before, now] = [newHook(), newHook()];
    const mesh = meshOf([entry("1.0.0", now, { others: [other("0.9.0", before, { status: "revoked", reason: "it leaks" })] })]);
    expect(await outbound.isRevoked(mesh, call(begun(version)))).toBe(isOver);
    const result = await outbound.call(mesh, call(begun(version)), options);
    expect("message" in result && result.message.includes("version 0.9.0 of weather was revoked by its mesh: it leaks")).toBe(isOver);
    expect(await before.delivered()).toEqual([]);
    expect((await now.delivered()).length).toBe(isOver ? 0 : 1);
  });
});

describe("a registry that could not be read", () => {
  // As in an isolate that has read nothing, or not for long: each test begins an hour after the one before.
  const away = () => ({ SKEIN_LOCAL: "1", REGISTRY: { snapshot: () => Promise.reject(new Error("the registry is down")) } });
  const words = "the registry of this mesh could not be read, so nobody knows here where weather is: ask again in a minute";
  let warned: ReturnType<typeof vi.spyOn>;
  beforeEach(() => {
    revision += 1;
    vi.setSystemTime(T0 + revision * 3_600_000);
    warned = vi.spyOn(console, "warn").mockImplementation(() => {});
  });
  afterEach(() => warned.mockRestore());

  it("leaves a call that is out to be asked again: it is never told that its callee is not there", async () => {
    const its = { ...call(begun("1.0.0")), taskId: "t-1" };
    const lost = { ok: "lost", message: words, unread: true };
    expect(await outbound.call(away(), its, options)).toEqual(lost);
    expect(await outbound.look(away(), its, options)).toEqual(lost);
    expect(await outbound.cancel(away(), its, options)).toBeUndefined();
    expect(await outbound.isRevoked(away(), its)).toBe(false);
    expect(await outbound.describe(away(), "weather", { card: begun("1.0.0") })).toMatchObject(begun("1.0.0"));
  });

  it("lets a new call wait, and then says that it could not be read", async () => {
    expect(await outbound.describe(away(), "weather", { skill: "echo", lot: "l" })).toMatchObject({ unread: words });
  });

  it("is not taken for one that knows no such agent", async () => {
    expect(await outbound.describe(meshOf([]), "weather", { skill: "echo", lot: "l" })).toBeUndefined();
    expect(await outbound.call(meshOf([]), call(begun("1.0.0")), options)).toMatchObject({ ok: false, reason: "unreachable" });
  });
});

describe("the registry of a mesh with a candidate in shadow", () => {
  const task = (state: string, text = "done") => ({ id: "t-1", status: { state }, artifacts: [{ artifactId: "a", parts: [{ text }] }] });
  const hook = newHook();
  const shadow = () => entry("1.0.0", hook, { candidate: tried(hook, { stage: "shadow", share: 0 }) });
  const params = { message: { messageId: "m", parts: [{ text: "hello" }] } };

  /** What it is told of a call that ended like this, once it is told of another one after it. */
  async function toldOf(result: object, of: OutboundCall = call(begun("1.0.0")), its = shadow()): Promise<ShadowCopy[]> {
    const copies: ShadowCopy[] = [];
    const mesh = meshOf([its, { ...shadow(), name: "last" }], (copy) => void copies.push(copy));
    tellOfCopy(mesh, { call: of, params, reply: { body: { result } }, ms: 7 });
    const message = { parts: [{ text: "done" }] };
    tellOfCopy(mesh, { call: { ...call(begun("1.0.0")), agent: "last" }, params, reply: { body: { result: { message } } }, ms: 7 });
    await vi.waitFor(() => expect(copies.at(-1)?.agent).toBe("last"));
    return copies.slice(0, -1);
  }

  it.each(["COMPLETED", "FAILED", "REJECTED"])("is told of a task that was %s", async (state) => {
    const ended = task(`TASK_STATE_${state}`);
    expect(await toldOf({ task: ended })).toEqual([{ agent: "weather", skill: "echo", base: "1.0.0", params, answer: ended, ms: 7 }]);
  });

  it("is told of a message", async () => {
    const message = { messageId: "a", role: "ROLE_AGENT", parts: [{ text: "done" }] };
    expect(await toldOf({ message })).toMatchObject([{ answer: message }]);
  });

  it.each(["WORKING", "INPUT_REQUIRED", "AUTH_REQUIRED", "CANCELED"])("is told nothing of a task that is %s", async (state) => {
    expect(await toldOf({ task: task(`TASK_STATE_${state}`) })).toEqual([]);
  });

  it("is told nothing of what is larger than 256 kB in all", async () => {
    expect(await toldOf({ task: task("TASK_STATE_COMPLETED", "x".repeat(255 * 1024)) })).toHaveLength(1);
    expect(await toldOf({ task: task("TASK_STATE_COMPLETED", "é".repeat(128 * 1024)) })).toEqual([]);
  });

  it("is told nothing of another version's calls, nor of answers to questions", async () => {
    expect(await toldOf({ task: task("TASK_STATE_COMPLETED") }, call(begun("0.9.0")))).toEqual([]);
    expect(await toldOf({ task: task("TASK_STATE_COMPLETED") }, { ...call(begun("1.0.0")), taskId: "t-1" })).toEqual([]);
  });

  it("is told nothing once the candidate gets calls itself", async () => {
    expect(
      await toldOf({ task: task("TASK_STATE_COMPLETED") }, call(begun("1.0.0")), entry("1.0.0", hook, { candidate: tried(hook) })),
    ).toEqual([]);
  });

  it("is told once the call has ended, and nothing of what its label keeps from agents that do not carry the chain on", async () => {
    const message = { messageId: "a", parts: [{ text: "done" }] };
    vi.stubGlobal("fetch", async () => Response.json({ jsonrpc: "2.0", id: 1, result: { message } }));
    const copies: ShadowCopy[] = [];
    const mesh = meshOf([shadow()], (copy) => void copies.push(copy));
    await outbound.call(mesh, { ...call(begun("1.0.0")), parts: [{ text: "kept" }] }, options);
    await outbound.call(mesh, call(begun("1.0.0")), { ...options, mayCopy: true });
    await vi.waitFor(() => expect(copies).toHaveLength(1));
    vi.unstubAllGlobals();
    expect(JSON.stringify(copies)).not.toContain("kept");
  });

  it("is told of no other call for a while where it has made no copy, and then again", async () => {
    const offered: ShadowCopy[] = [];
    let takes = false;
    const mesh = meshOf([shadow()], (copy) => {
      offered.push(copy);
      return takes;
    });
    const tell = async () => {
      tellOfCopy(mesh, { call: call(begun("1.0.0")), params, reply: { body: { result: { task: task("TASK_STATE_COMPLETED") } } }, ms: 7 });
      await new Promise((resolve) => setTimeout(resolve, 5));
      return offered.length;
    };
    expect(await tell()).toBe(1);
    vi.setSystemTime(Date.now() + QUIET_MS - 1);
    expect(await tell()).toBe(1);
    vi.setSystemTime(Date.now() + 1);
    takes = true;
    expect(await tell()).toBe(2);
    expect(await tell()).toBe(3);
  });

  it("may fail to take it, and no call fails by that", async () => {
    const warned = vi.spyOn(console, "warn").mockImplementation(() => {});
    const mesh = meshOf([shadow()], () => {
      throw new Error("the registry is down");
    });
    tellOfCopy(mesh, { call: call(begun("1.0.0")), params, reply: { body: { result: { task: task("TASK_STATE_COMPLETED") } } }, ms: 7 });
    await vi.waitFor(() =>
      expect(warned).toHaveBeenCalledWith(expect.stringContaining("was not told of a call to weather"), expect.anything()),
    );
    warned.mockRestore();
  });
});
