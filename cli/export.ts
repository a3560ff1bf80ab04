/**
 * `npm run export`: a task's log as a file of JSON lines, which can be read anywhere and taken in by another mesh.
 */
import { createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadableStream } from "node:stream/web";
import { parseArgs } from "node:util";
import { addressOf } from "./address.ts";
import { fetchMesh, findingTask, ownedBy } from "./ask-mesh.ts";
import { credentialsFrom } from "./credentials.ts";
import { CommandError, runCommand, terminal, UsageError } from "./terminal.ts";

const HELP = `
npm run export -- <task> [options]

Writes a task's log: a header, then an entry a line, as JSON. Envelopes, keys and other secrets are not in it; what the task's
steps gave and what was said to it is.

  --out <file>        where to (default: the standard output)
  --agent <name>      whose task it is, for one of another agent (default: the orchestrator)
  --owner <owner>     whose it is, as <app>/<subject>, for another's (default: yourself)
  --url <address>     where the agent is (default: the running mesh, else http://127.0.0.1:PORT)
  --token, --key      who you are, with the scope "operate" (default: SKEIN_TOKEN, SKEIN_KEY)
  --help              this text
`;

const OPTIONS = {
  out: { type: "string" },
  agent: { type: "string" },
  owner: { type: "string" },
  url: { type: "string" },
  token: { type: "string" },
  key: { type: "string" },
} as const;

async function exportLog(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args, options: OPTIONS, allowPositionals: true });
  const [id, ...others] = positionals;
  if (id === undefined || others.length > 0) throw new UsageError("give the id of one task: npm run call -- --list shows yours");
  const { owner } = values;
  const path = `operate/tasks/${encodeURIComponent(id)}/log${ownedBy(owner)}`;
  const response = await findingTask(id, { owner }, () => fetchMesh(addressOf(values.url, values.agent), path, credentialsFrom(values)));
  if (!response.body) throw new CommandError(`nothing came of the log of task ${id}`);
  const log = Readable.fromWeb(response.body as ReadableStream<Uint8Array>);
  const { out } = values;
  try {
    // The standard output stays open for whatever comes behind it.
    await (out === undefined ? pipeline(log, process.stdout, { end: false }) : pipeline(log, createWriteStream(out)));
  } catch (error) {
    throw new CommandError(`the log of task ${id} broke off: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (out !== undefined) terminal.note(`task ${id} is in ${out}: npm run import -- ${out} makes a task of it`);
  return 0;
}

await runCommand(exportLog, HELP);
