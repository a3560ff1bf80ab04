/**
 * `npm run fork`: takes another road from a point of a task's history, as a task of its own.
 */
import { parseArgs } from "node:util";
import type { ForkEdit, ForkPlan } from "../shared/task/fork-plan.ts";
import { wordsOfAmount } from "../shared/task/limit-question.ts";
import { addressOf, reachOf } from "./address.ts";
import { askMesh, findingTask, ownedBy } from "./ask-mesh.ts";
import { connect } from "./client.ts";
import { showEnd } from "./conversation.ts";
import { credentialsFrom } from "./credentials.ts";
import { follow, positionFrom } from "./task-history.ts";
import { runCommand, terminal, UsageError } from "./terminal.ts";

const HELP = `
npm run fork -- <task> --at <n> [options]

Makes a new task of the first n entries of a task's history, and lets it go on from there: what was finished is not done again.
The task that was forked stays as it is. Says first what is reused, what runs again and what is left behind.

  --at <n>                the position: npm run call -- --task <task> --history marks those that there are
  --answer "text"         to the question that is open there, or in place of the answer that stands there
  --contract <p>=<n>      a version of a contract, such as budget=2; may be given several times
  --agent <a>=<b>         calls agent b where agent a would be called; may be given several times
  --dry-run               only says what would be
  --of <name>             whose task it is, for one of another agent (default: the orchestrator)
  --owner <owner>         whose it is, as <app>/<subject>, for another's; the new task is yours (default: yourself)
  --url <address>         where the agent is (default: the running mesh, else http://127.0.0.1:PORT)
  --token, --key          who you are, with the scope "operate" (default: SKEIN_TOKEN, SKEIN_KEY)
  --json                  prints the answer as one JSON object, and does not wait for the task
  --help                  this text

Exit codes: 0 completed, 1 failed or refused, 2 called wrongly, 3 the new task waits for an answer.
`;

const OPTIONS = {
  at: { type: "string" },
  answer: { type: "string" },
  contract: { type: "string", multiple: true, default: [] as string[] },
  agent: { type: "string", multiple: true, default: [] as string[] },
  "dry-run": { type: "boolean", default: false },
  of: { type: "string" },
  owner: { type: "string" },
  url: { type: "string" },
  token: { type: "string" },
  key: { type: "string" },
  json: { type: "boolean", default: false },
} as const;

interface Forked {
  /** Absent where it was only tried. */
  readonly task?: string;
  readonly plan: ForkPlan;
  readonly answered?: boolean;
  readonly why?: string;
}

async function fork(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args, options: OPTIONS, allowPositionals: true });
  const [id, ...others] = positionals;
  if (id === undefined || others.length > 0) throw new UsageError("give the id of one task: npm run call -- --list shows yours");
  if (values.at === undefined)
    throw new UsageError(`from where? Give --at <n>: npm run call -- --task ${id} --history shows the positions`);
  const base = addressOf(values.url, values.of);
  const credentials = credentialsFrom(values);
  const edit: ForkEdit = {
    ...(values.answer !== undefined && { answer: values.answer }),
    ...(values.contract.length > 0 && { contracts: Object.fromEntries(values.contract.map(contractIn)) }),
    ...(values.agent.length > 0 && { agents: Object.fromEntries(values.agent.map(agentIn)) }),
  };
  const { owner } = values;
  const body = { at: positionFrom(values.at), edit, dryRun: values["dry-run"] };
  const forked = (await findingTask(id, { owner, agentOption: "--of" }, () =>
    askMesh(base, `operate/tasks/${encodeURIComponent(id)}/fork${ownedBy(owner)}`, credentials, body),
  )) as Forked;
  if (values.json) {
    terminal.say(JSON.stringify(forked));
    return 0;
  }
  showPlan(id, forked.plan, terminal.say);
  if (forked.task === undefined) {
    terminal.note("\nnothing was done: leave --dry-run out to fork");
    return 0;
  }
  terminal.note(`\nforked: task ${forked.task}`);
  if (forked.answered === false) terminal.complain(`the answer was not taken: ${forked.why}`);
  // What the plan says is all of the copy: what comes behind it is the new task's.
  await follow(base, forked.task, forked.plan.at, credentials);
  const task = await (await connect(base, credentials)).get(forked.task);
  const reach = reachOf(values.url, values.of);
  const code = showEnd({ task, elapsedMs: 0, agents: 0, calls: 0 }, reach);
  terminal.note(`\nSide by side:  npm run compare -- ${reach.agent}${owner === undefined ? "" : `--owner ${owner} `}${id} ${forked.task}`);
  return code;
}

function contractIn(text: string): [string, number] {
  const [, policy, version] = /^([a-z-]+)=(\d{1,6})$/.exec(text) ?? [];
  if (policy === undefined) throw new UsageError(`"${text}" is no contract: give a policy and a version, such as budget=2`);
  return [policy, Number(version)];
}

function agentIn(text: string): [string, string] {
  const [, agent, other] = /^([\w-]+)=([\w-]+)$/.exec(text) ?? [];
  if (agent === undefined || other === undefined)
    throw new UsageError(`"${text}" names no two agents: give one and the one in its place, such as analyst=analyst-next`);
  return [agent, other];
}

function showPlan(id: string, { at, reused, again, dropped, changed, inherited }: ForkPlan, say: (line?: string) => void): void {
  const list = (title: string, lines: readonly string[]) => {
    if (lines.length === 0) return;
    say(`\n${terminal.paint("bold", title)}`);
    for (const line of lines) say(`  ${line}`);
  };
  say(`A new task with the first ${at} entries of ${id}`);
  list("Changed", changed);
  list("Reused", reused);
  list("Runs again", again);
  list("Left behind", dropped);
  list("Cost", [`begins at nothing; inherited: ${wordsOfAmount(inherited)}`]);
}

await runCommand(fork, HELP);
