/**
 * `npm run agents`: what is published to a mesh, with what was measured beside what is claimed; of one agent, all versions and what
 * became of them.
 */
import { parseArgs } from "node:util";
import type { RolloutReport } from "../shared/registry/rollout.ts";
import { addressOf } from "./address.ts";
import { credentialsFrom } from "./credentials.ts";
import { agentsAt, type Listed, logAt, type Registry, rolloutAt, rolloutsAt, versionsAt } from "./registry.ts";
import { agentLines, rowLine, versionLines } from "./registry-words.ts";
import { markLine } from "./rollout-words.ts";
import { CommandError, runCommand, terminal, UsageError } from "./terminal.ts";

const HELP = `
npm run agents [-- <name>] [options]

Shows the agents that are published to the mesh: version, how it stands, by whom, of each skill what was measured, and the new
version that is being tried, if there is one. With a name: all its versions, and what became of each.

  --url <address>   where the mesh is (default: the running mesh, else http://127.0.0.1:PORT)
  --token, --key    who you are, with the scope "call" (default: SKEIN_TOKEN, SKEIN_KEY)
  --json            prints one JSON object a line
  --help            this text
`;

const OPTIONS = {
  url: { type: "string" },
  token: { type: "string" },
  key: { type: "string" },
  json: { type: "boolean", default: false },
} as const;

async function agents(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args, options: OPTIONS, allowPositionals: true });
  const [name, ...others] = positionals;
  if (others.length > 0) throw new UsageError("one agent at a time: npm run agents shows all of them");
  const registry = { mesh: addressOf(values.url, undefined), credentials: credentialsFrom(values) };
  const listed = name === undefined ? await agentsAt(registry) : await versionsOf(registry, name);
  if (values.json) for (const each of listed) terminal.say(JSON.stringify(each));
  else if (name === undefined) showAll(listed, await rolloutsAt(registry));
  else await showOne(registry, name, listed);
  return 0;
}

async function versionsOf(registry: Registry, name: string): Promise<readonly Listed[]> {
  const versions = await versionsAt(registry, name);
  if (!versions) throw new CommandError(`nobody has published "${name}": npm run agents shows what there is`);
  return versions;
}

function showAll(listed: readonly Listed[], rollouts: readonly RolloutReport[]): void {
  const tried = new Map(rollouts.map((each) => [each.name, each]));
  for (const each of listed) for (const line of [...agentLines(each), ...markOf(tried.get(each.name))]) terminal.say(line);
  if (listed.length === 0)
    terminal.note("nothing is published yet, beside the agents that the mesh was deployed with: npm run publish:card");
}

async function showOne(registry: Registry, name: string, versions: readonly Listed[]): Promise<void> {
  const { paint, say } = terminal;
  const now = Date.now();
  const called = (await agentsAt(registry)).find((each) => each.name === name);
  if (called) for (const line of [...agentLines(called), ...markOf(await rolloutAt(registry, name))]) say(line);
  say(`\n${paint("bold", "Versions")}`);
  for (const each of versions) for (const line of versionLines(each, now)) say(line);
  say(`\n${paint("bold", "Log")}`);
  for (const row of (await logAt(registry)).filter((each) => each.name === name)) say(rowLine(row));
}

function markOf(rollout: RolloutReport | undefined): string[] {
  return rollout ? [markLine(rollout)] : [];
}

await runCommand(agents, HELP);
