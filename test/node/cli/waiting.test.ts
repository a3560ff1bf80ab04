import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Operated, operatedInWords } from "../../../cli/operated.ts";
import { ago, until } from "../../../cli/time-words.ts";
import { commandsFor, inboxDetail, inboxEntry } from "../../../cli/waiting.ts";
import { NOTHING } from "../../../shared/budget/amount.ts";
import type { JsonObject, Message, TaskState } from "../../../shared/task/a2a-types.ts";
import type { Waiting } from "../../../shared/task/waiting.ts";

// What waits for people, as the commands show it.

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const T0 = Date.parse("2026-11-01T12:00:00Z");
const at = (ms: number) => new Date(T0 + ms).toISOString();
const [SECOND, MINUTE, HOUR, DAY] = [1_000, 60_000, 3_600_000, 86_400_000] as const;

function waiting(more: Partial<Waiting> = {}): Waiting {
  const asker = { agent: "courier", skill: "deliver", task: "s3-callee" };
  const shared = { asker, path: ["orchestrator", "courier"], agent: "orchestrator", task: "o-task", owner: "desk/desk", cost: NOTHING };
  return { question: "q-2fapk69ektr10mghzv34oa", kind: "question", words: "Which place?", ...shared, since: at(-3 * MINUTE), ...more };
}

const action = {
  description: "Send it?",
  digest: "7dd86bf8",
  args: { url: "https://hooks.example.com" },
  approvers: 1,
  others: 0,
  approvedBy: [],
};

describe("times in words", () => {
  it.each([
    [0, "just now"],
    [999, "just now"],
    [SECOND, "1 s ago"],
    [59 * SECOND, "59 s ago"],
    [MINUTE - 1, "1 min ago"],
    [HOUR - SECOND, "1 h ago"],
    [3 * MINUTE, "3 min ago"],
    [HOUR, "1 h ago"],
    [DAY, "1 day ago"],
    [DAY - MINUTE, "1 day ago"],
    [6.9 * DAY, "7 days ago"],
  ])("say %d ms as %s", (ms, words) => {
    expect(ago(at(-ms), T0)).toBe(words);
  });

  it("say what is left, to the nearest", () => {
    expect([until(at(7 * DAY - SECOND), T0), until(at(HOUR), T0), until(at(500), T0), until(at(0), T0)]).toEqual([
      "in 7 days",
      "in 1 h",
      "in 1 s",
      "is over",
    ]);
  });
});

describe("an entry of an inbox", () => {
  it("says what waits and who asks; below it the task, whose it is, the chain, cost, since when and until when", () => {
    const [first, ...below] = inboxEntry(waiting({ kind: "approval", action, expires: at(6 * DAY + HOUR) }), T0);
    expect(first).toBe('q-2fapk69ektr10mghzv34oa approval  courier asks: Send it? {"url":"https://hooks.example.com"}');
    expect(below).toEqual(["  o-task of desk/desk · orchestrator → courier · cost nothing · since 3 min ago · expires in 6 days"]);
  });

  it("tells actions apart that differ only in what would be sent, as far as a line holds it", () => {
    const first = (url: string) => inboxEntry(waiting({ kind: "approval", action: { ...action, args: { url } } }), T0)[0];
    expect(first("https://a.example")).not.toBe(first("https://b.example"));
  });

  it("goes on below where a task and its chain are long, and leaves nothing out", () => {
    const task = `o-${"0b7ed62cef1b4663".repeat(2)}-0o6sok`;
    const lines = inboxEntry(waiting({ task, expires: at(DAY) }), T0).slice(1);
    expect(lines.length).toBeGreaterThan(1);
    for (const part of [task, "desk/desk", "orchestrator → courier", "since 3 min ago", "expires in 1 day"])
      expect(lines.join("\n")).toContain(part);
  });

  it("fits 100 columns, whatever agents are called and whatever they ask", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 300 }), fc.string({ maxLength: 60 }), fc.nat(9e9), (words, agent, ms) => {
        const row = waiting({ words, asker: { agent, skill: "s", task: "t" }, since: at(-ms), expires: at(ms) });
        for (const line of inboxEntry(row, T0)) expect(line.length).toBeLessThanOrEqual(100);
      }),
    );
  });
});

describe("one that waits, whole", () => {
  it("shows exactly what would be done, for whom, by whom it came, and how to answer", () => {
    const text = inboxDetail(
      waiting({ kind: "approval", action: { ...action, approvers: 2, others: 1, approvedBy: ["ann/ann"] } }),
      T0,
      "--url http://x ",
    ).join("\n");
    for (const part of [
      '"url": "https://hooks.example.com"',
      "7dd86bf8",
      "orchestrator → courier, which asks in s3-callee",
      "o-task of desk/desk",
      "2 people, 1 of them not the task's caller; approved by ann/ann",
      "npm run approve -- --url http://x q-2fapk69ektr10mghzv34oa",
    ])
      expect(text).toContain(part);
  });

  it("says that arguments are left out, and does not show some of them", () => {
    const { args: _, ...without } = action;
    expect(inboxDetail(waiting({ kind: "approval", action: without }), T0, "").join("\n")).toContain("longer than the inbox keeps");
  });
});

it("of a task that is paused says what it had asked", () => {
  const behind = [{ question: "q-held", kind: "approval", words: "Send it?\n\n{}" }] as const;
  expect(inboxDetail(waiting({ kind: "paused", words: "Paused by olaf.", behind }), T0, "").join("\n")).toContain(
    "approval q-held, asked again when it is resumed: Send it?\n",
  );
});

describe("what came of a verb", () => {
  const row = waiting({ kind: "approval", action: { ...action, approvers: 2 } });
  const { question: id, asker, path } = row;
  const interrupt = (more: JsonObject): JsonObject => ({
    "urn:skein:ext:interrupt:v1": { id, kind: "approval", asker, path: [...path], ...more },
  });
  const reply = (metadata?: JsonObject, state: TaskState = "TASK_STATE_AUTH_REQUIRED"): Operated => {
    const message: Message = { messageId: "m", role: "ROLE_AGENT", parts: [{ text: "Send it?" }] };
    return { task: { id: "o-task", status: { state, timestamp: at(0), message }, ...(metadata && { metadata }) }, changed: true };
  };
  const asks = { ...action, approvers: 2 };

  it("says that a yes was not enough, and does not put the question again", () => {
    const words = ["task o-task: approved by 1 of 2; somebody else has to approve as well"];
    expect(operatedInWords(reply(interrupt({ action: asks, approvedBy: ["ann/ann"] })), row)).toEqual(words);
    const behind = interrupt({ id: "q-other", waiting: [{ id, kind: "approval", action: asks }] });
    expect(operatedInWords(reply(behind), row)).toEqual(words);
  });

  it("says how the task stands where the yes was enough, also when the task asks something else", () => {
    expect(operatedInWords(reply(undefined, "TASK_STATE_WORKING"), row)[0]).toBe("task o-task is now: working");
    expect(operatedInWords(reply(interrupt({ id: "q-next", action: asks })), row)).toEqual([
      "task o-task is now: needs an approval",
      "Send it?",
    ]);
  });

  it("says of a task that it is paused", () => {
    const paused = reply(interrupt({ kind: "paused" }), "TASK_STATE_INPUT_REQUIRED");
    expect(operatedInWords(paused, undefined)[0]).toBe("task o-task is now: paused");
    expect(operatedInWords({ ...paused, changed: false }, undefined)[0]).toBe("task o-task was already: paused");
  });
});

describe("the commands", () => {
  const { scripts } = JSON.parse(readFileSync(`${ROOT}/package.json`, "utf8")) as { scripts: Record<string, string> };

  it("that are proposed are there", () => {
    for (const kind of ["question", "approval", "limit", "paused"] as const)
      for (const command of commandsFor(waiting({ kind }), "")) expect(scripts).toHaveProperty(command.split(" ")[2] ?? "");
  });

  it.each(["inbox", "approve", "reject", "answer", "pause", "resume", "cancel", "raise"])(
    "%s explains itself, and says which scope it takes",
    (name) => {
      const [, ...argv] = (scripts[name] ?? "").split(" ");
      const help = execFileSync(process.execPath, [...argv, "--help"], { cwd: ROOT, encoding: "utf8" });
      expect(help).toMatch(new RegExp(`^npm run ${name}\\b`));
      expect(help).toMatch(/scope "(approve|operate)"/);
      for (const line of help.split("\n")) expect(line.length).toBeLessThanOrEqual(130);
    },
  );
});
