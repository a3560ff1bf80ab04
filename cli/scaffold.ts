/**
 * A new agent's files: planned first, as plain data, then written all or not at all.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { APART } from "./project.ts";
import { CommandError, UsageError } from "./terminal.ts";

export interface NewFile {
  /** From the root of the repository. */
  readonly path: string;
  readonly content: string;
}

export interface Scaffold {
  readonly files: readonly NewFile[];
  /** The front door's config with the new agent in it; absent for one apart from the mesh. */
  readonly frontDoor?: NewFile;
}

const TEMPLATES: Readonly<Record<string, (name: string) => string>> = {
  "agent.ts.txt": (name) => `agents/${name}/agent.ts`,
  "worker.ts.txt": (name) => `agents/${name}/worker.ts`,
  "wrangler.toml.txt": (name) => `agents/${name}/wrangler.toml`,
  "card.json.txt": (name) => `agent-cards/${name}.json`,
  "agent.test.ts.txt": (name) => `test/node/agents/${name}.test.ts`,
};

/** What an agent that is published has besides: how the registry may see that it does what it says. */
const PROBES = "probes.yaml.txt";

/** Names that mean a part of the mesh itself: an agent of that name could not be told from it. */
const RESERVED = ["orchestrator", "registry", "ledger", "mesh", "skein"];
const LONGEST = 32;

/** @throws UsageError that says what a good name looks like */
export function checkName(name: string): void {
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name))
    throw new UsageError(
      `"${name}" cannot be an agent's name: take lower-case letters, digits and single dashes, such as ${suggestion(name)}`,
    );
  if (name.length > LONGEST) throw new UsageError(`"${name}" is too long for an agent's name: ${LONGEST} characters at most`);
  if (RESERVED.includes(name)) throw new UsageError(`"${name}" is a part of the mesh itself: take another name, such as my-${name}`);
}

function suggestion(name: string): string {
  const slug = name
    .normalize("NFKD")
    .replace(/\p{Mark}/gu, "")
    .replace(/([a-z0-9])([A-Z])/g, "$1-$2")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^[^a-z]+|-+$/g, "");
  return slug === "" ? "weather-report" : slug.slice(0, LONGEST).replace(/-$/, "");
}

/**
 * @throws UsageError for a name that cannot be, CommandError when there is such an agent or the front door's config has no
 *   place for it; nothing is written
 */
export function planScaffold(root: string, name: string, { apart = false } = {}): Scaffold {
  checkName(name);
  const made = Object.entries(TEMPLATES).map(([template, path]) => ({ path: path(name), content: filled(template, name) }));
  const files = apart ? [...made.map(asApart), { path: `agent-cards/${name}.probes.yaml`, content: filled(PROBES, name) }] : made;
  const existing = [`agents/${name}`, ...files.map((file) => file.path)].find((path) => existsSync(join(root, path)));
  if (existing) throw new CommandError(`${existing} exists already: take another name, or remove it first`);
  if (apart) return { files };
  return { files, frontDoor: { path: "wrangler.toml", content: withBinding(readFileSync(join(root, "wrangler.toml"), "utf8"), name) } };
}

function asApart({ path, content }: NewFile): NewFile {
  const isConfig = path.endsWith("/wrangler.toml");
  return isConfig ? { path, content: `${APART} it runs by itself (npm run serve), and is published.\n${content}` } : { path, content };
}

/** Writes what was planned. When anything fails, what was written before it is taken back. */
export function writeScaffold(root: string, { files, frontDoor }: Scaffold): void {
  const done: string[] = [];
  const folders: string[] = [];
  const makeFolder = (folder: string): void => {
    if (existsSync(folder)) return;
    makeFolder(dirname(folder));
    mkdirSync(folder);
    folders.push(folder);
  };
  try {
    for (const { path, content } of files) {
      const target = join(root, path);
      makeFolder(dirname(target));
      // "wx": a file that came into being since the plan was made is somebody else's work.
      writeFileSync(target, content, { flag: "wx" });
      done.push(target);
    }
    if (!frontDoor) return;
    // Last, and in one move: from here on the front door knows the agent.
    const target = join(root, frontDoor.path);
    const beside = `${target}.${process.pid}`;
    done.push(beside);
    writeFileSync(beside, frontDoor.content, { flag: "wx" });
    renameSync(beside, target);
  } catch (error) {
    for (const path of done) rmSync(path, { force: true });
    for (const folder of folders.reverse()) removeEmpty(folder);
    throw new CommandError(`nothing was made: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function removeEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // Somebody else put something in: it stays.
  }
}

/** The front door's config with one more service, at the end of the agents' block. */
export function withBinding(config: string, name: string): string {
  const binding = `AGENT_${name.toUpperCase().replaceAll("-", "_")}`;
  if (new RegExp(`^\\s*binding\\s*=\\s*"${binding}"`, "m").test(config))
    throw new CommandError(`wrangler.toml has a service ${binding} already: remove that block, or take another name`);
  const end = /^# agents: end[^\S\n]*$/m;
  if (!/^# agents: begin/m.test(config) || !end.test(config))
    throw new CommandError(
      'wrangler.toml has no lines "# agents: begin" and "# agents: end" any more: put them around the [[services]] of the agents',
    );
  return config.replace(end, (line) => `\n[[services]]\nbinding = "${binding}"\nservice = "skein-${name}"\nentrypoint = "Mesh"\n${line}`);
}

function filled(template: string, name: string): string {
  const words = name.replaceAll("-", " ");
  const title = words.charAt(0).toUpperCase() + words.slice(1);
  return readFileSync(new URL(`./templates/${template}`, import.meta.url), "utf8")
    .replaceAll("__NAME__", name)
    .replaceAll("__WORDS__", words)
    .replaceAll("__TITLE__", title);
}
