/**
 * A whole mesh on this machine, or one agent by itself: up when its card is served, gone when `stop` resolves. What keeps it
 * from coming up is said in one line for each thing to mend.
 */
import type { ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { noteRunning, noteStopped } from "./mesh-file.ts";
import { answers } from "./only-mesh.ts";
import { builtConfigs } from "./pinned.ts";
import { locate } from "./place.ts";
import { preflight, unbound } from "./preflight.ts";
import { agentFolder, configsApart, shown, stateFolder, workerConfigs } from "./project.ts";
import { endRuntime, spawnRuntime } from "./runtime.ts";
import { CommandError } from "./terminal.ts";
import { problemsIn as problemsOf } from "./wrangler-output.ts";

export interface MeshOptions {
  readonly root: string;
  readonly port: number;
  /** The agent that runs by itself, with a state and a signing key of its own, and nothing of the mesh. */
  readonly apart?: string;
  /** Where a version of it was built that runs as it was built, with a state of its own and the agent's signing key. */
  readonly pinned?: string;
  /** An empty state that is thrown away at the end; what is in `.skein/` stays as it is. */
  readonly fresh?: boolean;
  /** Variables for every Worker, in place of those of this environment. */
  readonly variables?: Readonly<Record<string, string>>;
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

/**
 * Not beside another one of the same folder, unless it is fresh; see only-mesh.ts.
 * @throws CommandError with one line for each thing that has to be mended
 */
export async function startMesh(options: MeshOptions): Promise<Mesh> {
  const { root, port, apart, pinned, fresh = false, onProblem } = options;
  if (!existsSync(join(root, "wrangler.toml")))
    throw new CommandError(`no wrangler.toml in ${root}: run this in the folder of the project, or restore the file from git`);
  const home = apart === undefined ? root : agentFolder(root, apart);
  const problems = preflight(root, home);
  if (problems.length > 0) throw new CommandError(problems.join("\n  "));

  const scratch = fresh ? mkdtempSync(join(tmpdir(), "skein-")) : undefined;
  const place = pinned ?? home;
  const state = scratch ?? stateFolder(place);
  const configs = configsOf(options);
  // What an operator asks in secret is not for the agent that is asked.
  const kept = apart === undefined ? {} : { SKEIN_HIDDEN_PROBES: "" };
  const keys = pinned === undefined ? state : stateFolder(home);
  const child = spawnRuntime(root, port, state, { home, keys, configs, variables: { ...kept, ...options.variables } });
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const stop = async () => {
    await endRuntime(child, exited);
    if (scratch) rmSync(scratch, { recursive: true, force: true });
    else noteStopped(place);
  };

  const output = listen(child);
  const problemsIn = (said: string) => problemsOf(said, (path, line, quoted) => locate(root, path, line, quoted, configs));
  const url = `http://127.0.0.1:${port}`;
  // Known from the first moment, so that two commands started together do not share databases.
  if (!scratch) noteRunning(place, { pid: process.pid, url });
  try {
    await untilUp(url, child, output, problemsIn, options);
  } catch (error) {
    await stop();
    throw error;
  }
  output.onChange = () => {
    for (const problem of problemsIn(output.take())) onProblem?.(problem);
  };
  output.take();
  for (const name of apart === undefined ? unbound(root) : [])
    onProblem?.(`agents/${name} has no [[services]] block in wrangler.toml: it runs, but the front door does not know it`);
  return { url, state, exited, stop };
}

/** @throws CommandError for a version that was never built */
function configsOf({ root, apart, pinned }: MeshOptions): string[] {
  if (apart === undefined) return workerConfigs(root);
  if (pinned === undefined) return configsApart(root, apart);
  const built = builtConfigs(root, apart, pinned);
  if (!built) throw new CommandError(`nothing was built in ${shown(pinned)}: npm run serve -- ${apart} --pin builds what is there now`);
  return built;
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

async function untilUp(url: string, child: ChildProcess, output: Output, problemsIn: (said: string) => string[], options: MeshOptions) {
  const { timeoutMs = 60_000, signal, onWaiting } = options;
  const since = Date.now();
  let told = 0;
  for (;;) {
    if (await answers(url)) return;
    const problems = problemsIn(output.peek());
    const dead = child.exitCode !== null || child.signalCode !== null;
    if (problems.length > 0 || dead) {
      // What belongs to a problem (its place, the next one) may be a chunk behind.
      await sleep(300);
      const all = problemsIn(output.peek());
      throw new CommandError(all.length > 0 ? all.join("\n  ") : `the runtime ended before it was up. It said:\n${output.peek().trim()}`);
    }
    if (signal?.aborted) throw new CommandError(`stopped before ${options.apart ?? "the mesh"} was up`);
    const seconds = Math.floor((Date.now() - since) / 1000);
    if (seconds > told) onWaiting?.(seconds);
    told = seconds;
    if (Date.now() - since > timeoutMs)
      throw new CommandError(
        `${options.apart ?? "the mesh"} did not answer at ${url} within ${timeoutMs / 1000} s. It said:\n${output.peek().trim()}`,
      );
    await sleep(100);
  }
}
