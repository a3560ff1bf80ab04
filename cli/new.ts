/**
 * `npm run new`: scaffolds an agent that runs, is tested and is found by the mesh at once.
 */
import { parseArgs } from "node:util";
import { runningMesh } from "./mesh-file.ts";
import { ROOT } from "./project.ts";
import { planScaffold, writeScaffold } from "./scaffold.ts";
import { runCommand, terminal, UsageError } from "./terminal.ts";

const HELP = `
npm run new -- <name> [--apart]

Makes an agent: its skills, its Worker, its card, its test, and its place at the front door. It runs as it is; then make
it yours.

  <name>        lower-case letters, digits and single dashes, such as weather-report
  --apart       without a place at the front door, and with probes: it runs by itself and is published, also to a mesh that
                runs already
  --help        this text
`;

async function make(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args, options: { apart: { type: "boolean", default: false } }, allowPositionals: true });
  const [name, ...more] = positionals;
  if (name === undefined) throw new UsageError("which name? Such as npm run new -- weather");
  if (more.length > 0) throw new UsageError(`one agent at a time: "${[name, ...more].join("-")}" would be one name`);

  const scaffold = planScaffold(ROOT, name, values);
  writeScaffold(ROOT, scaffold);

  const { paint, say } = terminal;
  say(`${paint("bold", name)} is made:`);
  const what = ["its skills: begin here", "the Worker around them", "the Worker's config", "what it promises to others", "its test"];
  const width = Math.max(...scaffold.files.map((file) => file.path.length));
  const line = (path: string, why: string) => say(`  ${paint("cyan", path.padEnd(width))}  ${why}`);
  for (const [index, file] of scaffold.files.entries()) line(file.path, what[index] ?? "how the registry sees that it does what it says");
  if (scaffold.frontDoor) line(scaffold.frontDoor.path, "the front door, which now finds it");
  say("\nNext:");
  for (const command of values.apart ? nextApart(name) : next(name)) say(`  ${command}`);
  return 0;
}

function next(name: string): string[] {
  const running = runningMesh(ROOT);
  return [
    `npx vitest run test/node/agents/${name}.test.ts`,
    `npm run dev${running ? `      (stop the one at ${running.url} first: agents are found when it starts)` : ""}`,
    `npm run call -- --agent ${name} "${NOTE}"`,
  ];
}

function nextApart(name: string): string[] {
  return [
    `npm run serve -- ${name}             (stays up: the rest in another terminal)`,
    `npm run publish:card -- ${name}${runningMesh(ROOT) ? "" : "      (to a mesh that runs: npm run dev)"}`,
    `npm run call -- --agent ${name} "${NOTE}"`,
  ];
}

const NOTE = "The first took 12 min. The second was 3.5% faster.";

await runCommand(make, HELP);
