/**
 * Versions of an agent that stay as they are while its files go on: each is built once, into a folder of its own below the agent's
 * state, and keeps its port, its tasks and its logs there. So two run side by side. The signing key is the agent's.
 */
import { execFile } from "node:child_process";
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { promisify } from "node:util";
import { compareVersions, isSemantic } from "../shared/registry/versions.ts";
import { type RunningMesh, runningMesh } from "./mesh-file.ts";
import { locate } from "./place.ts";
import { agentFolder, configsApart, stateFolder } from "./project.ts";
import { quietEnv, wranglerFile } from "./runtime.ts";
import { CommandError } from "./terminal.ts";
import { problemsIn } from "./wrangler-output.ts";

const run = promisify(execFile);

/** Below a version's folder: what was built, as the configs lie in the project. */
const BUILT = "built";

/** What a Worker is made from, as its config names it. */
const MAIN = /^main\s*=\s*"(?:[^"]*\/)?([^"/]+)\.\w+"/m;

/** @throws CommandError where the card says none that could be published */
export function cardVersion(root: string, name: string): string {
  const file = join("agent-cards", `${name}.json`);
  const version = versionIn(join(root, file));
  if (version !== undefined && isSemantic(version)) return version;
  throw new CommandError(`${file} has no version such as 1.0.0 (semver.org), and what is pinned is a version: write one into the card`);
}

function versionIn(file: string): string | undefined {
  try {
    const { version } = JSON.parse(readFileSync(file, "utf8")) as { version?: unknown };
    return typeof version === "string" ? version : undefined;
  } catch {
    return undefined;
  }
}

/** @param home the agent's folder @returns the version's own place, with a state of its own below it */
export function pinnedFolder(home: string, version: string): string {
  return join(stateFolder(home), version);
}

/** Those that run now, in no order. */
export function runningVersions(home: string): (RunningMesh & { readonly version: string })[] {
  return versionsIn(home).flatMap((version) => {
    const running = runningMesh(pinnedFolder(home, version));
    return running ? [{ ...running, version }] : [];
  });
}

/** Those that may be run as they were built, the lowest first. */
export function builtVersions(root: string, name: string): string[] {
  const home = agentFolder(root, name);
  return versionsIn(home)
    .filter((version) => builtConfigs(root, name, pinnedFolder(home, version)))
    .sort(compareVersions);
}

function versionsIn(home: string): string[] {
  return existsSync(stateFolder(home)) ? readdirSync(stateFolder(home)).filter(isSemantic) : [];
}

/** @returns configs of what was built, from the root; undefined where nothing was */
export function builtConfigs(root: string, name: string, place: string): string[] | undefined {
  const configs = configsApart(root, name).map((config) => relative(root, join(place, BUILT, config)));
  return configs.every((config) => existsSync(join(root, config))) ? configs : undefined;
}

/**
 * Builds an agent, and the Workers that it is bound to, as its files are now. What was built before stays until all is.
 *
 * @param place the version's folder
 * @param signal gives up building
 * @throws CommandError with one line for each thing that has to be mended
 */
export async function build(root: string, name: string, place: string, signal: AbortSignal): Promise<void> {
  const half = join(place, `building-${process.pid}`);
  try {
    const configs = configsApart(root, name);
    const built = await Promise.allSettled(configs.map((config) => buildWorker(root, config, dirname(join(half, config)), signal)));
    const [failed] = built.flatMap((each) => (each.status === "rejected" ? [each.reason] : []));
    if (failed !== undefined) throw failed;
    rmSync(join(place, BUILT), { recursive: true, force: true });
    renameSync(half, join(place, BUILT));
  } finally {
    rmSync(half, { recursive: true, force: true });
  }
}

/**
 * Builds one Worker, with a config that runs what was built as it is.
 *
 * @param config from the root
 * @throws CommandError with one line for each thing that has to be mended
 */
export async function buildWorker(root: string, config: string, into: string, signal?: AbortSignal): Promise<void> {
  const args = ["--no-warnings", wranglerFile(), "deploy", "--dry-run", "-c", config, "--outdir", into];
  try {
    await run(process.execPath, args, { cwd: root, env: quietEnv(), ...(signal && { signal }) });
  } catch (error) {
    if (signal?.aborted) throw new CommandError("stopped before it was built");
    const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
    const problems = problemsIn(stdout + stderr, (path, line, quoted) => locate(root, path, line, quoted, [config]));
    throw new CommandError(problems.length > 0 ? problems.join("\n  ") : `${config} was not built. The build said:\n${stderr.trim()}`);
  }
  const text = readFileSync(join(root, config), "utf8");
  if (!MAIN.test(text))
    throw new CommandError(`${config} has no line such as main = "worker.ts": name the file that the Worker is made from`);
  writeFileSync(join(into, "wrangler.toml"), text.replace(MAIN, 'main = "$1.js"\nno_bundle = true'));
}
