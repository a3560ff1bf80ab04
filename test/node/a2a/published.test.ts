import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { PUBLISHED, PublishedAgents } from "../../../shared/a2a/published.ts";
import type { RegistryApi } from "../../../shared/registry/api.ts";
import type { Snapshot, SnapshotEntry } from "../../../shared/registry/entry.ts";

// What an isolate knows of the registry, by a clock that stands still unless it is moved.

const T0 = Date.UTC(2026, 10, 21);

function snapshot(revision: number, ...names: string[]): Snapshot {
  return { revision, entries: names.map((name) => ({ name, status: "listed" }) as SnapshotEntry) };
}

/** A registry that answers as it is told to, and notes what it was asked for. */
function registry(first: Snapshot | "down" | "hangs") {
  const asked: (number | undefined)[] = [];
  let says = first;
  const api = {
    snapshot: async (known?: number) => {
      asked.push(known);
      if (says === "down") throw new Error("the registry is down");
      if (says === "hangs") return new Promise<never>(() => {});
      return says.revision === known ? undefined : says;
    },
  } as unknown as RegistryApi;
  return { api, asked, says: (next: typeof says) => (says = next) };
}

async function names(agents: PublishedAgents, api: RegistryApi | undefined): Promise<string[]> {
  return [...(await agents.entries(api)).keys()];
}

beforeEach(() => {
  vi.useFakeTimers({ now: T0 });
  vi.spyOn(console, "warn").mockImplementation(() => {});
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

describe("what is known of published agents", () => {
  it("is nothing, at once, where the mesh has no registry", () => {
    expect(new PublishedAgents().entries(undefined)).toEqual(new Map());
  });

  it("is read by the first who asks, and then given at once", async () => {
    const { api, asked } = registry(snapshot(1, "archivist"));
    const agents = new PublishedAgents();
    expect(await names(agents, api)).toEqual(["archivist"]);
    await pass(PUBLISHED.againMs - 1);
    expect(agents.entries(api)).not.toBeInstanceOf(Promise);
    expect(asked).toEqual([undefined]);
  });

  it("is read again behind whoever asks after a while, and only what is new is sent", async () => {
    const { api, asked, says } = registry(snapshot(1, "archivist"));
    const agents = new PublishedAgents();
    await agents.entries(api);
    says(snapshot(2, "archivist", "painter"));
    await pass(PUBLISHED.againMs);
    expect([...(agents.entries(api) as ReadonlyMap<string, unknown>).keys()]).toEqual(["archivist"]);
    await pass(0);
    expect([...(agents.entries(api) as ReadonlyMap<string, unknown>).keys()]).toEqual(["archivist", "painter"]);
    await pass(PUBLISHED.againMs);
    await agents.entries(api);
    expect(asked).toEqual([undefined, 1, 2]);
  });

  it("is waited for after a change that was made here, and stays what it was where the registry is away then", async () => {
    const { api, asked, says } = registry(snapshot(1, "archivist"));
    const agents = new PublishedAgents();
    await agents.entries(api);
    says(snapshot(2, "archivist", "painter"));
    agents.changed();
    expect(await names(agents, api)).toEqual(["archivist", "painter"]);
    expect(asked).toHaveLength(2);
    says("down");
    agents.changed();
    expect(await names(agents, api)).toEqual(["archivist", "painter"]);
  });

  it("is waited for once it is old, so that whoever comes after hours does not call who was revoked meanwhile", async () => {
    const { api, says } = registry(snapshot(1, "archivist"));
    const agents = new PublishedAgents();
    await agents.entries(api);
    says(snapshot(2));
    await pass(PUBLISHED.freshMs);
    expect(await names(agents, api)).toEqual([]);
  });

  it("is told apart from an answer that was overtaken by a later one", async () => {
    let slow: (read: Snapshot) => void = () => {};
    const answers = [
      () => snapshot(1, "archivist"),
      () => new Promise<Snapshot>((resolve) => (slow = resolve)),
      () => snapshot(3, "painter"),
    ];
    const api = { snapshot: async () => answers.shift()?.() } as unknown as RegistryApi;
    const agents = new PublishedAgents();
    await agents.entries(api);
    for (let times = 0; times < 2; times++) {
      await pass(PUBLISHED.againMs);
      await agents.entries(api);
    }
    await pass(0);
    slow(snapshot(2, "archivist"));
    await pass(0);
    expect(await names(agents, api)).toEqual(["painter"]);
  });
});

describe("a registry that does not answer", () => {
  it("is waited for a moment by the first who asks, and then by nobody for a while", async () => {
    const { api } = registry("hangs");
    const agents = new PublishedAgents();
    const first = names(agents, api);
    await pass(PUBLISHED.waitMs);
    expect(await first).toEqual([]);
    expect(agents.entries(api)).toEqual(new Map());
  });

  it("leaves what it said last in use for ten minutes, and no longer", async () => {
    const { api, says } = registry(snapshot(1, "archivist"));
    const agents = new PublishedAgents();
    await agents.entries(api);
    says("down");
    await pass(PUBLISHED.lastMs - 1);
    expect(await names(agents, api)).toEqual(["archivist"]);
    await pass(1);
    expect(await names(agents, api)).toEqual([]);
  });

  it("is heard again when it is back", async () => {
    const { api, says } = registry("down");
    const agents = new PublishedAgents();
    expect(await names(agents, api)).toEqual([]);
    says(snapshot(1, "archivist"));
    await pass(PUBLISHED.againMs);
    await agents.entries(api);
    await pass(0);
    expect(await names(agents, api)).toEqual(["archivist"]);
  });
});

describe("an agent in a registry that could not be read", () => {
  const NEW = PUBLISHED.firstMs;
  const isRead = async (agents: PublishedAgents, api: RegistryApi, firstMs?: number) =>
    (await agents.read(api, PUBLISHED.againMs, firstMs)) !== "unread";

  it("is told apart from one that is not in it", async () => {
    const { api, says } = registry("down");
    const agents = new PublishedAgents();
    expect(await agents.read(api)).toBe("unread");
    says(snapshot(1));
    await pass(PUBLISHED.freshMs);
    expect(await agents.read(api)).toEqual(new Map());
    expect(await agents.read(undefined)).toEqual(new Map());
  });

  it("is not in what was said too long ago", async () => {
    const { api, says } = registry(snapshot(1, "archivist"));
    const agents = new PublishedAgents();
    await agents.read(api);
    says("down");
    await pass(PUBLISHED.lastMs);
    expect(await agents.read(api)).toBe("unread");
  });

  it.each([
    ["late", 900],
    ["later than anybody waits for what was read before", PUBLISHED.firstMs - 1],
  ])("is found by a new call when the registry is %s", async (_how, ms) => {
    const api = {
      snapshot: () => new Promise<Snapshot>((resolve) => setTimeout(resolve, ms, snapshot(1, "archivist"))),
    } as unknown as RegistryApi;
    const known = isRead(new PublishedAgents(), api);
    const fresh = isRead(new PublishedAgents(), api, NEW);
    await pass(ms);
    expect([await known, await fresh]).toEqual([false, true]);
  });

  it("is found by a new call when the registry fails first, and is given up after so long", async () => {
    const { api, asked, says } = registry("down");
    const [agents, others] = [new PublishedAgents(), new PublishedAgents()];
    const found = isRead(agents, api, NEW);
    await pass(PUBLISHED.retryMs);
    says(snapshot(1, "archivist"));
    await pass(PUBLISHED.retryMs);
    expect(await found).toBe(true);
    says("down");
    const before = asked.length;
    const lost = isRead(others, api, NEW);
    await pass(NEW);
    expect(await lost).toBe(false);
    expect(asked.length - before).toBeLessThanOrEqual(NEW / PUBLISHED.retryMs + 1);
    // Nobody else waits for that, but another new call.
    expect(others.read(api)).toBe("unread");
    expect(others.read(api, PUBLISHED.againMs, NEW)).toBeInstanceOf(Promise);
  });
});
