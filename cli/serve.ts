/**
 * `npm run serve`: one agent by itself, as its publisher would run it elsewhere, until Ctrl-C. It has a state and a signing key of
 * its own; a mesh that runs here is not touched, and knows nothing of it before it is published.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { accessOf, describeAccess } from "./access.ts";
import { untilOver } from "./dev.ts";
import { watchLifetime } from "./lifetime.ts";
import { type Mesh, startMesh } from "./mesh.ts";
import { onlyMesh } from "./only-mesh.ts";
import { choosePort, freePort, isFree } from "./port.ts";
import { agentFolder, agentNames, apartNames, ROOT, shown, stateFolder } from "./project.ts";
import { CommandError, runCommand, terminal, UsageError } from "./terminal.ts";

const HELP = `
npm run serve -- <name>

Runs one agent of agents/ by itself until Ctrl-C, as whoever publishes it would run it elsewhere: with its own state and its own
signing key, in agents/<name>/.skein. A mesh that runs here is not touched. Saved files are reloaded.

  PORT=8790     its port (default: the one it had before, else a free one; what was published names it)
  AUTH_ISSUERS, AUTH_API_KEYS
                who may call (here or in agents/<name>/.dev.vars; default: whoever is on this machine)
  --help        this text
`;

async function serve(args: string[]): Promise<number> {
  const name = agentFrom(parseArgs({ args, options: {}, allowPositionals: true }).positionals);
  const home = agentFolder(ROOT, name);
  const lifetime = watchLifetime(() => process.exit(130));
  await onlyMesh(home, lifetime.signal, name);
  const port = await portOf(home, name);
  terminal.note(`Starting ${name} by itself …`);
  const agent = await startMesh({
    root: ROOT,
    apart: name,
    port,
    signal: lifetime.signal,
    onWaiting: (seconds) => terminal.note(`  still starting, ${seconds} s`),
    onProblem: (problem) => terminal.complain(problem),
  });
  keepPort(home, port);
  describe(name, home, agent);
  return untilOver(agent, lifetime.over);
}

function agentFrom([name, ...others]: string[]): string {
  const known = [...apartNames(ROOT), ...agentNames(ROOT)];
  if (name === undefined) throw new UsageError(`which agent? There is ${known.join(", ")}`);
  if (others.length > 0) throw new UsageError("one agent at a time: each in a terminal of its own");
  if (!known.includes(name))
    throw new CommandError(`there is no agents/${name}: npm run new -- ${name} --apart makes it; there is ${known.join(", ")}`);
  return name;
}

/** Where it was before, as far as that is free: what is published names the address. */
async function portOf(home: string, name: string): Promise<number> {
  const asked = process.env["PORT"];
  if (asked) return choosePort(asked, `npm run serve -- ${name}`, false);
  const file = portFile(home);
  const before = existsSync(file) ? Number(readFileSync(file, "utf8")) : 0;
  if (before === 0 || !Number.isInteger(before)) return freePort();
  if (await isFree(before)) return before;
  terminal.complain(`port ${before}, where it was before, is in use: it gets another one, and has to be published again`);
  return freePort();
}

function keepPort(home: string, port: number): void {
  mkdirSync(stateFolder(home), { recursive: true });
  writeFileSync(portFile(home), `${port}\n`);
}

function portFile(home: string): string {
  return join(stateFolder(home), "port");
}

function describe(name: string, home: string, { url, state }: Mesh): void {
  const { paint, say } = terminal;
  say(`${paint("bold", `${name} is up`)} at ${url}`);
  say(`  card     ${paint("cyan", `${url}/.well-known/agent-card.json`)}`);
  say(`  signed   with a key of its own, kept in ${shown(state)}`);
  say(`  answers  ${describeAccess(accessOf(home))}`);
  say(`\nPublish it, in another terminal: npm run publish:card -- ${name}      Stop: Ctrl-C`);
}

await runCommand(serve, HELP);
