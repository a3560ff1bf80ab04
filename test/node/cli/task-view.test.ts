import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { answerOf, sourcesOf } from "../../../cli/answer.ts";
import { narrate } from "../../../cli/narration.ts";
import { afterEvent } from "../../../cli/task-view.ts";
import { findingsPart } from "../../../shared/kit/finding.ts";
import type { JsonObject, StreamResponse, Task, TaskState } from "../../../shared/task/a2a-types.ts";

const T0 = "2026-11-20T12:00:00.000Z";
const task: Task = { id: "t", contextId: "c", status: { state: "TASK_STATE_SUBMITTED", timestamp: T0 } };

function status(state: TaskState, text = "", metadata?: JsonObject): StreamResponse {
  const message = { messageId: "m", role: "ROLE_AGENT" as const, parts: text === "" ? [] : [{ text }] };
  return { statusUpdate: { taskId: "t", contextId: "c", status: { state, timestamp: T0, message }, ...(metadata && { metadata }) } };
}

function chunk(text: string, append: boolean): StreamResponse {
  return { artifactUpdate: { taskId: "t", contextId: "c", artifact: { artifactId: "a", parts: [{ text }] }, append } };
}

describe("the task a watcher knows", () => {
  it("joins the chunks of an artifact in their order", () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { minLength: 1 }), (texts) => {
        const seen = texts.reduce<Task>((known, text, index) => afterEvent(known, chunk(text, index > 0)), task);
        expect(seen.artifacts?.[0]?.parts.map((part) => part.text)).toEqual(texts);
      }),
    );
  });

  it("replaces an artifact that comes again whole", () => {
    const seen = [chunk("draft", false), chunk("final", false)].reduce<Task>(afterEvent, task);
    expect(answerOf(seen)).toBe("final");
  });

  it("keeps artifacts when the status changes", () => {
    const seen = [chunk("text", false), status("TASK_STATE_COMPLETED")].reduce<Task>(afterEvent, task);
    expect(seen).toMatchObject({ status: { state: "TASK_STATE_COMPLETED" }, artifacts: [{ artifactId: "a" }] });
  });
});

describe("narration", () => {
  it("says when, who and what, without saying who twice", () => {
    const { line } = narrate();
    const metadata = { goal: "g1", agent: "researcher", skill: "search" };
    expect(line(status("TASK_STATE_WORKING", "researcher/search: finding passages", metadata), 1234)).toBe(
      "  1.2 s  researcher/search  finding passages",
    );
  });

  it("does not repeat itself", () => {
    const { line } = narrate();
    expect(line(status("TASK_STATE_WORKING", "thinking"), 0)).toBeDefined();
    expect(line(status("TASK_STATE_WORKING", "thinking"), 10)).toBeUndefined();
    expect(line(chunk("x", true), 20)).toBeUndefined();
  });

  it("counts an agent once and its calls by goal", () => {
    const { line, tally } = narrate();
    for (const goal of ["g1", "g1", "g2"]) line(status("TASK_STATE_WORKING", "x", { goal, agent: "analyst", skill: "calculate" }), 0);
    expect(tally()).toEqual({ agents: 1, calls: 2 });
  });
});

describe("the answer", () => {
  it('is the artifact named "answer" when there are others beside it', () => {
    const artifacts = [
      { artifactId: "1", name: "passages", parts: [{ text: "raw" }] },
      { artifactId: "2", name: "answer", parts: [{ text: "six" }] },
    ];
    expect(answerOf({ ...task, artifacts })).toBe("six");
  });

  it("is what the agent said when it made nothing", () => {
    const message = { messageId: "m", role: "ROLE_AGENT" as const, parts: [{ text: "done" }] };
    expect(answerOf({ ...task, status: { ...task.status, message } })).toBe("done");
  });

  const at = (line: number) => ({ document: "README.md", position: `Limits, line ${line}`, uri: "file:///tmp/a%20b/README.md" });
  const found = [at(42), at(42), at(7), { document: "calculation", position: "0.95^6" }].map((source) => ({ text: "x", source }));
  const answered = (text: string): Task => ({ ...task, artifacts: [{ artifactId: "a", parts: [{ text }, findingsPart(found)] }] });

  it("names each source once, as a place that opens", () => {
    expect(sourcesOf(answered("six"))).toEqual(["/tmp/a b/README.md:42  Limits", "/tmp/a b/README.md:7  Limits"]);
  });

  it("names only the sources it points at, when it points at any", () => {
    expect(sourcesOf(answered("six [1]\n\n1. README.md, Limits, line 7"))).toEqual(["/tmp/a b/README.md:7  Limits"]);
  });

  it.each(["file://elsewhere/share/a.md", "no address", "file:///%"])("passes over an address that does not open: %s", (uri) => {
    const parts = [findingsPart([{ text: "x", source: { document: "a.md", position: "line 1", uri } }])];
    expect(() => sourcesOf({ ...task, artifacts: [{ artifactId: "a", parts }] })).not.toThrow();
  });
});
