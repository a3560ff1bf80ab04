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
import { build, builtVersions, cardVersion, pinnedFolder } from "./pinned.ts";
import { choosePort, freePort, isFree } from "./port.ts";
import { agentFolder, agentNames, apartNames, ROOT, shown, stateFolder } from "./project.ts";
import { CommandError, runCommand, terminal, UsageError } from "./terminal.ts";

const HELP = `
npm run serve -- <name> [options]

Runs one agent of agents/ by itself until Ctrl-C, as whoever publishes it would run it elsewhere: with its own state and its own
signing key, in agents/<name>/.skein. A mesh that runs here is not touched. Saved files are reloaded.

  --pin           builds what is there now and keeps running that, whatever is saved: at a port and with a state of this version's
                  own, so that the next version can run beside it, and calls can go to both
  --version <v>   a version that was pinned before, as it was built then
  PORT=8790       its port (default: the one it had before, else a free one; what was published names it)
  AUTH_ISSUERS, AUTH_API_KEYS
                  who may call (here or in agents/<name>/.dev.vars; default: whoever is on this machine)
  --help          this text
`;

const OPTIONS = { pin: { type: "boolean", default: false }, version: { type: "string" } } as const;

async function serve(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args, options: OPTIONS, allowPositionals: true });
  if (values.pin && values.version !== undefined)
    throw new UsageError("--pin builds the version that the card has, --version runs one that was built: give one of them");
  const name = agentFrom(positionals);
  const home = agentFolder(ROOT, name);
  const version = values.pin ? cardVersion(ROOT, name) : values.version && pinnedBefore(home, name, values.version);
  const place = version === undefined ? home : pinnedFolder(home, version);
  const shownAs = version === undefined ? name : `${name} ${version}`;
  const lifetime = watchLifetime(() => process.exit(130));
  await onlyMesh(place, lifetime.signal, shownAs);
  const port = await portOf(place, name);
  if (values.pin) {
    terminal.note(`Building ${shownAs} …`);
    await build(ROOT, name, place, lifetime.signal);
  }
  terminal.note(`Starting ${shownAs} by itself …`);
  const agent = await startMesh({
    root: ROOT,
    apart: name,
    ...(version !== undefined && { pinned: place }),
    port,
    signal: lifetime.signal,
    onWaiting: (seconds) => terminal.note(`  still starting, ${seconds} s`),
    onProblem: (problem) => terminal.complain(problem),
  });
  keepPort(place, port);
  describe(name, version, agent);
  return untilOver(agent, lifetime.over);
}

/** @throws CommandError that says which there are */
function pinnedBefore(home: string, name: string, version: string): string {
  const versions = builtVersions(ROOT, name);
  if (versions.includes(version)) return version;
  const there = versions.length > 0 ? `pinned before: ${versions.join(", ")}` : "none was pinned yet";
  throw new CommandError(
    `${shown(pinnedFolder(home, version))} is not there: npm run serve -- ${name} --pin builds what is there now; ${there}`,
  );
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

function describe(name: string, version: string | undefined, { url }: Mesh): void {
  const { paint, say } = terminal;
  const home = agentFolder(ROOT, name);
  say(`${paint("bold", `${name}${version === undefined ? "" : ` ${version}`} is up`)} at ${url}`);
  say(`  card     ${paint("cyan", `${url}/.well-known/agent-card.json`)}`);
  if (version !== undefined) say(`  runs     as it was built, whatever is saved; again with npm run serve -- ${name} --version ${version}`);
  say(`  signed   with a key of its own, kept in ${shown(stateFolder(home))}`);
  say(`  answers  ${describeAccess(accessOf(home))}`);
  say(`\nPublish it, in another terminal: npm run publish:card -- ${name}      Stop: Ctrl-C`);
}

await runCommand(serve, HELP);
