/**
 * `npm run compare`: two tasks side by side, such as one and its fork.
 */
import { parseArgs } from "node:util";
import { addressOf } from "./address.ts";
import { findingTask } from "./ask-mesh.ts";
import { type Comparison, compare, type Row } from "./comparison.ts";
import { count } from "./conversation.ts";
import { credentialsFrom } from "./credentials.ts";
import { readRecord } from "./records.ts";
import { taskNow } from "./task-history.ts";
import { runCommand, terminal, UsageError } from "./terminal.ts";

const HELP = `
npm run compare -- <task> <task> [options]

Shows two tasks side by side: their states, what they gave line by line, what each has cost and inherited, and the calls and decisions
in which they differ.

  --agent <name>      whose tasks they are (default: the orchestrator)
  --owner <owner>     whose the first one is, as <app>/<subject>, for operators (default: yourself)
  --other-owner <o>   whose the other one is (default: yourself)
  --url <address>     where the agent is (default: the running mesh, else http://127.0.0.1:PORT)
  --token, --key      who you are, where the mesh wants to know (default: SKEIN_TOKEN, SKEIN_KEY)
  --json              prints the comparison as one JSON object
  --help              this text

Exit codes: 0 they gave the same, 1 something went wrong, 2 called wrongly, 3 they gave something else.
`;

const OPTIONS = {
  agent: { type: "string" },
  owner: { type: "string" },
  "other-owner": { type: "string" },
  url: { type: "string" },
  token: { type: "string" },
  key: { type: "string" },
  json: { type: "boolean", default: false },
} as const;

const TITLE = 18;

async function compareTasks(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args, options: OPTIONS, allowPositionals: true });
  const [one, other, ...more] = positionals;
  if (one === undefined || other === undefined || more.length > 0) throw new UsageError("give the ids of two tasks");
  const base = addressOf(values.url, values.agent);
  const credentials = credentialsFrom(values);
  const side = (id: string, owner: string | undefined) =>
    findingTask(id, { owner }, async () => ({
      record: await readRecord(base, id, credentials, owner),
      task: await taskNow(base, { id, owner }, credentials),
    }));
  const compared = compare(await side(one, values.owner), await side(other, values["other-owner"]));
  if (values.json) terminal.say(JSON.stringify(compared));
  else show(compared);
  return compared.result.every(({ same }) => same) ? 0 : 3;
}

function show({ tasks, facts, result, calls, decisions, same }: Comparison): void {
  terminal.say(`${"left".padEnd(TITLE)}${tasks[0]}\n${"right".padEnd(TITLE)}${tasks[1]}\n`);
  for (const each of facts) sideBySide(each, TITLE);
  section("Result", result, 0);
  section(`Calls that differ (${same.calls} the same)`, calls, -1);
  section(`Decisions that differ (${same.decisions} the same)`, decisions, -1);
  if (calls.length + decisions.length === 0)
    terminal.note(`\n${count(same.calls, "call")} and ${count(same.decisions, "decision")}, all the same`);
}

/** @param title its width; -1 for a line of its own */
function section(heading: string, rows: readonly Row[], title: number): void {
  if (rows.length === 0) return;
  terminal.say(`\n${terminal.paint("bold", heading)}`);
  for (const each of rows) {
    if (title < 0) terminal.say(each.title);
    sideBySide(each, Math.max(0, title));
  }
}

/** Long lines go on below: of what is compared nothing may be cut off. */
function sideBySide({ title, left, right, same }: Row, titleWidth: number): void {
  const width = Math.floor((terminal.columns - titleWidth - 3) / 2);
  const [ours, theirs] = [wrapped(left, width), wrapped(right, width)];
  for (let line = 0; line < Math.max(ours.length, theirs.length); line++) {
    const head = titleWidth === 0 ? "" : terminal.paint("dim", (line === 0 ? title : "").padEnd(titleWidth));
    const text = `${(ours[line] ?? "").padEnd(width)} ${same ? "│" : "≠"} ${theirs[line] ?? ""}`.trimEnd();
    terminal.say(head + (same ? text : terminal.paint("yellow", text)));
  }
}

function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  for (let rest = text; rest !== ""; ) {
    const space = rest.lastIndexOf(" ", width);
    const end = rest.length <= width ? rest.length : space > width / 2 ? space : width;
    lines.push(rest.slice(0, end));
    rest = rest.slice(end).trimStart();
  }
  return lines.length > 0 ? lines : [""];
}

await runCommand(compareTasks, HELP);
