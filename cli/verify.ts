/**
 * `npm run verify`: tries an agent again, or checks the registry's whole log: that no row was changed, left out or put in, and that
 * the registry shows what its log says.
 */
import { parseArgs } from "node:util";
import { firstBroken, type LogRow } from "../shared/registry/history.ts";
import { addressOf } from "./address.ts";
import { credentialsFrom } from "./credentials.ts";
import { againstLog, type Shown, shownOf } from "./log-check.ts";
import { agentsAt, changeAt, logAt, type Registry, versionPagesAt } from "./registry.ts";
import { agentLines, logInWords } from "./registry-words.ts";
import { CommandError, runCommand, terminal, UsageError } from "./terminal.ts";

const HELP = `
npm run verify -- <name> [options]
npm run verify -- --log [options]

With a name: sends the agent its probes again, and shows what was measured. With --log: reads the registry's log from its first
row, computes every hash anew, and compares what the registry shows with what its log says: how each version stands, and by the
digest of its card, computed anew too, that the card is the one that was published. Keep the last hash: a log that was written anew
from the beginning shows another one under the same number.

  --log             checks the log
  --last <hash>     with --log: the last hash that you kept, which has to be in it still
  --url <address>   where the mesh is (default: the running mesh, else http://127.0.0.1:PORT)
  --token, --key    who you are: with the scope "call" for the log, "publish" for an agent of yours, "operate" for any
  --json            prints the answer as one JSON object
  --help            this text

Exit codes: 0 good, 1 not good, 2 called wrongly.
`;

const OPTIONS = {
  log: { type: "boolean", default: false },
  last: { type: "string" },
  url: { type: "string" },
  token: { type: "string" },
  key: { type: "string" },
  json: { type: "boolean", default: false },
} as const;

async function verify(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args, options: OPTIONS, allowPositionals: true });
  const [name, ...others] = positionals;
  if ((name === undefined) !== values.log || others.length > 0)
    throw new UsageError("give the name of one agent, or --log: npm run agents shows what is published");
  if (values.last !== undefined && !values.log) throw new UsageError("--last is about the log: give --log too");
  const registry = { mesh: addressOf(values.url, undefined), credentials: credentialsFrom(values) };
  return name === undefined ? verifyLog(registry, values) : probe(registry, name, values.json);
}

async function probe(registry: Registry, name: string, json: boolean): Promise<number> {
  terminal.note(`Trying ${name} …`);
  const entry = await changeAt(registry, name, "probe");
  const listed = (await agentsAt(registry)).find((each) => each.name === name) ?? entry;
  if (json) terminal.say(JSON.stringify(listed));
  else for (const line of agentLines(listed)) terminal.say(line);
  return listed.status === "listed" || listed.status === "deprecated" ? 0 : 1;
}

async function verifyLog(registry: Registry, { last, json }: { last?: string | undefined; json: boolean }): Promise<number> {
  const rows = await logAt(registry);
  // Of a broken chain nothing more can be said: any row in it may be another one than was written.
  const broken = firstBroken(rows);
  const problems = broken === undefined ? [...keptHash(rows, last), ...(await shownOtherwise(registry, rows))] : [];
  if (json) terminal.say(JSON.stringify({ rows: rows.length, last: rows.at(-1)?.hash, ...(broken !== undefined && { broken }), problems }));
  else if (broken === undefined && problems.length === 0) {
    terminal.say(
      `${terminal.paint("green", "✓")} the log is whole: ${logInWords(rows)}; each hash follows from the row and the hash before it`,
    );
    terminal.say(
      `${terminal.paint("green", "✓")} what the registry shows is what its log says last, and each card is the one of its digest`,
    );
    terminal.say(`  last hash: ${rows.at(-1)?.hash ?? "none, because the log is empty"}`);
  }
  if (broken !== undefined)
    terminal.complain(
      `row ${broken} of the log is not the one that was written, or was put in or left out: do not trust what comes after row ${broken - 1}`,
    );
  for (const problem of problems) terminal.complain(problem);
  return broken === undefined && problems.length === 0 ? 0 : 1;
}

/** All versions of whatever is in the log, or in the list. One that cannot be read is a finding, and keeps nobody from the others. */
async function shownOtherwise(registry: Registry, rows: readonly LogRow[]): Promise<readonly string[]> {
  const [shown, unread, problems]: [Shown[], string[], string[]] = [[], [], []];
  const listed = await agentsAt(registry).catch((error: unknown) => {
    problems.push(`the list of agents cannot be read: ${whyUnread(error)}`);
    return [];
  });
  for (const name of new Set([...rows, ...listed].map((each) => each.name)))
    try {
      for await (const versions of versionPagesAt(registry, name)) shown.push(...versions.map(shownOf));
    } catch (error) {
      unread.push(name);
      problems.push(`${name} cannot be read, and was not checked to its end: ${whyUnread(error)}`);
    }
  return [...problems, ...againstLog(rows, shown, unread)];
}

/** Of a mesh that refuses, or a card that is none. @throws what is neither */
function whyUnread(error: unknown): string {
  if (error instanceof CommandError || error instanceof TypeError || error instanceof RangeError) return error.message;
  throw error;
}

function keptHash(rows: readonly LogRow[], last: string | undefined): string[] {
  if (last === undefined || rows.some(({ hash }) => hash === last)) return [];
  return [`no row has the hash ${last}: this is another log than the one it was kept from, or was written anew`];
}

await runCommand(verify, HELP);
