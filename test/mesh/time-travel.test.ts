import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Comparison } from "../../cli/comparison.ts";
import type { Task } from "../../shared/task/a2a-types.ts";
import type { TaskHistory } from "../../shared/task/history.ts";
import { type CopiedMesh, copyMesh } from "./copied-mesh.ts";
import type { Order } from "./fixtures/puppet.ts";
import { answer, order, send, told } from "./governed.ts";

// Another road from a point of a task's history, in a whole mesh: by the commands that people type, over real HTTP.

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

let mesh: CopiedMesh;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "skein-time-travel-"));
  const puppets = [
    { name: "first", from: "puppet", calls: ["second", "third"] },
    ...["second", "third"].map((name) => ({ name, from: "puppet" })),
  ];
  mesh = await copyMesh({ agents: [...puppets, "stagehand"], unlimited: true });
  await mesh.start();
}, 120_000);

afterAll(async () => {
  await mesh?.remove();
  rmSync(folder, { recursive: true, force: true });
});

interface Ran {
  readonly code: number;
  readonly said: string;
  readonly told: string;
}

function run(command: string, ...args: string[]): Promise<Ran> {
  const env = { ...process.env, NO_COLOR: "1", SKEIN_KEY: "", SKEIN_TOKEN: "", PORT: new URL(mesh.url).port };
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [join(ROOT, `cli/${command}.ts`), ...args], { cwd: ROOT, env }, (error, said, told) =>
      resolve({ code: typeof error?.code === "number" ? error.code : 0, said, told }),
    );
    child.stdin?.end();
  });
}

const caller = () => ({ url: mesh.url });
/** It asks, then has another puppet do something. */
const painting: Order = { ask: "Which colour?", calls: [{ to: "second/do", order: { say: "painted" } }] };
const AT = ["--of", "first"];

/** A task of the first puppet that is done. */
async function asked(): Promise<string> {
  const task = await order(caller(), "first", painting);
  await answer(caller(), "first", task, "red");
  return task.id;
}

async function historyOf(id: string, agent?: string): Promise<TaskHistory> {
  return JSON.parse((await run("call", "--task", id, "--history", "--json", ...(agent ? ["--agent", agent] : []))).said) as TaskHistory;
}

async function positionOf(id: string, words: RegExp, agent?: string): Promise<string> {
  const found = (await historyOf(id, agent)).entries.find((entry) => words.test(entry.words));
  if (!found) throw new Error(`nothing in the history of ${id} says ${words}`);
  return String(found.seq);
}

function taskIn({ told }: Ran): string {
  const [, id] = /^(?:forked|imported): task ([\w-]+)/m.exec(told) ?? [];
  if (!id) throw new Error(`no task in: ${told}`);
  return id;
}

describe("npm run call -- --history", () => {
  it("tells a task step by step, and shows it as it was", async () => {
    const id = await asked();
    const { code, said } = await run("call", "--task", id, "--history", "--agent", "first");
    expect(code).toBe(0);
    expect(said).toContain(`task ${id} of first, completed`);
    expect(said).toMatch(/^ +\d+ ● +\+\d+\.\d s {2}asks: Which colour\?$/m);
    expect(said).toMatch(/calls second\/do/);
    expect(said).toMatch(/^ +\d+ {2,}\+\d+\.\d s {2}completed/m);
    const then = await run("call", "--task", id, "--at", await positionOf(id, /^asks: Which colour/, "first"), "--agent", "first");
    expect(then.said).toMatch(/asks back[\s\S]*Which colour\?/);
    expect(then.said.match(/Which colour\?/g)).toHaveLength(1);
    expect((await run("call", "--task", id, "--at", "999", "--agent", "first")).told).toContain("its log goes from 1 to");
  });
});

describe("npm run fork", () => {
  it("says what it will do, does it, and leaves the other task alone", async () => {
    const id = await asked();
    const at = await positionOf(id, /: red$/, "first");
    const tried = await run("fork", id, "--at", at, "--answer", "green", "--dry-run", ...AT);
    expect(tried.told).toContain("nothing was done");
    const forked = await run("fork", id, "--at", at, "--answer", "green", ...AT);
    for (const { said } of [tried, forked]) {
      expect(said).toContain('answer to "Which colour?": "green"');
      expect(said).toMatch(/Runs again\n {2}question "Which colour\?": it is asked again, and answered\n {2}call of second\/do/);
      expect(said).toMatch(/Left behind\n[\s\S]*how it ended/);
    }
    expect(forked.code).toBe(0);
    expect(forked.said).toContain("answered green");
    const before = await run("call", "--get", id, "--agent", "first");
    expect(before.said).toContain("answered red");
  });

  it("calls another agent in the place of one", async () => {
    const id = await asked();
    const again = await run(
      "fork",
      id,
      "--at",
      await positionOf(id, /: red$/, "first"),
      "--answer",
      "red",
      "--agent",
      "second=third",
      ...AT,
    );
    expect(again.said).toContain("agent third is called in place of second");
    expect(again.code).toBe(0);
    expect((await historyOf(taskIn(again), "first")).entries.map(({ words }) => words).join("\n")).toContain("calls third/do");
  });

  it("makes a call anew that was out, whose callee asks again", async () => {
    const first = await run("call", "Rehearse the scene which colour");
    expect(first.code).toBe(3);
    const id = /--task (\S+)/.exec(first.told)?.[1] ?? "";
    await run("call", "--task", id, "--answer", "red");
    const at = await positionOf(id, /answers .*: red$/);
    const forked = await run("fork", id, "--at", at, "--answer", "green");
    expect(forked.said).toMatch(/call of stagehand\/rehearse \(.*\): it was out, and is made anew/);
    expect(forked.said, forked.told).toContain("The curtain is green.");
    expect(forked.code).toBe(0);
    expect((await run("call", "--get", id)).said).toContain("The curtain is red.");
  });

  it("asks again for an approval, which was good once", async () => {
    const task = await send(caller(), "stagehand", [{ text: "Rehearse the trapdoor" }]);
    await answer(caller(), "stagehand", task, "yes");
    const at = String(Number(await positionOf(task.id, /answers .*: yes$/, "stagehand")) + 1);
    const forked = await run("fork", task.id, "--at", at, "--of", "stagehand");
    expect(forked.code).toBe(3);
    expect(forked.said).toContain('approval of "Open the trapdoor?" is asked again: it was good once; what it allowed was done at');
  });

  it("says in one line what is wrong", async () => {
    const id = await asked();
    const one = async (...args: string[]) => {
      const { code, told: line } = await run("fork", id, ...args, ...AT);
      expect([code, line.trim().split("\n").length]).toEqual([line.includes("--help") ? 2 : 1, 1]);
      return line;
    };
    expect(await one("--at", "999")).toContain("its log goes from 1 to");
    expect(await one("--at", "12", "--contract", "budget=9")).toContain("budget version 9 is not deployed");
    expect(await one("--at", "3", "--agent", "second=nobody")).toContain('there is no agent "nobody" in this mesh');
    expect(await one("--at", "soon")).toContain("a position is a number");
    expect(await one()).toContain("from where?");
  });
});

describe("npm run compare", () => {
  it("shows a task and its fork side by side", async () => {
    const id = await asked();
    const forked = await run("fork", id, "--at", await positionOf(id, /: red$/, "first"), "--answer", "green", ...AT);
    const other = taskIn(forked);
    const { code, said } = await run("compare", id, other, "--agent", "first");
    expect(code).toBe(3);
    expect(said).toMatch(/answered red +≠ answered green/);
    expect(said).toMatch(/forked from .*≠/);
    expect(said).toMatch(/inherited/);
    expect(Math.max(...said.split("\n").map(({ length }) => length))).toBeLessThanOrEqual(100);
    const compared = JSON.parse((await run("compare", id, other, "--agent", "first", "--json")).said) as Comparison;
    expect(compared.same.calls + compared.calls.length).toBe(1);
    expect((await run("compare", id, id, "--agent", "first")).code).toBe(0);
  });
});

describe("npm run export and import", () => {
  it("carry a task over, which goes on from where it stood", async () => {
    const { id } = await order(caller(), "first", painting);
    const file = join(folder, "task.jsonl");
    expect((await run("export", id, "--out", file, "--agent", "first")).code).toBe(0);
    const imported = await run("import", file, "--agent", "first");
    expect(imported.code, imported.told).toBe(3);
    const copy = taskIn(imported);
    expect(told(await answer(caller(), "first", { id: copy } as Task, "green"))).toContain("answered green");
    // Written to a file or to the terminal, it is the same but for the time of day in its header.
    const entries = (log: string) => log.slice(log.indexOf("\n"));
    expect(entries((await run("export", id, "--agent", "first")).said)).toBe(entries(readFileSync(file, "utf8")));
  });

  it("copy a task that had ended as it ended, and say so", async () => {
    const file = join(folder, "ended.jsonl");
    await run("export", await asked(), "--out", file, "--agent", "first");
    const imported = await run("import", file, "--agent", "first");
    expect(imported).toMatchObject({ code: 0, said: expect.stringContaining("answered red") });
    expect(imported.told).toMatch(/inherited: 1 call[\s\S]*It had ended/);
    expect(imported.told).not.toMatch(/goes on|calls second/);
  });

  it("take nothing of a file that is wrong", async () => {
    const id = await asked();
    const file = join(folder, "wrong.jsonl");
    await run("export", id, "--out", file, "--agent", "first");
    writeFileSync(file, readFileSync(file, "utf8").replace('"type":"message"', '"type":"massage"'));
    const { code, told: line } = await run("import", file, "--agent", "first");
    expect(code).toBe(1);
    expect(line).toMatch(/line \d+: event/);
    expect((await run("import", join(folder, "none.jsonl"))).told).toContain("there is no file");
  });
});
