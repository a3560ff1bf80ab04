import { describe, expect, it } from "vitest";
import { outbound } from "../../shared/a2a/outbound.ts";
import { LOCAL_PRINCIPAL } from "../../shared/auth/principal.ts";
import { CHAIN_EXTENSION } from "../../shared/chain/delegation.ts";
import type { OutboundCall } from "../../shared/host/calls.ts";
import type { Snapshot, SnapshotEntry } from "../../shared/registry/entry.ts";
import type { AgentCard } from "../../shared/task/a2a-types.ts";
import { RESUME_EXTENSION } from "../../shared/task/resume-extension.ts";
import { newHook } from "./hook.ts";
import probe from "./probe-agent.ts";

// What a Worker makes of the agents that its registry tells it of, before anything is sent to one.

const CARD: AgentCard = {
  ...probe.card,
  capabilities: { streaming: true, pushNotifications: true, extensions: [{ uri: CHAIN_EXTENSION }, { uri: RESUME_EXTENSION }] },
};

function entry(name: string, more: Partial<SnapshotEntry> = {}): SnapshotEntry {
  const at = `https://agents.example.com/${name}`;
  return { name, version: "2.1.0", digest: "abc", url: at, endpoint: at, card: CARD, status: "listed", evidence: {}, ...more };
}

const hook = newHook();
const untrue = { echo: { successes: 0, failures: 3, reliability: 0.2, untrue: ["capabilities.streaming"] } };
const SNAPSHOT: Snapshot = {
  revision: 1,
  entries: [
    entry("near", { endpoint: hook.url }),
    entry("braggart", { evidence: untrue }),
    entry("doubtful", { status: "quarantined", reason: "its answers fell short" }),
    entry("gone", { status: "revoked", reason: "its key was stolen" }),
    entry("peer", { digest: "not the one that is bound" }),
  ],
};
const ENV = { REGISTRY: { snapshot: async () => SNAPSHOT } };
const options = { key: "task/call", principal: LOCAL_PRINCIPAL, signal: new AbortController().signal };

function call(agent: string): OutboundCall {
  return { agent, skill: "echo", parts: [{ text: "hello" }] };
}

describe("an agent that was published", () => {
  it("carries no chain on, whatever its card says, and is known by its card's version and digest", async () => {
    const peer = await outbound.describe(ENV, "near");
    expect(peer).toMatchObject({ name: "near", version: "2.1.0", digest: "abc", chain: false });
    expect(peer?.barred).toBeUndefined();
  });

  it("is described with the reason why it gets no call, where it gets none", async () => {
    expect((await outbound.describe(ENV, "doubtful"))?.barred).toBe("doubtful is held in quarantine by its mesh: its answers fell short");
    expect((await outbound.describe(ENV, "gone"))?.barred).toBe("gone was revoked by its mesh: its key was stolen");
  });

  it("is waited for as its card says, but for what was found untrue, and is never told where to call back", async () => {
    expect(await outbound.manners(ENV, { agent: "near" })).toEqual({ keyed: true, streams: true, notifies: false, revocable: true });
    expect(await outbound.manners(ENV, { agent: "braggart" })).toMatchObject({ keyed: true, streams: false });
  });

  it("never takes the place of a bound one of its name", async () => {
    const AGENT_PEER = { fetch: async () => Response.json(probe.card) };
    const peer = await outbound.describe({ ...ENV, AGENT_PEER }, "peer");
    expect(peer).toMatchObject({ version: "1.0.0" });
    expect(peer?.digest).toBeUndefined();
  });

  it("is not called on this machine, but where the mesh is on somebody's own", async () => {
    const deployed = await outbound.call(ENV, call("near"), options);
    expect(deployed).toMatchObject({ ok: false, reason: "unreachable", message: expect.stringContaining("must be a public address") });
    expect(await hook.delivered()).toEqual([]);
    await outbound.call({ ...ENV, SKEIN_LOCAL: "1" }, call("near"), options);
    expect(await hook.delivered()).toMatchObject([{ body: { method: "SendMessage" } }]);
  });

  it("that was revoked is sent nothing, and the call says why", async () => {
    const result = await outbound.call({ ...ENV, SKEIN_LOCAL: "1" }, call("gone"), options);
    expect(result).toMatchObject({ ok: false, reason: "refused", message: "gone was revoked by its mesh: its key was stolen" });
  });

  it("is nobody where the mesh has no registry", async () => {
    expect(await outbound.describe({}, "near")).toBeUndefined();
    expect(await outbound.call({}, call("near"), options)).toMatchObject({ message: 'there is no agent "near" in this mesh' });
  });
});
