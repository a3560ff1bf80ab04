import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import fc from "fast-check";
import { expect, it, vi } from "vitest";
import { RequestError } from "../../shared/a2a/errors.ts";
import { requestHandler } from "../../shared/a2a/handler.ts";
import { type Principal, principalKey } from "../../shared/auth/principal.ts";
import type { AgentWorkerEnv } from "../../shared/kit/worker.ts";
import { isTerminal, type Task, type TaskState } from "../../shared/task/a2a-types.ts";
import { findTask } from "../../shared/task/home.ts";
import { HUNT_MS, RUNS } from "./fuzz/runs.ts";
import probe, { runs } from "./probe-agent.ts";
import { message } from "./wire.ts";

// One task against a model of its life: it asks twice, and ends. Whatever comes in which order, with its object lost or
// evicted in between, it says what the model says. (A2A 1.0, 3.1 and 4.1.3)

vi.setConfig({ testTimeout: HUNT_MS });

const workerEnv = env as unknown as AgentWorkerEnv;
const handler = requestHandler({ card: probe.card, homes: "shared" }, workerEnv);

type Step = {
  readonly what: "answer" | "repeat" | "other" | "misplaced" | "cancel" | "get" | "list" | "subscribe" | "lose" | "evict";
  readonly text: string;
};

const step: fc.Arbitrary<Step> = fc.record({
  what: fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom("answer" as const, "lose" as const) },
    {
      weight: 6,
      arbitrary: fc.constantFrom(
        "repeat" as const,
        "other" as const,
        "misplaced" as const,
        "get" as const,
        "list" as const,
        "subscribe" as const,
      ),
    },
    { weight: 1, arbitrary: fc.constantFrom("cancel" as const, "evict" as const) },
  ),
  text: fc.string({ unit: "grapheme", maxLength: 10 }),
});

interface Model {
  state: TaskState;
  readonly said: string[];
  readonly answers: string[];
}

const QUESTIONS = ["Which place?", "Which year?"] as const;

/** @returns the code of the refusal, or nothing */
async function refused(call: Promise<unknown>): Promise<string | undefined> {
  try {
    await call;
    return undefined;
  } catch (error) {
    if (error instanceof RequestError) return error.code;
    throw error;
  }
}

function expectAsModelled(task: Task, { state, said, answers }: Model): void {
  expect(task.status.state).toBe(state);
  expect(task.history?.map(({ parts }) => parts[0]?.text)).toEqual(said);
  const result = state === "TASK_STATE_COMPLETED" ? `1 ${answers.join(" ")}` : undefined;
  expect(task.artifacts?.[0]?.parts[0]?.text).toBe(result);
  expect(task.status.message?.parts[0]?.text).toBe(state === "TASK_STATE_COMPLETED" ? undefined : said.at(-1));
}

async function eventsOf(stream: ReadableStream<Uint8Array>): Promise<{ seq: number; state: string | undefined }[]> {
  const lines = (await new Response(stream).text()).trim().split("\n");
  return lines.map((line) => {
    const space = line.indexOf(" ");
    const event = JSON.parse(line.slice(space + 1)) as { statusUpdate?: { status: { state: string } } };
    return { seq: Number(line.slice(0, space)), state: event.statusUpdate?.status.state };
  });
}

it("a task lives as its model does, whatever comes in which order and however often its object is lost", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 15 }), async (steps) => {
      const name = crypto.randomUUID();
      const principal: Principal = { tenant: "life", app: name, subject: "s", scopes: ["call"] };
      const context = { principal };
      const send = async (text: string, more: object, idempotencyKey?: string) => {
        const keyed = idempotencyKey === undefined ? context : { ...context, idempotencyKey };
        return (JSON.parse(await handler.sendMessage({ message: message(text, "question", more) as never }, keyed)) as { task: Task }).task;
      };
      const first = await send(name, { contextId: name });
      const { id } = first;
      const home = () => workerEnv.TASK_HOME.getByName(findTask(principalKey(principal), id)?.home ?? "");
      const get = async () => JSON.parse(await handler.getTask({ id }, context)) as Task;
      const model: Model = { state: "TASK_STATE_INPUT_REQUIRED", said: [name, QUESTIONS[0]], answers: [] };
      expectAsModelled(first, model);

      for (const { what, text } of steps) {
        const ended = isTerminal(model.state);
        const key = `${id} ${model.answers.length}`;
        switch (what) {
          case "answer":
            if (ended) {
              expect(await refused(send(text, { taskId: id }, key))).toBe("unsupported-operation");
              break;
            }
            model.answers.push(text);
            model.said.push(text, ...QUESTIONS.slice(model.answers.length));
            if (model.answers.length === QUESTIONS.length) model.state = "TASK_STATE_COMPLETED";
            expectAsModelled(await send(text, { taskId: id }, key), model);
            break;
          case "repeat":
          case "other": {
            // The last answer once more under its key: the same answer changes nothing, another one is refused.
            const last = model.answers.at(-1);
            if (last === undefined) break;
            const again = send(what === "repeat" ? last : `${last}!`, { taskId: id }, `${id} ${model.answers.length - 1}`);
            if (what === "repeat") expectAsModelled(await again, model);
            else expect(await refused(again)).toBe("invalid-params");
            break;
          }
          case "misplaced":
            expect(await refused(send(text, { taskId: id, contextId: "another" }))).toBe(
              ended ? "unsupported-operation" : "invalid-params",
            );
            break;
          case "cancel":
            if (ended) expect(await refused(handler.cancelTask({ id }, context))).toBe("task-not-cancelable");
            else {
              model.state = "TASK_STATE_CANCELED";
              model.said.push("canceled by its caller");
              expectAsModelled(JSON.parse(await handler.cancelTask({ id }, context)) as Task, model);
            }
            break;
          case "list": {
            const list = JSON.parse(await handler.listTasks({ contextId: name }, context)) as { tasks: Task[] };
            expect(list.tasks.map((task) => [task.id, task.status.state])).toEqual([[id, model.state]]);
            break;
          }
          case "subscribe":
            if (ended) expect(await refused(handler.subscribeToTask({ id }, context))).toBe("unsupported-operation");
            else await (await handler.subscribeToTask({ id }, context)).cancel();
            break;
          case "lose":
            await runInDurableObject(home(), (_home, state) => state.abort("lost")).catch(() => {});
            break;
          case "evict":
            await evictDurableObject(home());
            break;
          case "get":
            break;
        }
        expectAsModelled(await get(), model);
      }

      // Its stream tells the same story once: every event in its place, and the end at the end.
      if (!isTerminal(model.state)) await handler.cancelTask({ id }, context);
      const events = await eventsOf(await handler.subscribeToTask({ id }, { ...context, lastEventId: "1" }));
      expect(events.map(({ seq }) => seq)).toEqual(events.map(({ seq }) => seq).toSorted((a, b) => a - b));
      expect(new Set(events.map(({ seq }) => seq)).size).toBe(events.length);
      expect(events.findIndex(({ state }) => isTerminal(state as TaskState))).toBe(events.length - 1);
      expect(runs.get(`${name}:before`)).toBe(1);
    }),
    { numRuns: Math.ceil(RUNS / 4) },
  );
});
