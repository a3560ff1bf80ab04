/** A task with 10,000 entries, after its object was lost: what its resume costs, and what stays bounded. The figures are printed. */
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { LOCAL_PRINCIPAL, principalKey } from "../../shared/auth/principal.ts";
import type { StreamReply, TaskHomeApi } from "../../shared/host/api.ts";
import { LogStore } from "../../shared/host/log-store.ts";
import type { LogEntry } from "../../shared/task/event.ts";
import { evolve } from "../../shared/task/head.ts";
import { placeTask } from "../../shared/task/home.ts";

const { TASK_HOME } = env as unknown as { TASK_HOME: DurableObjectNamespace };
const EVENTS = 10_000;
/** With its creation, its artifact and its end. */
const ENTRIES = EVENTS + 3;
const { taskId, home } = placeTask(principalKey(LOCAL_PRINCIPAL), "shared", { contextId: "long", random: "long" });
const { taskId: shortId } = placeTask(principalKey(LOCAL_PRINCIPAL), "shared", { contextId: "long", random: "short" });
const api = () => TASK_HOME.getByName(home) as unknown as TaskHomeApi;

async function begin(id: string, skill: string, text: string): Promise<void> {
  const message = { messageId: id, role: "ROLE_USER" as const, parts: [{ text }] };
  const reply = await api().start({ taskId: id, contextId: "long", principal: LOCAL_PRINCIPAL, message, skill }, { blocking: true });
  expect(reply.ok).toBe(true);
}

beforeAll(async () => {
  await begin(taskId, "count", String(EVENTS));
  await begin(shortId, "count", "100");
});

/** @returns milliseconds to the first event of a subscription, and all ids that came */
async function resume(id: string, after: number): Promise<{ firstMs: number; ids: number[] }> {
  await evictDurableObject(TASK_HOME.getByName(home));
  const began = performance.now();
  const reply = (await api().subscribe(id, after)) as StreamReply;
  if (!reply.ok) throw new Error(JSON.stringify(reply.refusal));
  const reader = reply.stream.pipeThrough(new TextDecoderStream()).getReader();
  let firstMs = Number.NaN;
  let text = "";
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    if (Number.isNaN(firstMs)) firstMs = performance.now() - began;
    text += read.value;
  }
  const lines = text.split("\n").filter((line) => /^\d/.test(line));
  return { firstMs, ids: lines.map((line) => Number(line.slice(0, line.indexOf(" ")))) };
}

/** What a piece of work reads of the home's storage. */
async function rowsRead(work: (store: LogStore) => unknown): Promise<{ rows: number; chars: number }> {
  await evictDurableObject(TASK_HOME.getByName(home));
  return runInDurableObject(TASK_HOME.getByName(home), async (_home, { storage: { sql } }) => {
    const counted = { rows: 0, chars: 0 };
    const exec = (query: string, ...values: (string | number)[]) => {
      const rows = sql.exec(query, ...values);
      return new Proxy(rows, {
        get: (target, name) => {
          if (name === Symbol.iterator)
            return function* () {
              for (const row of target) {
                counted.rows += 1;
                counted.chars += String(row["body"] ?? "").length;
                yield row;
              }
            };
          if (name !== "toArray") return Reflect.get(target, name, target);
          return () => {
            const all = target.toArray();
            counted.rows += all.length;
            for (const row of all) counted.chars += String(row["body"] ?? "").length;
            return all;
          };
        },
      });
    };
    work(new LogStore({ exec } as unknown as SqlStorage));
    return counted;
  });
}

describe(`a task with ${EVENTS} entries, of which nothing is in memory`, () => {
  it("is resumed from any position with every event after it once and in order, the first one soon", async () => {
    const figures: string[] = [];
    for (const after of [1, EVENTS / 2, EVENTS - 10]) {
      const { firstMs, ids } = await resume(taskId, after);
      expect(ids).toEqual(Array.from({ length: ENTRIES - after }, (_, index) => after + 1 + index));
      figures.push(`after ${after}: ${firstMs.toFixed(1)} ms`);
      expect(firstMs).toBeLessThan(2_000);
    }
    const short = await resume(shortId, 1);
    console.info(`time to the first event, ${figures.join(", ")}; of a task with 100 entries: ${short.firstMs.toFixed(1)} ms`);
  });

  it("is loaded from its last snapshot and no more than what came after it: as much as a task with 100 entries", async () => {
    const [long, short] = [await rowsRead((store) => store.head(taskId)), await rowsRead((store) => store.head(shortId))];
    console.info(
      `read to load it: ${long.rows} rows, ${long.chars} characters; of a task with 100 entries: ${short.rows} rows, ${short.chars} characters`,
    );
    expect(long.rows).toBeLessThan(short.rows + 64);
    expect(long.chars).toBeLessThan(64 * 1_024);
  });

  it("is read in the middle without the rest", async () => {
    const middle = await rowsRead((store) => expect(store.read(taskId, 5_000, 5_063)).toHaveLength(64));
    const all = await rowsRead((store) => store.read(taskId, 1));
    console.info(`read for 64 entries in the middle: ${middle.rows} of ${all.rows} rows, ${middle.chars} of ${all.chars} characters`);
    expect(middle.chars).toBeLessThan(all.chars / 20);
  });

  it("has a head that does not grow with it", async () => {
    const size = (id: string) =>
      runInDurableObject(
        TASK_HOME.getByName(home),
        async (_home, { storage: { sql } }) => JSON.stringify(new LogStore(sql).head(id)).length,
      );
    const [long, short] = [await size(taskId), await size(shortId)];
    console.info(`head: ${long} characters; of a task with 100 entries: ${short}`);
    expect(long).toBeLessThan(short + 64);
  });
});

describe("a task with 10,000 steps of different names", () => {
  it("stores its head the more seldom the larger it is, and is loaded from it", async () => {
    const id = "many-steps";
    const stored = await runInDurableObject(TASK_HOME.getByName("long-log:steps"), async (_home, { storage: { sql } }) => {
      const store = new LogStore(sql);
      const message = { messageId: "m", role: "ROLE_USER" as const, parts: [{ text: "x" }] };
      const created: LogEntry = { seq: 1, at: 1, event: { type: "created", contextId: "c", principal: LOCAL_PRINCIPAL, message } };
      let head = evolve(undefined, created, id);
      store.append(id, [created], head);
      const snapshots = { times: 0, chars: 0 };
      for (let seq = 2; seq <= EVENTS + 1; seq += 1) {
        const entry: LogEntry = { seq, at: seq, event: { type: "memo", name: `step:${seq}`, value: seq } };
        head = evolve(head, entry, id);
        store.append(id, [entry], head);
        const [snapshot] = sql.exec<{ seq: number; chars: number }>("SELECT seq, length(body) AS chars FROM log WHERE part = -1").toArray();
        if (snapshot?.seq === seq) {
          snapshots.times += 1;
          snapshots.chars += snapshot.chars;
        }
      }
      expect(store.head(id)).toEqual(head);
      const [last] = sql.exec<{ seq: number; chars: number }>("SELECT seq, length(body) AS chars FROM log WHERE part = -1").toArray();
      return { ...snapshots, last, head: JSON.stringify(head).length };
    });
    console.info(
      `10,000 steps: head ${stored.head} characters, stored ${stored.times} times, ${Math.round(stored.chars / EVENTS)} characters an entry; the last time ${EVENTS + 1 - (stored.last?.seq ?? 0)} entries ago`,
    );
    expect(stored.chars / EVENTS).toBeLessThan(400);
    expect(EVENTS + 1 - (stored.last?.seq ?? 0)).toBeLessThan(64 * 12);
  });
});
