import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { contractShelf } from "../../shared/contract/shelf.ts";
import { isSameDecision, kindOf, policyOf, redecide } from "../../shared/policy/redecide.ts";
import type { TaskRecord } from "../../shared/task/record.ts";
import { type CopiedMesh, copyMesh } from "./copied-mesh.ts";

// Governance of a whole mesh, as a person sees it: the commands, over real HTTP, on what real requests left behind.

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const CONTRACTS = readdirSync(join(ROOT, "contracts")).filter((name) => name.endsWith(".yaml"));
const shelf = contractShelf(
  Object.fromEntries(CONTRACTS.map((name) => [`contracts/${name}`, readFileSync(join(ROOT, "contracts", name), "utf8")])),
);

let mesh: CopiedMesh;
let folder: string;
/** A request that took several agents, and one that met its caller's limit. */
let done: string;
let limited: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "skein-decisions-"));
  mesh = await copyMesh({ unlimited: true, fromSource: true });
  tryFloor(mesh.root);
  await mesh.start();
  done = taskIn((await run("call", "Calculate 12 * 7, then calculate 3 + 4")).told);
  limited = taskIn((await run("call", "Calculate 12 * 7, then calculate 3 + 4", "--limit", "calls=1", "--label", "confidential")).told);
});

afterAll(async () => {
  await mesh.remove();
  rmSync(folder, { recursive: true, force: true });
});

/** Deploys a candidate beside the chain cap: a floor that nobody meets whom nobody has measured. */
function tryFloor(root: string): void {
  const file = (name: string) => join(root, "contracts", name);
  const text = readFileSync(file("chain-cap.v1.yaml"), "utf8");
  const tried = text.replace("version: 1", "version: 2").replace("mode: enforce", "mode: candidate").replace("floor: 0.75", "floor: 0.96");
  writeFileSync(file("chain-cap.v2.yaml"), tried);
  const deployed = readFileSync(file("deployed.ts"), "utf8");
  const listed = deployed.replace("DEPLOYED_CONTRACTS = {", 'DEPLOYED_CONTRACTS = {\n  "contracts/chain-cap.v2.yaml": chainCap2,');
  writeFileSync(file("deployed.ts"), `import chainCap2 from "./chain-cap.v2.yaml";\n${listed}`);
}

interface Ran {
  readonly code: number;
  readonly said: string;
  readonly told: string;
}

function run(command: string, ...args: string[]): Promise<Ran> {
  const env = { ...process.env, NO_COLOR: "1", SKEIN_KEY: "", SKEIN_TOKEN: "", PORT: new URL(mesh.url).port };
  const argv = [join(ROOT, `cli/${command}.ts`), ...args];
  return new Promise((resolve) => {
    const child = execFile(process.execPath, argv, { cwd: ROOT, env }, (error, said, told) =>
      resolve({ code: typeof error?.code === "number" ? error.code : 0, said, told }),
    );
    child.stdin?.end();
  });
}

function taskIn(told: string): string {
  const id = /\b(?:task|--task) (o-[\w-]+)/.exec(told)?.[1];
  if (!id) throw new Error(`no task in: ${told}`);
  return id;
}

async function recordOf(id: string, agent?: string): Promise<TaskRecord> {
  const answer = await fetch(`${mesh.url}${agent ? `/agents/${agent}` : ""}/governance/tasks/${id}`);
  expect(answer.status).toBe(200);
  return (await answer.json()) as TaskRecord;
}

function candidate(file: string, from: string, to: string): string {
  const text = readFileSync(join(ROOT, "contracts", file), "utf8");
  expect(text).toContain(from);
  const path = join(folder, file);
  writeFileSync(path, text.replace(from, to));
  return path;
}

describe("every decision of a request", () => {
  it("is the same when it is taken again, dispatch and the callees' own included", async () => {
    const own = [await recordOf(done), await recordOf(limited)];
    const below = await Promise.all(own.flatMap(({ calls }) => calls.flatMap(({ agent, task }) => (task ? [recordOf(task, agent)] : []))));
    expect(below.length).toBeGreaterThan(1);
    const kinds = new Set<string>();
    for (const { contracts, decisions } of [...own, ...below])
      for (const { name, signals, decision } of decisions) {
        const kind = kindOf(name);
        if (!kind) throw new Error(`no policy decides "${name}"`);
        kinds.add(kind);
        const again = redecide(kind, shelf.contract(policyOf(kind), contracts), signals);
        expect(isSameDecision(decision as object, again), `${name}: ${JSON.stringify(decision)} → ${JSON.stringify(again)}`).toBe(true);
        expect(decision).toMatchObject({ mode: "enforce", micros: expect.any(Number) });
      }
    expect([...kinds]).toEqual(expect.arrayContaining(["dispatch", "chain-cap", "agent-breaker", "circuit-breaker", "budget"]));
  });

  it("of a callee stands in the chain of its caller, under the same rules", async () => {
    const { id, contracts, calls } = await recordOf(done);
    const [call] = calls;
    expect(await recordOf(call?.task ?? "", call?.agent)).toMatchObject({
      contracts,
      chain: { root: id, path: [{ agent: "orchestrator" }, { agent: call?.agent, skill: call?.skill }] },
    });
  });
});

describe("npm run decisions", () => {
  it("shows them in order, with the chain, the rules, the reasons and what each call cost", async () => {
    const { code, said } = await run("decisions", done);
    expect(code).toBe(0);
    expect(said).toContain(`task    ${done} of orchestrator, completed`);
    expect(said).toMatch(/rules {3}.*budget v1.*chain-cap v1/);
    expect(said).toMatch(/^ {2}1 {2}\+\d+\.\d{3} s {2}dispatch v3 enforce +delegate/m);
    expect(said).toMatch(/chain-cap v1 enforce +extend +analyst\/calculate/);
    expect(said).toContain("orchestrator → analyst/calculate (0.95, unmeasured)");
    expect(said).toMatch(/analyst\/calculate 1\.0\.0 {2}cost 1 call/);
    expect(said).toMatch(/made by orchestrator 1\.0\.0 \(Worker [0-9a-f]{8}\)/);
    const { decisions } = await recordOf(done);
    expect(said.match(/^ *\d+ {2}\+/gm)?.length).toBe(decisions.length);
  });

  it("shows those of a task that another agent was given, where they are said to be", async () => {
    const { said } = await run("decisions", done);
    const [, task = "", agent = ""] = /npm run decisions -- (\S+) --agent (\S+)/.exec(said) ?? [];
    const below = JSON.parse((await run("decisions", task, "--agent", agent, "--json")).said) as TaskRecord;
    expect(below).toMatchObject({ id: task, agent, chain: { root: done } });
    expect((await run("decisions", done, "--url", mesh.url)).said).toContain(`-- ${task} --url ${mesh.url}/agents/${agent}`);
  });

  it("says in one line what is wrong", async () => {
    const { code, told, said } = await run("decisions", "o-none");
    expect([code, said, told.trim().split("\n").length]).toEqual([1, "", 1]);
    expect(told).toContain("there is no task o-none of yours");
    expect((await run("decisions")).code).toBe(2);
  });
});

describe("a candidate contract of the mesh", () => {
  it("is shown with each decision that it would have taken otherwise, and stopped nothing", async () => {
    const { said } = await run("decisions", done);
    expect(said).toContain(`task    ${done} of orchestrator, completed`);
    expect(said).toMatch(/^tried {3}chain-cap v2, a candidate: (\d+) decisions, \1 otherwise$/m);
    expect(said).toContain("candidate v2: extend (within-cap) → stop (below-floor): below-floor: orchestrator → analyst/calculate");
  });

  it("is counted over all tasks, with tasks to look at", async () => {
    const { code, said } = await run("decisions", "--candidates");
    expect(code).toBe(3);
    expect(said).toMatch(/^chain-cap v2: asked on \d+ decisions of 2 tasks, 0 the same, \d+ otherwise$/m);
    expect(said).toMatch(/\d+ × extend \(within-cap\) → stop \(below-floor\)/);
    expect(said).toContain(`npm run decisions -- ${done}`);
    const { tasks, candidates } = JSON.parse((await run("decisions", "--candidates", "--json")).said);
    expect(tasks).toBe(2);
    expect(candidates).toMatchObject([{ policy: "chain-cap", version: 2, tasks: 2, failed: 0 }]);
  });

  it("was asked in no task of an agent that calls nobody, and is not for one task", async () => {
    const { code, told } = await run("decisions", "--candidates", "--agent", "writer");
    expect([code, told]).toEqual([0, expect.stringContaining("no candidate was asked in 0 tasks")]);
    expect((await run("decisions", done, "--candidates")).code).toBe(2);
  });
});

describe("npm run call", () => {
  it("stops at its caller's limit with the choices, and goes on when that is raised", async () => {
    const before = await run("decisions", limited);
    expect(before.said).toMatch(/wishes {2}at most 1 call, confidential/);
    expect(before.said).toMatch(/budget v1 enforce +pause/);
    expect((await run("call", "--get", limited, "--json")).said).toContain("raise");
    const answered = await run("call", "--task", limited, "--answer", "raise 20");
    expect(answered.told).toMatch(/cost \d calls, \d+\.\d s of work · task/);
    expect(answered.code).toBe(0);
    expect(answered.said).toContain("84");
  });

  it("says what it takes for a wish, and wishes nothing of a task that runs", async () => {
    expect((await run("call", "hello", "--limit", "euros=3")).told).toContain("units are microUsd");
    expect((await run("call", "--task", done, "--answer", "yes", "--limit", "calls=3")).code).toBe(2);
    expect((await run("call", "hello", "--label", "secret")).told).toContain("public, internal, confidential, restricted");
  });
});

describe("npm run replay", () => {
  it.each(CONTRACTS)("of %s, under which the tasks ran, finds nothing that differs", async (file) => {
    const { code, said } = await run("replay", "--contract", `contracts/${file}`);
    expect(said).toMatch(/decisions? of \d+ tasks, \d+ the same/);
    expect(code).toBe(0);
  });

  it("of a higher floor shows which calls would have stopped, and what they cost", async () => {
    const file = candidate("chain-cap.v1.yaml", "floor: 0.75", "floor: 0.96");
    const { code, said } = await run("replay", "--contract", file, "--tasks", done);
    expect(code).toBe(3);
    expect(said).toContain("extend (within-cap) → stop (below-floor)");
    expect(said).toMatch(/cost \d calls/);
    const summary = JSON.parse((await run("replay", "--contract", file, "--tasks", done, "--json")).said);
    expect(summary).toMatchObject({ policy: "chain-cap", tasks: 1, differing: 1, same: 0, asRecorded: 0 });
  });

  it("of a smaller limit of a task shows where it would have paused", async () => {
    const file = candidate("budget.v1.yaml", "taskCalls: 64", "taskCalls: 1");
    expect((await run("replay", "--contract", file, "--tasks", done)).said).toContain("→ pause (task-limit)");
  });

  it("of a contract that is wrong says in which line", async () => {
    const file = candidate("budget.v1.yaml", "taskCalls: 64", "taskCall: 64");
    expect((await run("replay", "--contract", file)).told).toMatch(
      /budget\.v1\.yaml:\d+:1: "taskCall" is no field .*did you mean "taskCalls"/,
    );
    const other = candidate("dispatch.v1.yaml", "policy: dispatch", "policy: dispatching");
    expect((await run("replay", "--contract", other)).told).toContain("it is for no policy there is");
  });
});

describe("npm run budget", () => {
  it("shows what was spent, and raises what may be", async () => {
    const { said } = await run("budget");
    expect(said).toMatch(/tenant local\n +spent +set aside +limit\n/);
    const [, spent = "0"] = /calls +(\d+) +\d+ +100,000/.exec(said) ?? [];
    expect(Number(spent)).toBeGreaterThan(2);
    const raised = await run("budget", "--raise", "calls=50", "--account", "app:local");
    expect(raised.said).toContain("100,050");
    expect((await run("budget", "--incidents")).told).toContain("nothing was refused");
    expect((await run("budget", "--raise", "calls=many")).code).toBe(2);
  });
});
