import { describe, expect, it } from "vitest";
import { advance } from "../../../shared/task/advance.ts";
import type { TaskEvent } from "../../../shared/task/event.ts";
import { renderEvent, renderTask } from "../../../shared/task/render.ts";
import { agent, headOf, logOf, readerOf } from "./log.ts";

const URI = "urn:skein:ext:push:v1";
const stopped = (config: string, reason = "the webhook answered HTTP 500"): TaskEvent => ({
  type: "push-stopped",
  config,
  attempts: 8,
  reason,
});
const ended: TaskEvent = { type: "status", state: "TASK_STATE_COMPLETED", message: agent("done"), metadata: { spent: 3 } };

function metadataOf(...events: TaskEvent[]) {
  const log = logOf(...events);
  return renderTask(headOf(log), readerOf(log), { artifacts: true }).metadata;
}

describe("notifications that were given up", () => {
  it("are told on the task, beside what else it says of itself", () => {
    expect(metadataOf(ended, stopped("a"))).toEqual({
      spent: 3,
      [URI]: { stopped: [{ id: "a", attempts: 8, reason: "the webhook answered HTTP 500", at: "2026-01-01T00:00:02.000Z" }] },
    });
    expect(metadataOf(ended)).toEqual({ spent: 3 });
  });

  it("are told once for each config, the latest last, and of ten configs at most", () => {
    const idsOf = (...events: TaskEvent[]) => {
      const said = metadataOf(...events)?.[URI] as { stopped: { id: string }[] } | undefined;
      return said?.stopped.map(({ id }) => id);
    };
    expect(idsOf(stopped("a"), stopped("b"), stopped("a", "again"))).toEqual(["b", "a"]);
    const many = Array.from({ length: 12 }, (_, index) => stopped(`${index}`));
    expect(idsOf(...many)).toEqual(["2", "3", "4", "5", "6", "7", "8", "9", "10", "11"]);
  });

  it("are not told any more once the config was set again or deleted", () => {
    const changed = (config: string): TaskEvent => ({ type: "push-changed", config });
    expect(metadataOf(stopped("a"), stopped("b"), changed("a"))).toMatchObject({ [URI]: { stopped: [{ id: "b" }] } });
    expect(metadataOf(ended, stopped("a"), changed("a"))).toEqual({ spent: 3 });
    expect(advance(headOf(logOf(ended, stopped("a"))), { type: "push-changed", config: "a" })).toMatchObject({ events: [changed("a")] });
    expect(advance(headOf(logOf(ended, stopped("a"))), { type: "push-changed", config: "b" })).toMatchObject({ events: [] });
  });

  it("may have any name that its caller gave it", () => {
    expect(metadataOf(stopped("__proto__"))).toMatchObject({ [URI]: { stopped: [{ id: "__proto__" }] } });
  });

  it("change nothing else of the task, also of one that has ended, and no subscriber hears of them", () => {
    const log = logOf(ended);
    const step = advance(headOf(log), { type: "push-stopped", config: "a", attempts: 8, reason: "gone" });
    expect(step).toEqual({ ok: true, events: [{ type: "push-stopped", config: "a", attempts: 8, reason: "gone" }], effect: "none" });
    const after = logOf(ended, stopped("a"));
    const [before, now] = [log, after].map((each) => renderTask(headOf(each), readerOf(each), { artifacts: true }));
    expect({ ...now, metadata: undefined }).toEqual({ ...before, metadata: undefined });
    expect(after.slice(-1).map((entry) => renderEvent({ id: "t", contextId: "c" }, entry))).toEqual([undefined]);
  });
});
