/**
 * A mesh of its own for one test file: a copy of the project's Workers, with agents from `fixtures/` added, on a free port
 * and with its own state. A copy, so that a file saved while the tests run reloads nothing; its Workers are those that were built
 * once for all tests. It can be killed and started again on the same state.
 */
import type { ChildProcess } from "node:child_process";
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { inject } from "vitest";
import { freePort } from "../../cli/port.ts";
import { endRuntime, spawnRuntime } from "../../cli/runtime.ts";
import type { PolicyName } from "../../shared/contract/contract.ts";
import type { WaitSettings } from "../../shared/host/calling/wait-settings.ts";
import { builtContracts, useBuilt } from "./built-workers.ts";

const REPOSITORY = fileURLToPath(new URL("../..", import.meta.url));
const COPIED = ["agents", "agent-cards", "contracts", "shared", "workers", "test/mesh/fixtures", "wrangler.toml", "package.json"];
/** Machines are shared: one that never comes up is told from one that waits for its turn. */
const START_MS = 55_000;

export interface CopiedMesh {
  readonly url: string;
  /** The folder of the copy: what is changed there is deployed with the next start. */
  readonly root: string;
  start(): Promise<void>;
  /** Every process of the runtime at once, without a word of warning. Resolves when they are gone. */
  kill(): Promise<void>;
  /** Ends the runtime, and removes the copy and its state. */
  remove(): Promise<void>;
}

export interface CopyOptions {
  /** Names of files in `fixtures/` whose agent joins the mesh: a program, or only a way of answering requests. */
  readonly agents?: readonly (string | Fixture)[];
  readonly answerers?: readonly (string | Fixture)[];
  /** Fields that take the place of the contracts' own. */
  readonly contracts?: Readonly<Partial<Record<PolicyName, Readonly<Record<string, string | number>>>>>;
  /** The front door counts nobody's calls: for tests that call more often in a minute than one caller may. */
  readonly unlimited?: boolean;
  /** Its Workers are built from the copy with every start: for tests that change what is in it. */
  readonly fromSource?: boolean;
}

export interface Fixture {
  /** In the mesh. */
  readonly name: string;
  /** A file whose default export makes an agent of a name, so that several can be made of it. Absent: the file of this name. */
  readonly from?: string;
  /** Agents that it can call. */
  readonly calls?: readonly string[];
  /** How it waits for their answers. */
  readonly waits?: WaitSettings;
}

export async function copyMesh(options: CopyOptions = {}): Promise<CopiedMesh> {
  const { agents = [], answerers = [], contracts = {}, unlimited = false, fromSource = false } = options;
  const root = mkdtempSync(join(tmpdir(), "skein-mesh-"));
  for (const name of COPIED) cpSync(join(REPOSITORY, name), join(root, name), { recursive: true });
  symlinkSync(join(REPOSITORY, "node_modules"), join(root, "node_modules"));
  if (!fromSource) useBuilt(inject("builtWorkers"), root);
  for (const fixture of agents.map(fixtureOf)) addWorker(root, fixture, agentWorkerOf(fixture), OBJECTS);
  for (const fixture of answerers.map(fixtureOf)) addWorker(root, fixture, answererOf(fixture), "");
  if (unlimited) withoutRateLimit(join(root, "wrangler.toml"));
  for (const [policy, fields] of Object.entries(contracts)) {
    const name = latestContract(root, policy);
    for (const file of [join(root, "contracts", name), ...builtContracts(root, name)]) setFields(file, fields);
  }

  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  let runtime: { child: ChildProcess; exited: Promise<void> } | undefined;

  return {
    url,
    root,
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

function fixtureOf(fixture: string | Fixture): Fixture {
  return typeof fixture === "string" ? { name: fixture } : fixture;
}

function addWorker(root: string, { name, calls = [] }: Fixture, code: string, objects: string): void {
  const folder = join(root, "agents", name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "worker.ts"), code);
  const config = `name = "skein-${name}"\nmain = "worker.ts"\ncompatibility_date = "2026-11-17"\ncompatibility_flags = ["nodejs_compat"]\n`;
  writeFileSync(join(folder, "wrangler.toml"), config + objects + calls.map((callee) => bindingOf(root, callee)).join(""));
  appendFileSync(join(root, "wrangler.toml"), bindingOf(root, name));
}

function bindingOf(root: string, name: string): string {
  const binding = `AGENT_${name.toUpperCase().replaceAll("-", "_")}`;
  return `\n[[services]]\nbinding = "${binding}"\nservice = "${workerOf(root, name)}"\nentrypoint = "Mesh"\n`;
}

/** Not every Worker of the project is called like its agent; those of fixtures, which may not be there yet, are. */
function workerOf(root: string, name: string): string {
  const config = join(root, "agents", name, "wrangler.toml");
  const called = existsSync(config) ? /^name = "([^"]+)"/m.exec(readFileSync(config, "utf8"))?.[1] : undefined;
  return called ?? `skein-${name}`;
}

const OBJECTS = `
durable_objects.bindings = [
  { name = "TASK_HOME", class_name = "TaskHome" },
  { name = "TASK_INDEX", class_name = "TaskIndex" },
  { name = "BUDGET", class_name = "BudgetObject", script_name = "skein-ledger" },
  { name = "INBOX", class_name = "Inbox", script_name = "skein-ledger" },
]
[[services]]
binding = "SCOREBOARD"
service = "skein-registry"
entrypoint = "Scoreboard"
[[services]]
binding = "REGISTRY"
service = "skein-registry"
entrypoint = "Registry"
[[migrations]]
tag = "v1"
new_sqlite_classes = ["TaskHome", "TaskIndex"]
[[rules]]
type = "Text"
globs = ["**/*.yaml"]
fallthrough = true
`;

/** Every answer says how many requests of any kind the Worker has seen. */
function agentWorkerOf({ name, from, waits }: Fixture): string {
  return `import { agentWorker } from "../../shared/kit/worker.ts";
import agent from "../../test/mesh/fixtures/${from ?? name}.ts";
const worker = agentWorker(${from === undefined ? "agent" : `agent("${name}")`}, ${JSON.stringify({ waits })});
let seen = 0;
export class Mesh extends worker.Mesh {
  async fetch(request: Request) {
    const nth = ++seen;
    const response = await super.fetch(request);
    const headers = new Headers(response.headers);
    headers.set("${SEEN}", String(nth));
    return new Response(response.body, { status: response.status, headers });
  }
}
export default worker.default;
export const { TaskHome, TaskIndex } = worker;
`;
}

/** Header: the number of the request among those that a fixture's Worker was sent. */
export const SEEN = "Fixture-Requests";

function answererOf({ name }: Fixture): string {
  return `import { WorkerEntrypoint } from "cloudflare:workers";
import answer from "../../test/mesh/fixtures/${name}.ts";
export class Mesh extends WorkerEntrypoint { fetch(request: Request) { return answer(request, this.env); } }
export default { fetch: answer };
`;
}

function withoutRateLimit(file: string): void {
  writeFileSync(file, readFileSync(file, "utf8").replace(/^\[\[ratelimits\]\]\n(?:\w+ = .*\n)+/m, ""));
}

/** What new tasks are made under: the name of its file. */
function latestContract(root: string, policy: string): string {
  const files = readdirSync(join(root, "contracts")).filter((name) => name.startsWith(`${policy}.v`));
  return files.toSorted().at(-1) ?? `${policy}.v1.yaml`;
}

function setFields(file: string, fields: Readonly<Record<string, string | number>>): void {
  let contract = readFileSync(file, "utf8");
  for (const [field, value] of Object.entries(fields)) {
    const line = new RegExp(`^${field}:.*$`, "m");
    if (!line.test(contract)) throw new Error(`${file}: there is no ${field} to change`);
    contract = contract.replace(line, `${field}: ${value}`);
  }
  writeFileSync(file, contract);
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
