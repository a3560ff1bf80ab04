import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { LOCAL_PRINCIPAL, principalKey } from "../../shared/auth/principal.ts";
import type { TaskHomeApi } from "../../shared/host/api.ts";
import type { Message, Task } from "../../shared/task/a2a-types.ts";
import { textOf } from "../../shared/task/a2a-types.ts";
import { hitlResponse, withHitl } from "../../shared/task/hitl-extension.ts";
import { placeTask } from "../../shared/task/home.ts";
import { interruptIn } from "../../shared/task/interrupt-extension.ts";
import { runs } from "./probe-agent.ts";

// What a pause must not change, whatever else happens to the task meanwhile.

const { TASK_HOME } = env as unknown as { TASK_HOME: DurableObjectNamespace };
const OWNER = LOCAL_PRINCIPAL;
let made = 0;

function said(text: string): Message {
  made += 1;
  return { messageId: `m-${made}`, role: "ROLE_USER", parts: [{ text }] };
}

async function begun(skill: string, text: string) {
  made += 1;
  const { taskId, home: name } = placeTask(principalKey(OWNER), "shared", { random: `pausing${made}` });
  const home = () => TASK_HOME.getByName(name) as unknown as TaskHomeApi;
  const get = async (): Promise<Task> => {
    const reply = await home().get(taskId, { artifacts: true });
    if (!reply.ok) throw new Error(reply.refusal.code);
    return JSON.parse(reply.task) as Task;
  };
  const task = {
    taskId,
    get,
    pause: () => home().pause(taskId, OWNER),
    resume: () => home().unpause(taskId),
    send: (message: Message) => home().message({ taskId, message }, { blocking: true }),
    lose: () => runInDurableObject(TASK_HOME.getByName(name), (_home, state) => state.abort("lost")).catch(() => {}),
    alarm: () => runDurableObjectAlarm(TASK_HOME.getByName(name)),
    owed: () =>
      runInDurableObject(TASK_HOME.getByName(name), (_home, { storage: { sql } }) => {
        const table = sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'owed'").toArray();
        return table.length === 0 ? [] : sql.exec<{ task: string }>("SELECT task FROM owed WHERE task = ?", taskId).toArray();
      }),
  };
  await home().start({ taskId, contextId: `pausing-${made}`, principal: OWNER, message: said(text), skill }, { blocking: true });
  return task;
}

const resultOf = (task: Task) => textOf(task.artifacts?.flatMap(({ parts }) => parts) ?? []);
const clockAt = (ms: number) => vi.useFakeTimers({ toFake: ["Date"], now: ms });

beforeEach(() => runs.clear());
afterEach(() => vi.useRealTimers());

describe("a question whose time is over while its task is paused", () => {
  it.each([
    ["the alarm has rung", async (task: Awaited<ReturnType<typeof begun>>) => task.alarm()],
    ["nobody was there as it passed", async () => {}],
  ])("is over: silence is no yes, and the task hears of it when it goes on (%s)", async (_, meanwhile) => {
    const task = await begun("act", "paused");
    const { expires } = interruptIn((await task.get()).metadata) ?? {};
    await task.pause();
    clockAt(Date.parse(String(expires)) + 1);
    await task.lose();
    await meanwhile(task);
    expect(interruptIn((await task.get()).metadata)?.kind).toBe("paused");
    await task.resume();
    await vi.waitFor(async () => expect(resultOf(await task.get())).toBe("it not done: nobody approved it in time"));
    expect(runs.size).toBe(0);
  });
});

describe("a paused task", () => {
  it("owes nothing: nobody takes it up again", async () => {
    const task = await begun("question", "idle");
    await task.pause();
    expect(await task.owed()).toEqual([]);
    await task.lose();
    await task.alarm();
    expect(await task.owed()).toEqual([]);
    expect((await task.get()).metadata).toMatchObject({ "urn:skein:ext:interrupt:v1": { kind: "paused" } });
  });

  it("comes to the same end as one that was never paused, whoever does what in which order, and whatever is lost", async () => {
    const move = fc.constantFrom("pause", "resume", "answer", "lose", "alarm");
    await fc.assert(
      fc.asyncProperty(fc.array(move, { maxLength: 12 }), async (moves) => {
        const text = `random ${made}`;
        const task = await begun("question", text);
        // Each answer is for one question, so that it cannot be taken for the next one's.
        const answers: Record<string, string> = { "Which place?": "Ghent", "Which year?": "1432" };
        const answer = async () => {
          const { status, metadata } = await task.get();
          const words = textOf(status.message?.parts ?? []);
          const question = Object.keys(answers).find((each) => words.startsWith(each));
          const { id } = interruptIn(metadata) ?? {};
          if (question && id) await task.send(withHitl(said("as decided"), hitlResponse(id, { text: answers[question] ?? "" })));
        };
        const does = { pause: task.pause, resume: task.resume, answer, lose: task.lose, alarm: task.alarm };
        for (const each of moves) await does[each]();
        await task.resume();
        for (let times = 0; times < 2; times++) await answer();
        expect(resultOf(await task.get())).toBe("1 Ghent 1432");
        expect(runs.get(`${text}:before`)).toBe(1);
      }),
      { numRuns: 40 },
    );
  });

  it("has one question put however often it goes on, under one id", async () => {
    const task = await begun("question", "again");
    const { id } = interruptIn((await task.get()).metadata) ?? {};
    for (let times = 0; times < 3; times++) {
      await task.pause();
      expect(id).not.toBe(interruptIn((await task.get()).metadata)?.id);
      await task.resume();
      expect(interruptIn((await task.get()).metadata)?.id).toBe(id);
    }
  });
});
