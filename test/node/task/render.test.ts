import { describe, expect, it } from "vitest";
import { HISTORY_LIMIT } from "../../../shared/task/head.ts";
import { HISTORY_DEFAULT, renderEvent, renderTask } from "../../../shared/task/render.ts";
import { agent, headOf, logOf, readerOf, user } from "./log.ts";

function taskOf(entries: ReturnType<typeof logOf>, historyLength?: number) {
  return renderTask(headOf(entries), readerOf(entries), { historyLength, artifacts: true });
}

describe("a task", () => {
  const entries = logOf(
    { type: "status", state: "TASK_STATE_WORKING", message: agent("looking"), transient: true },
    { type: "artifact", artifact: { artifactId: "a", name: "answer", parts: [{ text: "one" }] } },
    { type: "memo", name: "step:1", value: 1 },
    { type: "artifact", artifact: { artifactId: "a", parts: [{ text: "two" }] }, append: true },
    { type: "status", state: "TASK_STATE_COMPLETED", message: agent("done"), metadata: { cost: 3 } },
  );

  it("joins the chunks of an artifact and keeps its name", () => {
    expect(taskOf(entries).artifacts).toEqual([{ artifactId: "a", name: "answer", parts: [{ text: "one" }, { text: "two" }] }]);
  });

  it("has in its history what was said, not what was done", () => {
    expect(taskOf(entries).history).toEqual([user("hello"), agent("done")]);
  });

  it.each([
    [undefined, ["hello", "done"]],
    [1, ["done"]],
    [5, ["hello", "done"]],
  ])("shows with historyLength %s the most recent messages", (length, texts) => {
    expect(taskOf(entries, length).history?.map(({ parts }) => parts[0]?.text)).toEqual(texts);
  });

  it("has no history field with historyLength 0", () => {
    expect(taskOf(entries, 0)).not.toHaveProperty("history");
  });

  it("carries the time and the words of its last status, and its metadata", () => {
    expect(taskOf(entries)).toMatchObject({
      status: { state: "TASK_STATE_COMPLETED", timestamp: "2026-01-01T00:00:05.000Z", message: agent("done") },
      metadata: { cost: 3 },
    });
  });

  it("starts an artifact afresh when it is sent again without append", () => {
    const again = logOf(
      { type: "artifact", artifact: { artifactId: "a", parts: [{ text: "old" }] } },
      { type: "artifact", artifact: { artifactId: "a", parts: [{ text: "new" }] } },
    );
    expect(taskOf(again).artifacts?.[0]?.parts).toEqual([{ text: "new" }]);
  });

  it("keeps a bounded number of messages however long the conversation", () => {
    const long = logOf(...Array.from({ length: 300 }, (_, index) => ({ type: "message" as const, message: user(String(index)) })));
    expect(taskOf(long, 1000).history).toHaveLength(HISTORY_LIMIT);
    expect(taskOf(long).history).toHaveLength(HISTORY_DEFAULT);
    expect(taskOf(long).history?.at(-1)).toEqual(user("299"));
  });
});

it("shows subscribers status and artifacts, and nothing of the program's memory", () => {
  const entries = logOf(
    { type: "memo", name: "step:1", value: "secret" },
    { type: "decision", name: "d", signals: {}, decision: "x" },
    { type: "delegating", name: "n", agent: "a", skill: "s", key: "k" },
    { type: "status", state: "TASK_STATE_WORKING" },
  );
  const head = headOf(entries);
  expect(entries.flatMap((entry) => renderEvent(head, entry) ?? [])).toEqual([
    { statusUpdate: { taskId: "t", contextId: "c", status: { state: "TASK_STATE_WORKING", timestamp: "2026-01-01T00:00:04.000Z" } } },
  ]);
});
