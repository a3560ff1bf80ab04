/**
 * `npm run replay`: what another contract would have changed, on the recorded decisions of tasks that have run.
 */
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { isMap, parseDocument } from "yaml";
import { type Contract, contractSchemas, type PolicyName } from "../shared/contract/contract.ts";
import { describeContractError, loadContract } from "../shared/contract/load.ts";
import { wordsOfAmount } from "../shared/task/limit-question.ts";
import { addressOf } from "./address.ts";
import { count } from "./conversation.ts";
import { type Credentials, credentialsFrom } from "./credentials.ts";
import { mostFrom, ofRecords, ownTasks } from "./many-records.ts";
import { ROOT } from "./project.ts";
import { costOfDifferences, type Replayed, replay, waysOf } from "./replayed.ts";
import { CommandError, runCommand, terminal, UsageError } from "./terminal.ts";

const HELP = `
npm run replay -- --contract <file.yaml> [options]

Takes the recorded decisions of your tasks again under a candidate contract, and shows which would have been others: in which
tasks, which way, and what their calls cost. Changes nothing. Each decision is taken again by itself: what a task would have
done after a different one is not known.

  --contract <file>   the candidate: a contract such as contracts/chain-cap.v1.yaml with other numbers
  --tasks <ids>       only these, separated by commas (default: all of yours, the newest first)
  --most <number>     at most so many tasks (default: 500)
  --agent <name>      tasks of another agent of the mesh (default: the orchestrator)
  --url <address>     where the agent is (default: the running mesh, else http://127.0.0.1:PORT)
  --token, --key      who you are, where the mesh wants to know (default: SKEIN_TOKEN, SKEIN_KEY)
  --json              prints the result as one JSON object
  --help              this text

Exit codes: 0 nothing differs, 1 something went wrong, 2 called wrongly, 3 something differs.
`;

const OPTIONS = {
  contract: { type: "string" },
  tasks: { type: "string" },
  most: { type: "string", default: "500" },
  agent: { type: "string" },
  url: { type: "string" },
  token: { type: "string" },
  key: { type: "string" },
  json: { type: "boolean", default: false },
} as const;

const POLICIES = Object.keys(contractSchemas) as PolicyName[];

async function replayTasks(args: string[]): Promise<number> {
  const { values } = parseArgs({ args, options: OPTIONS });
  if (values.contract === undefined) throw new UsageError("which contract? Such as --contract contracts/chain-cap.v1.yaml");
  const most = mostFrom(values.most);
  const candidate = candidateIn(values.contract);
  const base = addressOf(values.url, values.agent);
  const credentials = credentialsFrom(values);
  const ids = values.tasks === undefined ? await ownTasks(base, credentials, most) : values.tasks.split(",").map((id) => id.trim());
  const replayed = await replayAll(base, credentials, ids.filter(Boolean).slice(0, most), candidate);
  if (values.json) terminal.say(JSON.stringify(summary(candidate, ids.length, replayed)));
  else show(candidate, ids.length, replayed);
  return replayed.differences.length === 0 ? 0 : 3;
}

/** @throws CommandError with file, line and what is wrong */
function candidateIn(file: string): Contract {
  if (!existsSync(file)) throw new CommandError(`there is no file ${file}: copy one of contracts/ and change its numbers`);
  if (!statSync(file).isFile()) throw new CommandError(`${file} is no file: name one contract, such as contracts/budget.v1.yaml`);
  const text = readFileSync(file, "utf8");
  const document = parseDocument(text, { prettyErrors: false, logLevel: "silent" });
  const said: unknown = isMap(document.contents) ? document.contents.get("policy") : undefined;
  const policy = POLICIES.find((each) => each === said);
  if (!policy && document.errors.length === 0)
    throw new CommandError(`${file}:1:1: it is for no policy there is: begin with "policy: …", one of ${POLICIES.join(", ")}`);
  const loaded = loadContract(policy ?? "dispatch", text, file);
  if (!loaded.ok) throw new CommandError(describeContractError(loaded.error));
  return loaded.contract;
}

async function replayAll(
  base: string,
  credentials: Credentials | undefined,
  ids: readonly string[],
  candidate: Contract,
): Promise<Replayed> {
  const known = deployedHere(candidate.policy);
  const all = await ofRecords(base, ids, credentials, (record) => replay(record, candidate, known));
  return {
    decisions: all.reduce((sum, each) => sum + each.decisions, 0),
    same: all.reduce((sum, each) => sum + each.same, 0),
    asRecorded: all.reduce((sum, each) => sum + each.asRecorded, 0),
    differences: all.flatMap(({ differences }) => differences),
  };
}

/** The versions in this folder's `contracts/`: what a recorded decision was taken under, where it was taken by this project. */
function deployedHere(policy: PolicyName): (version: number) => Contract | undefined {
  const known = new Map<number, Contract | undefined>();
  return (version) => {
    if (known.has(version)) return known.get(version);
    const file = join(ROOT, `contracts/${policy}.v${version}.yaml`);
    const loaded = existsSync(file) ? loadContract(policy, readFileSync(file, "utf8"), file) : undefined;
    const contract = loaded?.ok ? loaded.contract : undefined;
    known.set(version, contract);
    return contract;
  };
}

function summary({ policy, version, mode }: Contract, tasks: number, replayed: Replayed) {
  const { differences } = replayed;
  const differing = new Set(differences.map(({ task }) => task)).size;
  return { policy, version, mode, tasks, differing, ...replayed, ways: waysOf(differences), cost: costOfDifferences(differences) };
}

function show(candidate: Contract, tasks: number, replayed: Replayed): void {
  const { say, note, paint } = terminal;
  const { decisions, same, differences, asRecorded } = replayed;
  say(
    `${paint("bold", `${candidate.policy} v${candidate.version}`)}: ${count(decisions, "decision")} of ${count(tasks, "task")}, ${same} the same`,
  );
  for (const [task, each] of Map.groupBy(differences, (difference) => difference.task)) {
    say(`\n${task}`);
    for (const { seq, name, about, was, would, call } of each) {
      const spent = call ? `   ${wordsOfAmount(call.cost)}` : "";
      say(
        `  ${String(seq).padStart(4)}  ${(name.split(":", 1)[0] ?? "").padEnd(16)} ${about.padEnd(22)} ${was} ${paint("yellow", "→")} ${would}${paint("dim", spent)}`,
      );
    }
  }
  if (differences.length > 0) {
    say(`\n${paint("bold", "Which way")}`);
    for (const { way, times } of waysOf(differences)) say(`  ${String(times).padStart(4)} × ${way}`);
    say(`\nThe calls that these were about cost ${wordsOfAmount(costOfDifferences(differences))}.`);
  }
  if (candidate.mode === "shadow") note("\nThe candidate is in shadow mode: it would have been recorded, and would have bound nobody.");
  if (asRecorded > 0)
    note(`\n${count(asRecorded, "decision")} of contracts that are not in contracts/: what those put into the signals was left as it is.`);
}

await runCommand(replayTasks, HELP);
