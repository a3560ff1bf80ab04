/**
 * A whole mesh on this machine: one `wrangler dev` over every Worker's config, in a process group of its own, offline and
 * quiet. It is up when the front door serves its card, and gone when `stop` resolves: the group with every grandchild.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { noteRunning, noteStopped, runningMesh } from "./mesh-file.ts";
import { locate } from "./place.ts";
import { stateFolder, workerConfigs } from "./project.ts";
import { CommandError } from "./terminal.ts";
import { problemsIn as problemsOf } from "./wrangler-output.ts";

export interface MeshOptions {
  readonly root: string;
  readonly port: number;
  /** An empty state that is thrown away at the end; what is in `.skein/` stays as it is. */
  readonly fresh?: boolean;
  readonly timeoutMs?: number;
  /** Gives up starting. */
  readonly signal?: AbortSignal | undefined;
  /** Called about once a second while the mesh comes up. */
  readonly onWaiting?: (seconds: number) => void;
  /** Called with each problem that comes up once the mesh runs, such as a file saved with a mistake in it. */
  readonly onProblem?: (problem: string) => void;
}

export interface Mesh {
  readonly url: string;
  /** Where the tasks are kept. */
  readonly state: string;
  /** Resolves when the runtime ends, asked or not. */
  readonly exited: Promise<void>;
  stop(): Promise<void>;
}

/** Politeness has an end: wrangler waits for ever when a build failed. */
const GRACE_MS = 2_500;

/** @throws CommandError with one line for each thing that has to be mended */
export async function startMesh(options: MeshOptions): Promise<Mesh> {
  const { root, port, fresh = false, onProblem } = options;
  if (!existsSync(join(root, "wrangler.toml")))
    throw new CommandError(`no wrangler.toml in ${root}: run this in the folder of the project, or restore the file from git`);
  const other = fresh ? undefined : runningMesh(root);
  if (other)
    throw new CommandError(
      `a mesh of this folder already runs at ${other.url} (process ${other.pid}). Use it, or stop it first, or add --fresh for one with its own state`,
    );

  const scratch = fresh ? mkdtempSync(join(tmpdir(), "skein-")) : undefined;
  const state = scratch ?? stateFolder(root);
  const child = spawnRuntime(root, port, state);
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const stop = async () => {
    await endGroup(child, exited);
    if (scratch) rmSync(scratch, { recursive: true, force: true });
    else noteStopped(root);
  };

  const output = listen(child);
  const url = `http://127.0.0.1:${port}`;
  // Known from the first moment, so that two commands started together do not share databases.
  if (!scratch) noteRunning(root, { pid: process.pid, url });
  try {
    await untilUp(url, child, output, options);
  } catch (error) {
    await stop();
    throw error;
  }
  output.onChange = () => {
    for (const problem of problemsIn(output.take(), root)) onProblem?.(problem);
  };
  output.take();
  return { url, state, exited, stop };
}

function spawnRuntime(root: string, port: number, state: string): ChildProcess {
  const wrangler = join(dirname(createRequire(import.meta.url).resolve("wrangler/package.json")), "wrangler-dist", "cli.js");
  const leash = fileURLToPath(new URL("./leash.ts", import.meta.url));
  const configs = workerConfigs(root).flatMap((config) => ["-c", config]);
  const where = ["--ip", "127.0.0.1", "--port", String(port), "--persist-to", join(state, "state")];
  const quiet = ["--show-interactive-dev-session=false", "--log-level", "warn", "--inspector-port", "0"];
  return spawn(process.execPath, ["--no-warnings", "--import", leash, wrangler, "dev", ...configs, ...where, ...quiet], {
    cwd: root,
    detached: true,
    env: runtimeEnv(state),
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
}

/**
 * The Workers are handed this environment as variables, in every one of them (`--var` reaches only the first), so it holds
 * nothing of the person's own but what is named SKEIN_ or COURIER_.
 */
function runtimeEnv(state: string): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => /^(PATH|HOME|TMPDIR|(SKEIN|COURIER)_\w+)$/.test(name));
  return {
    ...Object.fromEntries(kept),
    CLOUDFLARE_INCLUDE_PROCESS_ENV: "true",
    SKEIN_LOCAL: "1",
    WRANGLER_SEND_METRICS: "false",
    WRANGLER_SEND_ERROR_REPORTS: "false",
    DO_NOT_TRACK: "1",
    CLOUDFLARE_CF_FETCH_ENABLED: "false",
    WRANGLER_HIDE_BANNER: "true",
    WRANGLER_WRITE_LOGS: "false",
    // Shared by default: without one of its own, a mesh could bind to the agents of another one on this machine.
    WRANGLER_REGISTRY_PATH: join(state, "registry"),
  };
}

interface Output {
  onChange?: () => void;
  take(): string;
  peek(): string;
}

/** Everything the runtime writes. Lines end with the chunk that brings them, so a short wait joins what belongs together. */
function listen(child: ChildProcess): Output {
  let text = "";
  let timer: NodeJS.Timeout | undefined;
  const output: Output = {
    peek: () => text,
    take: () => {
      const taken = text;
      text = "";
      return taken;
    },
  };
  const hear = (chunk: Buffer) => {
    text += chunk.toString("utf8");
    clearTimeout(timer);
    timer = setTimeout(() => output.onChange?.(), 200);
  };
  child.stdout?.on("data", hear);
  child.stderr?.on("data", hear);
  return output;
}

async function untilUp(url: string, child: ChildProcess, output: Output, options: MeshOptions) {
  const { timeoutMs = 60_000, signal, onWaiting } = options;
  const since = Date.now();
  let told = 0;
  for (;;) {
    if (await answers(url)) return;
    const problems = problemsIn(output.peek(), options.root);
    const dead = child.exitCode !== null || child.signalCode !== null;
    if (problems.length > 0 || dead) {
      // What belongs to a problem (its place, the next one) may be a chunk behind.
      await sleep(300);
      const all = problemsIn(output.peek(), options.root);
      throw new CommandError(all.length > 0 ? all.join("\n  ") : `the runtime ended before it was up. It said:\n${output.peek().trim()}`);
    }
    if (signal?.aborted) throw new CommandError("stopped before the mesh was up");
    const seconds = Math.floor((Date.now() - since) / 1000);
    if (seconds > told) onWaiting?.(seconds);
    told = seconds;
    if (Date.now() - since > timeoutMs)
      throw new CommandError(`the mesh did not answer at ${url} within ${timeoutMs / 1000} s. It said:\n${output.peek().trim()}`);
    await sleep(100);
  }
}

function problemsIn(output: string, root: string): string[] {
  return problemsOf(output, (path, line, quoted) => locate(root, path, line, quoted));
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/.well-known/agent-card.json`, { signal: AbortSignal.timeout(5_000) });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}

async function endGroup(child: ChildProcess, exited: Promise<void>): Promise<void> {
  signalGroup(child, "SIGTERM");
  await Promise.race([exited, sleep(GRACE_MS, undefined, { ref: false })]);
  // Also when the leader went politely: a grandchild may have stayed.
  signalGroup(child, "SIGKILL");
  if (child.pid !== undefined) await exited;
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // Nobody is left in the group: that is what was wanted.
  }
}
