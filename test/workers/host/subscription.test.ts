import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { LOCAL_PRINCIPAL } from "../../../shared/auth/principal.ts";
import { LiveTask } from "../../../shared/host/live-task.ts";
import { LogStore } from "../../../shared/host/log-store.ts";
import { subscribe } from "../../../shared/host/subscription.ts";

// Readers that take their time.

const { TASK_HOME } = env as unknown as { TASK_HOME: DurableObjectNamespace };
const EVENTS = 2_000;
/** One event is some hundred bytes: so many are far more than what may wait for a reader. */
const FEW = 300;

/** A task with a log in a real object's storage, and how many of its entries were read by whoever shows them. */
async function withTask(
  name: string,
  use: (task: LiveTask, say: (from: number, to: number) => void, shown: () => number) => Promise<void>,
) {
  await runInDurableObject(TASK_HOME.getByName(name), async (_home, { storage }) => {
    const message = { messageId: "m", role: "ROLE_USER" as const, parts: [{ text: "go" }] };
    const keeping = { store: new LogStore(storage.sql), onStored: () => {} };
    const task = LiveTask.create(name, { type: "created", contextId: "c", principal: LOCAL_PRINCIPAL, message }, keeping);
    const say = (from: number, to: number) => {
      for (let index = from; index <= to; index++) task.apply({ type: "progress", message: { ...message, parts: [{ text: `${index}` }] } });
      task.flush();
    };
    let shown = 0;
    const read = task.read.bind(task);
    task.read = (first, last) => {
      const entries = read(first, last);
      shown += entries.length;
      return entries;
    };
    await use(task, say, () => shown);
  });
}

describe("a reader far behind", () => {
  it("is shown what it takes, and the rest stays in the log until it does", async () => {
    await withTask("slow-reader", async (task, say, shown) => {
      say(1, EVENTS);
      const reader = subscribe(task, { from: 1, limitMs: 60_000 }).getReader();
      const decoder = new TextDecoder();
      let text = "";
      const take = async () => {
        const { done, value } = await reader.read();
        text += decoder.decode(value, { stream: !done });
        return !done;
      };
      await take();
      expect(shown()).toBeLessThan(FEW);

      // What is said while it is behind comes after what was said before, and then the end.
      say(EVENTS + 1, EVENTS + 10);
      task.apply({ type: "ended", state: "TASK_STATE_COMPLETED", artifacts: [] });
      task.flush();
      expect(shown()).toBeLessThan(FEW);
      while (await take());
      const lines = text.trimEnd().split("\n");
      expect(lines.map((line) => Number(line.slice(0, line.indexOf(" "))))).toEqual(
        Array.from({ length: EVENTS + 11 }, (_, index) => index + 2),
      );
      expect(lines.at(-1)).toContain("TASK_STATE_COMPLETED");
    });
  });

  it("holds up nobody else", async () => {
    await withTask("two-readers", async (task, say) => {
      const slow = subscribe(task, { from: 1, limitMs: 60_000 });
      const quick = new Response(subscribe(task, { from: 1, limitMs: 60_000 })).text();
      for (let from = 1; from < EVENTS; from += 100) say(from, from + 99);
      task.apply({ type: "ended", state: "TASK_STATE_COMPLETED", artifacts: [] });
      task.flush();
      const lines = (await quick).trimEnd().split("\n");
      expect(lines).toHaveLength(EVENTS + 1);
      expect((await new Response(slow).text()).trimEnd().split("\n")).toEqual(lines);
    });
  });
});
