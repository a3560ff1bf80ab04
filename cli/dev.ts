/**
 * `npm run dev`: the mesh alone, until Ctrl-C. It reloads when a file is saved.
 */
import { parseArgs } from "node:util";
import { accessOf, describeAccess } from "./access.ts";
import { flagsToReach } from "./address.ts";
import { watchLifetime } from "./lifetime.ts";
import { type Mesh, startMesh } from "./mesh.ts";
import { onlyMesh } from "./only-mesh.ts";
import { choosePort } from "./port.ts";
import { agentNames, ROOT, shown } from "./project.ts";
import { runCommand, terminal } from "./terminal.ts";

const HELP = `
npm run dev [-- --fresh]

Starts every Worker of the mesh on this machine, without account or network, and keeps running until Ctrl-C.
Saved files are reloaded.

  PORT=8788     the front door's port (default 8787)
  AUTH_ISSUERS, AUTH_API_KEYS
                who may call (here or in .dev.vars; default: whoever is on this machine); see docs/authentication.md
  --fresh       start with nothing remembered, and forget everything at the end; .skein/ stays as it is
  --help        this text
`;

async function dev(args: string[]): Promise<number> {
  const { values } = parseArgs({ args, options: { fresh: { type: "boolean", default: false } } });
  const lifetime = watchLifetime(() => process.exit(130));
  if (!values.fresh) await onlyMesh(ROOT, lifetime.signal);
  const port = await choosePort(process.env["PORT"], "npm run dev", false);
  const names = agentNames(ROOT);
  terminal.note(`Starting the front door and ${names.length} agents …`);
  const mesh = await startMesh({
    root: ROOT,
    port,
    fresh: values.fresh,
    signal: lifetime.signal,
    onWaiting: (seconds) => terminal.note(`  still starting, ${seconds} s`),
    onProblem: (problem) => terminal.complain(problem),
  });
  describe(mesh, names, values.fresh);
  return untilOver(mesh, lifetime.over);
}

function describe(mesh: Mesh, names: readonly string[], fresh: boolean): void {
  const card = (path: string) => terminal.paint("cyan", `${mesh.url}${path}/.well-known/agent-card.json`);
  const width = Math.max("front door".length, ...names.map((name) => name.length));
  terminal.say(`${terminal.paint("bold", "Skein is up")} at ${mesh.url}`);
  terminal.say(`  ${"front door".padEnd(width)}  ${card("")}`);
  for (const name of names) terminal.say(`  ${name.padEnd(width)}  ${card(`/agents/${name}`)}`);
  terminal.say(`  ${"state".padEnd(width)}  ${fresh ? "forgotten at the end (--fresh)" : shown(mesh.state)}`);
  terminal.say(`  ${"answers".padEnd(width)}  ${describeAccess(accessOf(ROOT))}`);
  terminal.say(`\nTry: npm run call -- ${flagsToReach(mesh.url)}"your question"      Stop: Ctrl-C`);
}

/** Waits for the end of the command or of the runtime, leaves nothing behind, and says which it was. */
export async function untilOver(mesh: Mesh, over: Promise<string>): Promise<number> {
  const why = await Promise.race([over, mesh.exited.then(() => "exited" as const)]);
  await mesh.stop();
  if (why !== "exited") return 0;
  terminal.complain("the runtime ended by itself. Start it again; if it goes on, run with --fresh to rule out its state");
  return 1;
}

if (import.meta.main) await runCommand(dev, HELP);
