/**
 * `npm run import`: makes a task of a log that was exported, here or elsewhere, and lets it go on.
 */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { isTerminal } from "../shared/task/a2a-types.ts";
import type { ForkPlan } from "../shared/task/fork-plan.ts";
import { wordsOfAmount } from "../shared/task/limit-question.ts";
import { addressOf, reachOf } from "./address.ts";
import { fetchMesh } from "./ask-mesh.ts";
import { connect } from "./client.ts";
import { showEnd } from "./conversation.ts";
import { credentialsFrom } from "./credentials.ts";
import { follow } from "./task-history.ts";
import { CommandError, runCommand, terminal, UsageError } from "./terminal.ts";

const HELP = `
npm run import -- <file> [options]

Makes a task of yours of a log that npm run export wrote, and lets it go on from where the log stands: what is finished is not done
again, calls that were out are made anew, an open question is put again. Approvals are not taken over from a file.

  --agent <name>      at another agent (default: the orchestrator); a log goes to the agent that it is of
  --url <address>     where the agent is (default: the running mesh, else http://127.0.0.1:PORT)
  --token, --key      who you are, with the scope "operate" (default: SKEIN_TOKEN, SKEIN_KEY)
  --json              prints the answer as one JSON object, and does not wait for the task
  --help              this text

Exit codes: 0 completed, 1 failed or refused, 2 called wrongly, 3 the new task waits for an answer.
`;

const OPTIONS = {
  agent: { type: "string" },
  url: { type: "string" },
  token: { type: "string" },
  key: { type: "string" },
  json: { type: "boolean", default: false },
} as const;

async function importLog(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args, options: OPTIONS, allowPositionals: true });
  const [file, ...others] = positionals;
  if (file === undefined || others.length > 0) throw new UsageError("give one file that npm run export wrote");
  const base = addressOf(values.url, values.agent);
  const credentials = credentialsFrom(values);
  const init = { method: "POST", headers: { "Content-Type": "application/x-ndjson" }, body: textOf(file) };
  const response = await fetchMesh(base, "operate/tasks/import", credentials, init);
  const { task: id, plan } = (await response.json()) as { task: string; plan: ForkPlan };
  if (values.json) {
    terminal.say(JSON.stringify({ task: id, plan }));
    return 0;
  }
  const client = await connect(base, credentials);
  const imported = await client.get(id);
  terminal.note(`imported: task ${id}, with ${plan.at} entries; what they had cost is inherited: ${wordsOfAmount(plan.inherited)}`);
  for (const line of plan.again) terminal.note(`  ${line}`);
  if (isTerminal(imported.status.state)) terminal.note("It had ended: what follows is how, as the file has it.");
  else await follow(base, id, plan.at, credentials);
  const task = await client.get(id);
  return showEnd({ task, elapsedMs: 0, agents: 0, calls: 0 }, reachOf(values.url, values.agent));
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    throw new CommandError(`there is no file ${file} that can be read: npm run export -- <task> --out ${file} writes one`);
  }
}

await runCommand(importLog, HELP);
