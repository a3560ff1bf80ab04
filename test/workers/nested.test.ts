import { describe, expect, it } from "vitest";
import type { Task } from "../../shared/task/a2a-types.ts";
import { textOf } from "../../shared/task/a2a-types.ts";
import { HITL_EXTENSION, hitlResponse } from "../../shared/task/hitl-extension.ts";
import { interruptIn } from "../../shared/task/interrupt-extension.ts";
import { message, rpc, value } from "./wire.ts";

// The Worker is its own peer: a callee that asks two things at once, and how its caller's people answer.

async function sent(text: string, skill: string, more: object = {}): Promise<Task> {
  const { task } = (await value(await rpc("SendMessage", { message: message(text, skill, more) }))) as { task: Task };
  return task;
}

function answered(task: Task, id: string, text: string): Promise<Task> {
  const metadata = { [HITL_EXTENSION]: hitlResponse(id, { text }) };
  return sent(text, "", { taskId: task.id, extensions: [HITL_EXTENSION], metadata });
}

async function seen({ id }: Task): Promise<Task> {
  return (await value(await rpc("GetTask", { id }))) as Task;
}

/** What the task asks, the one that is put first: ids by words. */
async function asked(task: Task): Promise<Map<string, string>> {
  const now = await seen(task);
  const put = interruptIn(now.metadata);
  if (!put) throw new Error(`it asks nothing: ${JSON.stringify(now.status)}`);
  const all = [{ ...put, words: textOf(now.status.message?.parts ?? []) }, ...(put.waiting ?? [])];
  return new Map(all.map(({ id, words = "" }) => [words, id]));
}

function told({ artifacts = [] }: Task): string {
  return textOf(artifacts.flatMap(({ parts }) => parts));
}

describe("a callee that asks several things at once", () => {
  it("has all of them answered at its caller's task, in any order, and none is taken for another", async () => {
    const task = await sent("both", "fan");
    const open = await asked(task);
    expect([...open.keys()]).toEqual(["First?", "Second?"]);
    // The one that is not put, first.
    await answered(task, open.get("Second?") ?? "", "two");
    await expect.poll(async () => [...(await asked(task)).keys()]).toEqual(["First?"]);
    const ended = await answered(task, open.get("First?") ?? "", "one");
    expect(told(ended)).toBe(JSON.stringify(["one and two"]));
  });

  it("that gets an answer from elsewhere asks for it no more: the question is withdrawn from its caller's task", async () => {
    const task = await sent("both", "fan");
    const open = await asked(task);
    const callee = { id: interruptIn((await seen(task)).metadata)?.callee?.task ?? "" } as Task;
    await answered(callee, open.get("First?") ?? "", "uno");
    // Its caller learns of it with the next answer.
    await answered(task, open.get("Second?") ?? "", "two");
    await expect.poll(async () => (await seen(task)).status.state).toBe("TASK_STATE_COMPLETED");
    expect(told(await seen(task))).toBe(JSON.stringify(["uno and two"]));
  });
});

describe("calls that ask side by side", () => {
  it("are each answered by their own question, though all ask alike", async () => {
    const task = await sent("both,question", "fan");
    const words = async () => [...(await asked(task)).keys()].sort();
    await expect.poll(words).toEqual(["First?", "Second?", "Which place?"]);
    const open = await asked(task);
    await answered(task, open.get("Which place?") ?? "", "Rome");
    await expect.poll(words).toEqual(["First?", "Second?", "Which year?"]);
    await answered(task, open.get("Second?") ?? "", "two");
    await expect.poll(words).toEqual(["First?", "Which year?"]);
    await answered(task, (await asked(task)).get("Which year?") ?? "", "1969");
    const ended = await answered(task, open.get("First?") ?? "", "one");
    await expect.poll(async () => (await seen(ended)).status.state).toBe("TASK_STATE_COMPLETED");
    expect(told(await seen(ended))).toMatch(/one and two.*Rome 1969/);
  });
});
