/**
 * `npm run decisions`: what governance decided in a task, in its order, as a person reads it.
 */
import { parseArgs } from "node:util";
import { wordsOfAmount } from "../shared/task/limit-question.ts";
import { wordsOfMaker } from "../shared/task/made-by.ts";
import type { TaskRecord } from "../shared/task/record.ts";
import { addressOf } from "./address.ts";
import { findingTask } from "./ask-mesh.ts";
import { showCandidates } from "./candidates.ts";
import { count } from "./conversation.ts";
import { credentialsFrom } from "./credentials.ts";
import { aboutOf, chainInWords, nameOf, outcomeOf, ruleOf, share, whyOf } from "./decision-words.ts";
import { mostFrom } from "./many-records.ts";
import { inWords } from "./narration.ts";
import { readRecord } from "./records.ts";
import { runCommand, terminal, UsageError } from "./terminal.ts";
import { candidatesIn, triedBeside, wayTried } from "./tried.ts";

const HELP = `
npm run decisions -- <task> [options]
npm run decisions -- --candidates [options]

Shows what governance decided in a task: in which order, when, by which contract, on which signals and how fast; the chain
it stands in; and what it and its calls have cost.

With --candidates it reads all your tasks, and shows how often the contracts that are candidates were asked in them, how often each
would have decided otherwise, which way, and in which tasks.

  <task>              id of a task of yours; npm run call -- --list shows them
  --agent <name>      whose task it is, for one that another agent was given (default: the orchestrator)
  --owner <owner>     whose it is, as <app>/<subject>, for operators (default: yourself)
  --url <address>     where the agent is (default: the running mesh, else http://127.0.0.1:PORT)
  --token, --key      who you are, where the mesh wants to know (default: SKEIN_TOKEN, SKEIN_KEY)
  --candidates        what candidates would have decided otherwise, over your tasks, the newest first
  --most <number>     at most so many tasks (default: 500)
  --json              prints the record, or what was read of candidates, as one JSON object
  --help              this text

Exit codes: 0 done, 1 something went wrong, 2 called wrongly, 3 a candidate would have decided something otherwise (with --candidates).
`;

const OPTIONS = {
  agent: { type: "string" },
  owner: { type: "string" },
  url: { type: "string" },
  token: { type: "string" },
  key: { type: "string" },
  candidates: { type: "boolean", default: false },
  most: { type: "string", default: "500" },
  json: { type: "boolean", default: false },
} as const;

async function decisions(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args, options: OPTIONS, allowPositionals: true });
  const [id, ...others] = positionals;
  if (values.candidates) {
    if (id !== undefined || values.owner !== undefined)
      throw new UsageError("--candidates reads all tasks of yours: give no task and no owner");
    const { json } = values;
    return showCandidates(addressOf(values.url, values.agent), credentialsFrom(values), { most: mostFrom(values.most), json });
  }
  if (id === undefined || others.length > 0) throw new UsageError("give the id of one task: npm run call -- --list shows yours");
  const { owner } = values;
  const record = await findingTask(id, { owner }, () =>
    readRecord(addressOf(values.url, values.agent), id, credentialsFrom(values), owner),
  );
  if (values.json) {
    terminal.say(JSON.stringify(record));
    return 0;
  }
  showHead(record);
  showDecisions(record);
  showCalls(record, values.url);
  return 0;
}

function showHead(record: TaskRecord): void {
  const { id, agent, state, created, madeBy = [], contracts, wishes, chain, cost, carved } = record;
  const line = (title: string, text: string) => terminal.say(`${terminal.paint("bold", title.padEnd(7))} ${text}`);
  const wished = wishes && [
    ...(wishes.limits ? [`at most ${wordsOfAmount(wishes.limits)}`] : []),
    ...Object.entries(wishes.preferences ?? {}).map(([what, weight]) => `${what} ${weight}`),
    ...(wishes.label === undefined ? [] : [wishes.label]),
  ];
  const held = wordsOfAmount(carved);
  line("task", `${id} of ${agent}, ${inWords(state)}, made ${created}`);
  if (madeBy.length > 0)
    line("made by", madeBy.map((each) => `${agent} ${wordsOfMaker(each)}${each.from > 1 ? ` from ${each.from} on` : ""}`).join(", then "));
  line(
    "rules",
    Object.entries(contracts)
      .map(([policy, version]) => `${policy} v${version}`)
      .join(", ") || "none",
  );
  for (const { policy, version, asked, otherwise, failed } of candidatesIn([record]))
    line(
      "tried",
      `${policy} v${version}, a candidate: ${count(asked, "decision")}, ${otherwise} otherwise${failed > 0 ? `, ${failed} failed` : ""}`,
    );
  if (wished) line("wishes", wished.join(", "));
  line("chain", chain.path.length > 1 ? `${chainInWords(chain.path)} = ${share(chain.product)}, for task ${chain.root}` : "begins here");
  line("cost", `${wordsOfAmount(cost)}${held === "nothing" ? "" : `; ${held} set aside`}\n`);
}

function showDecisions({ created, decisions, calls }: TaskRecord): void {
  const { say, note, paint } = terminal;
  const about = decisions.map((decision) => aboutOf(decision, calls));
  const width = Math.max(0, ...about.map(({ length }) => length));
  for (const [index, decision] of decisions.entries()) {
    const { micros } = decision.decision as { micros?: number };
    const since = (Date.parse(decision.at) - Date.parse(created)) / 1000;
    // On the platform a clock stands still while code runs.
    const time = micros ? `${micros} µs` : "";
    const outcome = outcomeOf(decision).padEnd(10);
    say(
      `${String(index + 1).padStart(3)}  +${since.toFixed(3)} s  ${paint("cyan", ruleOf(decision).padEnd(32))} ${paint(colourOf(outcome), outcome)} ${about[index]?.padEnd(width)}  ${paint("dim", time)}`,
    );
    say(paint("dim", `     ${whyOf(decision)}`));
    const tried = triedBeside(decision);
    if (tried?.would) {
      const would = { ...decision, decision: tried.would };
      say(paint("yellow", `     candidate v${tried.version}: ${wayTried(decision, tried.would)}: ${whyOf(would)}`));
    }
    if (tried?.failed) say(paint("yellow", `     candidate v${tried.version} failed, and decided nothing: the agent's own log says why`));
  }
  if (decisions.length === 0) note("nothing had to be decided");
}

function colourOf(outcome: string): "yellow" | "green" {
  return /^(extend|call|go|carve|delegate|proceed|top-up|single|hedge|consult)\b/.test(outcome) ? "green" : "yellow";
}

/** @param url that was asked, when it was not found by itself: then the callees' too have to be said */
function showCalls({ calls }: TaskRecord, url: string | undefined): void {
  const mesh = url?.replace(/(\/agents\/[^/]+)?\/?$/, "");
  const at = (agent: string) => (mesh === undefined ? `--agent ${agent}` : `--url ${mesh}/agents/${agent}`);
  if (calls.length === 0) return;
  terminal.say(`\n${terminal.paint("bold", "Calls")}`);
  for (const call of calls) {
    const { agent, card, lease, cost, task } = call;
    const version = card === undefined ? "" : ` ${card.version}`;
    const spent = cost ? `cost ${wordsOfAmount(cost)}` : lease ? `under way, ${wordsOfAmount(lease)} set aside` : "under way";
    const more = task === undefined ? "" : terminal.paint("dim", `   npm run decisions -- ${task} ${at(agent)}`);
    terminal.say(`  ${nameOf(call)}${version}  ${spent}${more}`);
  }
}

await runCommand(decisions, HELP);
