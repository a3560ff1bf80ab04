/**
 * Where things are in this repository: the front door, the agents, the folder that holds a local mesh's state.
 */
import { existsSync, readdirSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

export const DEFAULT_PORT = 8787;

/** The repository's root. Tests hand in another one. */
export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/** The names of all agents that have a Worker, in order. */
export function agentNames(root: string): string[] {
  return withConfig(root, "agents");
}

/**
 * Every Worker's config, the front door first: the first one gets the port. Then the Workers that the agents are bound to, such
 * as the ledger, and then the agents.
 */
export function workerConfigs(root: string): string[] {
  return [
    "wrangler.toml",
    ...["workers", "agents"].flatMap((folder) => withConfig(root, folder).map((name) => join(folder, name, "wrangler.toml"))),
  ];
}

function withConfig(root: string, parent: string): string[] {
  const folder = join(root, parent);
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(folder, entry.name, "wrangler.toml")))
    .map((entry) => entry.name)
    .sort();
}

export function stateFolder(root: string): string {
  return join(root, ".skein");
}

/** A path as a person would type it here. */
export function shown(path: string): string {
  const short = relative(process.cwd(), path);
  return short === "" ? "." : short.startsWith("..") ? path : short;
}
