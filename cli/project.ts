/**
 * Where things are in this repository: the front door, the agents, the folder that holds a local mesh's state.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

export const DEFAULT_PORT = 8787;

/** The repository's root. Tests hand in another one. */
export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/** The names of all agents of the mesh that have a Worker, in order. */
export function agentNames(root: string): string[] {
  return withConfig(root, "agents").filter((name) => !isApart(root, name));
}

/** Those that run by themselves. */
export function apartNames(root: string): string[] {
  return withConfig(root, "agents").filter((name) => isApart(root, name));
}

/** What an agent's wrangler.toml says when it is none of the mesh's own: it runs by itself, and is published. */
export const APART = "# apart from the mesh:";

function isApart(root: string, name: string): boolean {
  const config = join(agentFolder(root, name), "wrangler.toml");
  return (
    existsSync(config) &&
    readFileSync(config, "utf8")
      .split("\n")
      .some((line) => line.startsWith(APART))
  );
}

/** Where an agent is that runs by itself: its own state and its own variables are in there, too. */
export function agentFolder(root: string, name: string): string {
  return join(root, "agents", name);
}

/**
 * Every Worker's config, the front door first: the first one gets the port. Then the Workers that the agents are bound to, such
 * as the ledger, and then the agents.
 */
export function workerConfigs(root: string): string[] {
  return ["wrangler.toml", ...sharedConfigs(root), ...agentNames(root).map(agentConfig)];
}

/** The same for one agent by itself, with what it is bound to. */
export function configsApart(root: string, name: string): string[] {
  return [agentConfig(name), ...sharedConfigs(root)];
}

function sharedConfigs(root: string): string[] {
  return withConfig(root, "workers").map((name) => join("workers", name, "wrangler.toml"));
}

function agentConfig(name: string): string {
  return join("agents", name, "wrangler.toml");
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
