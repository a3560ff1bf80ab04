/**
 * The runtime under a mesh: one `wrangler dev` over every Worker's config, offline and quiet, in a process group of its own,
 * so that it can be ended with every grandchild and nothing else.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { authVariables, SECRETS_FILE } from "./access.ts";
import { cardKeyVariables } from "./card-keys.ts";
import { chainKeyVariable } from "./chain-key.ts";
import { workerConfigs } from "./project.ts";
import { secretsKeyVariable } from "./secrets-key.ts";

/** Politeness has an end: wrangler waits for ever when a build failed. */
const GRACE_MS = 2_500;

/** What runs: the mesh, unless more is said. */
export interface Running {
  /** Variables for every Worker, in place of those of this environment. */
  readonly variables?: Readonly<Record<string, string>> | undefined;
  /** Configs of the Workers, from the root; the first one gets the port. */
  readonly configs?: readonly string[];
  /** The folder whose secrets they are given; default: the root. */
  readonly home?: string;
  /** The folder with the keys that sign its cards, where that is not the one for everything else it keeps. */
  readonly keys?: string;
}

/** @param state the folder for everything it keeps */
export function spawnRuntime(
  root: string,
  port: number,
  state: string,
  { variables = {}, configs = workerConfigs(root), home = root, keys = state }: Running = {},
): ChildProcess {
  const leash = fileURLToPath(new URL("./leash.ts", import.meta.url));
  const workers = configs.flatMap((config) => ["-c", config]);
  const where = ["--ip", "127.0.0.1", "--port", String(port), "--persist-to", join(state, "state")];
  // Named, because the front door would otherwise be handed its file and nothing of this environment. Spelt so, because Node
  // takes the usual spelling for its own, wherever it stands.
  const secrets = [".env", SECRETS_FILE].flatMap((file) => ["--envFile", join(home, file)]);
  const quiet = ["--show-interactive-dev-session=false", "--log-level", "warn", "--inspector-port", "0"];
  return spawn(process.execPath, ["--no-warnings", "--import", leash, wranglerFile(), "dev", ...workers, ...where, ...secrets, ...quiet], {
    cwd: root,
    detached: true,
    env: { ...runtimeEnv(home, state, keys), ...variables },
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
}

export function wranglerFile(): string {
  return join(dirname(createRequire(import.meta.url).resolve("wrangler/package.json")), "wrangler-dist", "cli.js");
}

/** For wrangler alone: what it needs of this environment, and nobody is told. */
export function quietEnv(): NodeJS.ProcessEnv {
  return {
    ...named(/^(PATH|HOME|TMPDIR)$/),
    WRANGLER_SEND_METRICS: "false",
    WRANGLER_SEND_ERROR_REPORTS: "false",
    DO_NOT_TRACK: "1",
    CLOUDFLARE_CF_FETCH_ENABLED: "false",
    WRANGLER_HIDE_BANNER: "true",
    WRANGLER_WRITE_LOGS: "false",
  };
}

function named(names: RegExp): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => names.test(name)));
}

/**
 * The Workers are handed this environment as variables, in every one of them (`--var` reaches only the first), so it holds
 * nothing of the person's own but what is named SKEIN_ or COURIER_, who may call, and what signs the cards. Who the person is,
 * is not theirs to know.
 */
function runtimeEnv(home: string, state: string, keys: string): NodeJS.ProcessEnv {
  return {
    ...quietEnv(),
    ...named(/^(?!SKEIN_(KEY|TOKEN)$)(SKEIN|COURIER)_\w+$/),
    ...authVariables(home),
    ...cardKeyVariables(home, keys),
    ...secretsKeyVariable(home, state),
    ...chainKeyVariable(home, state),
    CLOUDFLARE_INCLUDE_PROCESS_ENV: "true",
    SKEIN_LOCAL: "1",
    // Else the runtime serves a page of its own at the front door's port that reads and writes every caller's storage, and keeps
    // every URL that was asked for, with whatever somebody put into its query.
    X_LOCAL_EXPLORER: "false",
    X_LOCAL_OBSERVABILITY: "false",
    // Shared by default: without one of its own, a mesh could bind to the agents of another one on this machine.
    WRANGLER_REGISTRY_PATH: join(state, "registry"),
  };
}

/** Resolves when nobody of the group is left. */
export async function endRuntime(child: ChildProcess, exited: Promise<void>): Promise<void> {
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
