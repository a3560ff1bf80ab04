import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { answerTo, type Errand } from "../../../shared/host/calling/waiting.ts";
import type { CallingRun, CallResult, Pending } from "../../../shared/host/calls.ts";

// A call that is out while the mesh's registry cannot be read, by a clock that is moved.

const T0 = Date.UTC(2026, 10, 21);
const UNREAD = { ok: "lost", message: "the registry could not be read", unread: true } as const;
const LOST = { ok: "lost", message: "the agent is not there" } as const;
const DONE: CallResult = { ok: true, taskId: "t-1", text: "done", artifacts: [] };

beforeEach(() => vi.useFakeTimers({ now: T0 }));
afterEach(() => vi.useRealTimers());

/** @param says what is heard of the callee, the last for ever */
async function waited(says: readonly (CallResult | Pending)[]) {
  const sentAt = Date.now();
  const left = [...says];
  const outbound = {
    manners: async () => ({ keyed: true, streams: false, notifies: false }),
    call: async () => (left.length > 1 ? left.shift() : left[0]),
  };
  const run = {
    outbound,
    task: { head: {} },
    waits: { holdMs: 250_000, watchMs: 50_000, againMs: [5_000, 60_000] },
    during: (work: () => Promise<unknown>) => work(),
    away: (due: number) => new Promise((resolve) => setTimeout(resolve, due - Date.now())),
  } as unknown as CallingRun<object>;
  const signal = new AbortController().signal;
  const errand = { name: "delegate:x", call: { agent: "weather" }, options: {}, envelope: async () => undefined, looks: false, signal };
  const answer = answerTo(run, { ...errand, sentAt, until: sentAt + 300_000, isGivenLonger: () => true } as unknown as Errand);
  await vi.advanceTimersByTimeAsync(400_000);
  return answer;
}

it("is asked for more often than a callee that is away, and gets its answer when the registry is back", async () => {
  expect(await waited([...Array.from({ length: 30 }, () => UNREAD), DONE])).toEqual(DONE);
  expect(await waited([...Array.from({ length: 30 }, () => LOST), DONE])).toMatchObject({ ok: false, reason: "unreachable" });
});

it("ends with its time, and says that it was not the callee's fault", async () => {
  expect(await waited([UNREAD])).toEqual({ ok: false, reason: "unreachable", message: UNREAD.message, unread: true });
});

it("is as late as any other where the callee was asked last, and is too slow", async () => {
  expect(await waited([UNREAD, { ok: "working", taskId: "t-1" }])).toBe("too-late");
});
