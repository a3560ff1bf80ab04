/**
 * What can be seen to be wrong before anything starts, where wrangler's own words would not say which agent is meant.
 */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { accessOf } from "./access.ts";
import { contractProblems } from "./contract-problems.ts";
import { dataProblems } from "./imported-data.ts";
import { agentNames, workerConfigs } from "./project.ts";

/**
 * @param home the folder that says who may call
 * @returns one line for each thing that keeps the mesh from starting, with how to mend it
 */
export function preflight(root: string, home = root): string[] {
  // A config without a readable main is wrangler's to complain about: it says the line.
  const mains = workerConfigs(root).flatMap((config) => {
    const main = /^\s*main\s*=\s*"([^"]+)"/m.exec(readFileSync(join(root, config), "utf8"))?.[1];
    return main === undefined ? [] : [{ config, main, file: join(dirname(config), main) }];
  });
  const missing = mains
    .filter(({ file }) => !existsSync(join(root, file)))
    .map(({ config, main }) => `${config}: main = "${main}" is not there: write that file, or name the one that is`);
  const agents = agentNames(root);
  const bound = boundAgents(readFileSync(join(root, "wrangler.toml"), "utf8"));
  const access = accessOf(home);
  const gone = bound.filter((name) => !agents.includes(name));
  return [
    ...missing,
    ...(access.mode === "broken" ? [access.problem] : []),
    ...contractProblems(root),
    ...dataProblems(root, [...new Set(mains.map(({ file }) => dirname(file)))]),
    ...gone.map(
      (name) =>
        `wrangler.toml: service "skein-${name}" has no agents/${name}/wrangler.toml: take its [[services]] block out, or put the agent back`,
    ),
  ];
}

/** The agents that have a Worker, but no place at the front door: they run, and nobody finds them. */
export function unbound(root: string): string[] {
  const bound = boundAgents(readFileSync(join(root, "wrangler.toml"), "utf8"));
  return agentNames(root).filter((name) => !bound.includes(name));
}

function boundAgents(config: string): string[] {
  return [...config.matchAll(/^\s*binding\s*=\s*"AGENT_([A-Z0-9_]+)"/gm)].map(([, name = ""]) => name.toLowerCase().replaceAll("_", "-"));
}
