/**
 * A mesh of its own for one test file: a copy of the project's Workers, with agents from `fixtures/` added, on a free port
 * and with its own state. A copy, so that a file saved while the tests run reloads nothing. It can be killed and started
 * again on the same state.
 */
import type { ChildProcess } from "node:child_process";
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { freePort } from "../../cli/port.ts";
import { endRuntime, spawnRuntime } from "../../cli/runtime.ts";

const REPOSITORY = fileURLToPath(new URL("../..", import.meta.url));
const COPIED = ["agents", "agent-cards", "contracts", "shared", "workers", "test/mesh/fixtures", "wrangler.toml", "package.json"];
const START_MS = 30_000;

export interface CopiedMesh {
  readonly url: string;
  start(): Promise<void>;
  /** Every process of the runtime at once, without a word of warning. Resolves when they are gone. */
  kill(): Promise<void>;
  /** Ends the runtime, and removes the copy and its state. */
  remove(): Promise<void>;
}

export interface CopyOptions {
  /** Names of files in `fixtures/` whose agent joins the mesh: a program, or only a way of answering requests. */
  readonly agents?: readonly string[];
  readonly answerers?: readonly string[];
  /** Takes the place of the dispatch contract's own. Milliseconds. */
  readonly deadlineMs?: number;
  /** The front door counts nobody's calls: for tests that call more often in a minute than one caller may. */
  readonly unlimited?: boolean;
}

export async function copyMesh({ agents = [], answerers = [], deadlineMs, unlimited = false }: CopyOptions = {}): Promise<CopiedMesh> {
  const root = mkdtempSync(join(tmpdir(), "skein-mesh-"));
  for (const name of COPIED) cpSync(join(REPOSITORY, name), join(root, name), { recursive: true });
  symlinkSync(join(REPOSITORY, "node_modules"), join(root, "node_modules"));
  for (const name of agents) addWorker(root, name, agentWorkerOf(name), OBJECTS);
  for (const name of answerers) addWorker(root, name, answererOf(name), "");
  if (unlimited) withoutRateLimit(join(root, "wrangler.toml"));
  if (deadlineMs !== undefined) setDeadline(join(root, "contracts/dispatch.v1.yaml"), deadlineMs);

  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  let runtime: { child: ChildProcess; exited: Promise<void> } | undefined;

  return {
    url,
    async start() {
      const child = spawnRuntime(root, port, join(root, "state"));
      const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
      runtime = { child, exited };
      let said = "";
      for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk) => (said = (said + chunk).slice(-20_000)));
      const until = Date.now() + START_MS;
      while (!(await servesItsCard(url))) {
        if (child.exitCode !== null || Date.now() > until) throw new Error(`the mesh did not come up. It said:\n${said}`);
        await sleep(50);
      }
    },
    async kill() {
      if (runtime?.child.pid === undefined) throw new Error("nothing runs that could be killed");
      process.kill(-runtime.child.pid, "SIGKILL");
      await runtime.exited;
      // The leader is gone; the port is free only when the runtime below it is gone too.
      while (await accepts(url)) await sleep(10);
      runtime = undefined;
    },
    async remove() {
      if (runtime) await endRuntime(runtime.child, runtime.exited);
      rmSync(root, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

function addWorker(root: string, name: string, code: string, objects: string): void {
  const folder = join(root, "agents", name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "worker.ts"), code);
  const config = `name = "skein-${name}"\nmain = "worker.ts"\ncompatibility_date = "2026-11-17"\ncompatibility_flags = ["nodejs_compat"]\n`;
  writeFileSync(join(folder, "wrangler.toml"), config + objects);
  const service = `\n[[services]]\nbinding = "AGENT_${name.toUpperCase()}"\nservice = "skein-${name}"\nentrypoint = "Mesh"\n`;
  appendFileSync(join(root, "wrangler.toml"), service);
}

const OBJECTS = `
durable_objects.bindings = [
  { name = "TASK_HOME", class_name = "TaskHome" },
  { name = "TASK_INDEX", class_name = "TaskIndex" },
  { name = "BUDGET", class_name = "BudgetObject", script_name = "skein-ledger" },
]
[[services]]
binding = "SCOREBOARD"
service = "skein-registry"
entrypoint = "Scoreboard"
[[migrations]]
tag = "v1"
new_sqlite_classes = ["TaskHome", "TaskIndex"]
[[rules]]
type = "Text"
globs = ["**/*.yaml"]
fallthrough = true
`;

function agentWorkerOf(name: string): string {
  return `import { agentWorker } from "../../shared/kit/worker.ts";
import agent from "../../test/mesh/fixtures/${name}.ts";
const worker = agentWorker(agent);
export default worker.default;
export const { Mesh, TaskHome, TaskIndex } = worker;
`;
}

function answererOf(name: string): string {
  return `import { WorkerEntrypoint } from "cloudflare:workers";
import answer from "../../test/mesh/fixtures/${name}.ts";
export class Mesh extends WorkerEntrypoint { fetch(request: Request) { return answer(request); } }
export default { fetch: answer };
`;
}

function withoutRateLimit(file: string): void {
  writeFileSync(file, readFileSync(file, "utf8").replace(/^\[\[ratelimits\]\]\n(?:\w+ = .*\n)+/m, ""));
}

function setDeadline(file: string, deadlineMs: number): void {
  const contract = readFileSync(file, "utf8");
  const changed = contract.replace(/^deadlineMs:.*$/m, `deadlineMs: ${deadlineMs}`);
  if (changed === contract) throw new Error(`${dirname(file)}: no deadlineMs to change in the dispatch contract`);
  writeFileSync(file, changed);
}

async function servesItsCard(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/.well-known/agent-card.json`, { signal: AbortSignal.timeout(5_000) });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}

async function accepts(url: string): Promise<boolean> {
  try {
    await (await fetch(url, { signal: AbortSignal.timeout(1_000) })).arrayBuffer();
    return true;
  } catch {
    return false;
  }
}
