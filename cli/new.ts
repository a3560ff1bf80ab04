/**
 * `npm run new`: scaffolds an agent that runs, is tested and is found by the mesh at once.
 */
import { parseArgs } from "node:util";
import { runningMesh } from "./mesh-file.ts";
import { ROOT } from "./project.ts";
import { planScaffold, writeScaffold } from "./scaffold.ts";
import { runCommand, terminal, UsageError } from "./terminal.ts";

const HELP = `
npm run new -- <name>

Makes an agent: its skills, its Worker, its card, its test, and its place at the front door. It runs as it is; then make
it yours.

  <name>        lower-case letters, digits and single dashes, such as weather-report
  --help        this text
`;

async function make(args: string[]): Promise<number> {
  const { positionals } = parseArgs({ args, options: {}, allowPositionals: true });
  const [name, ...more] = positionals;
  if (name === undefined) throw new UsageError("which name? Such as npm run new -- weather");
  if (more.length > 0) throw new UsageError(`one agent at a time: "${[name, ...more].join("-")}" would be one name`);

  const scaffold = planScaffold(ROOT, name);
  writeScaffold(ROOT, scaffold);

  const { paint, say } = terminal;
  say(`${paint("bold", name)} is made:`);
  const what = ["its skills: begin here", "the Worker around them", "the Worker's config", "what it promises to others", "its test"];
  const width = Math.max(...scaffold.files.map((file) => file.path.length));
  for (const [index, file] of scaffold.files.entries()) say(`  ${paint("cyan", file.path.padEnd(width))}  ${what[index] ?? ""}`);
  say(`  ${paint("cyan", scaffold.frontDoor.path.padEnd(width))}  the front door, which now finds it`);
  const running = runningMesh(ROOT);
  say("\nNext:");
  say(`  npx vitest run test/node/agents/${name}.test.ts`);
  say(`  npm run dev${running ? `      (stop the one at ${running.url} first: agents are found when it starts)` : ""}`);
  say(`  npm run call -- --agent ${name} "The first took 12 min. The second was 3.5% faster."`);
  return 0;
}

await runCommand(make, HELP);
