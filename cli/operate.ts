/**
 * `npm run approve`, `reject`, `answer`, `pause`, `resume`, `cancel` and `raise`: what people do to tasks of their tenant that wait
 * or run. One table, because they differ in what they send and in nothing else.
 */
import { parseArgs } from "node:util";
import type { InterruptKind } from "../shared/task/interrupt-extension.ts";
import type { Waiting } from "../shared/task/waiting.ts";
import { addressOf, flagsToReach } from "./address.ts";
import { amountFrom } from "./amounts.ts";
import { askMesh, findingTask, ownedBy } from "./ask-mesh.ts";
import { type Credentials, credentialsFrom } from "./credentials.ts";
import { type Operated, operatedInWords } from "./operated.ts";
import { CommandError, runCommand, terminal, UsageError } from "./terminal.ts";
import { commandsFor, readInbox, shownArgs } from "./waiting.ts";

interface Verb {
  readonly does: string;
  readonly scope: "approve" | "operate";
  /** What stands behind the id, for the usage line; in brackets where it may be left out. */
  readonly words?: string;
  /** It answers a question of one of these kinds; absent for one that is about the task. */
  readonly answers?: readonly InterruptKind[];
  /** @returns the request's body */
  body(words: string | undefined, question: string): object;
}

const VERBS: Readonly<Record<string, Verb>> = {
  approve: {
    does: "Approves exactly the action that a task has asked for.",
    scope: "approve",
    answers: ["approval"],
    body: (_, question) => ({ question }),
  },
  reject: {
    does: "Rejects the action that a task has asked for; the task is told why.",
    scope: "approve",
    words: '"reason"',
    answers: ["approval"],
    body: (reason, question) => ({ question, reason }),
  },
  answer: {
    does: "Answers what a task has asked.",
    scope: "approve",
    words: '"text"',
    answers: ["question", "limit"],
    body: (text, question) => ({ question, text }),
  },
  pause: {
    does: "Stops a task where it stands; nothing of it is lost, and what it has called goes on.",
    scope: "operate",
    words: '["reason"]',
    body: (reason) => ({ ...(reason !== undefined && { reason }) }),
  },
  resume: { does: "Lets a paused task go on from where it stood.", scope: "operate", body: () => ({}) },
  cancel: {
    does: "Ends a task, and all that was called for it.",
    scope: "operate",
    words: '["reason"]',
    body: (reason) => ({ ...(reason !== undefined && { reason }) }),
  },
  raise: {
    does: "Raises a task's own limits: calls=3, or microUsd=20000,wallMs=60000; also tokensIn, tokensOut.",
    scope: "operate",
    words: "<amount>",
    body: (amount) => ({ by: amountFrom([amount ?? ""], "the amount") }),
  },
};

const OPTIONS = {
  agent: { type: "string" },
  owner: { type: "string" },
  url: { type: "string" },
  token: { type: "string" },
  key: { type: "string" },
  json: { type: "boolean", default: false },
} as const;

/** Where a request goes. */
interface Target {
  readonly agent: string | undefined;
  readonly owner: string | undefined;
  readonly task: string;
  readonly waiting?: Waiting;
}

interface Where {
  readonly mesh: string;
  readonly credentials: Credentials | undefined;
  readonly flags: string;
}

async function operate(name: string, verb: Verb, args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args, options: OPTIONS, allowPositionals: true });
  const [id, words, ...others] = positionals;
  const needs = verb.words !== undefined && !verb.words.startsWith("[");
  if (id === undefined || (needs && words === undefined) || (words !== undefined && verb.words === undefined) || others.length > 0)
    throw new UsageError(
      `give ${[idOf(verb), verb.words].filter(Boolean).join(" and ")}, the words in quotes: npm run inbox shows what waits`,
    );
  const mesh = addressOf(values.url, undefined);
  const where = { mesh, credentials: credentialsFrom(values), flags: flagsToReach(mesh) };

  const target = verb.answers ? await questionAt(where, name, verb.answers, id) : await taskAt(where, id, values);
  if (target.waiting?.action && !values.json) {
    terminal.note(target.waiting.action.description);
    for (const line of shownArgs(target.waiting.action.args)) terminal.note(`  ${line}`);
  }
  const { agent, owner, task } = target;
  const base = agent === undefined || agent === FRONT_DOOR ? mesh : `${mesh}/agents/${encodeURIComponent(agent)}`;
  const body = verb.body(words, target.waiting?.question ?? "");
  const path = `operate/tasks/${encodeURIComponent(task)}/${name}${ownedBy(owner)}`;
  const answer = await findingTask(task, { owner }, () => askMesh(base, path, where.credentials, body));
  if (values.json) terminal.say(JSON.stringify(answer));
  else tell(operatedInWords(answer as Operated, target.waiting));
  return 0;
}

/** The orchestrator's tasks are at the front door itself. */
const FRONT_DOOR = "orchestrator";

/** @throws CommandError when nothing waits there, or something else, or several things do, or the task is paused */
async function questionAt({ mesh, credentials, flags }: Where, name: string, kinds: readonly InterruptKind[], id: string): Promise<Target> {
  const { waiting } = await readInbox(mesh, credentials, { about: id });
  const fit = waiting.filter(({ kind }) => kinds.includes(kind));
  const [one, ...others] = fit;
  if (one && others.length > 0)
    throw new CommandError(`task ${id} waits for ${fit.length} answers: name one of ${fit.map(({ question }) => question).join(", ")}`);
  if (one) return { ...one, waiting: one };
  const [other] = waiting;
  if (other?.kind === "paused")
    throw new CommandError(
      `task ${other.task} is paused, so that nobody can ${name} anything in it: it asks again when an operator has resumed it: ${commandsFor(other, flags)[0]}`,
    );
  if (other)
    throw new CommandError(
      `${id} is ${other.kind === "approval" ? "an" : "a"} ${other.kind}, which nobody can ${name}: ${commandsFor(other, flags)[0]}`,
    );
  throw new CommandError(`nothing waits under "${id}": it may be answered already, or over; npm run inbox shows what there is`);
}

/** What the inbox knows of the task, where it waits; else what was said. */
async function taskAt(
  { mesh, credentials }: Where,
  id: string,
  said: { agent?: string | undefined; owner?: string | undefined },
): Promise<Target> {
  if (said.agent !== undefined || said.owner !== undefined) return { task: id, agent: said.agent, owner: said.owner };
  const [known] = (await readInbox(mesh, credentials, { about: id })).waiting;
  return known ?? { task: id, agent: undefined, owner: undefined };
}

function tell([result, ...words]: string[]): void {
  terminal.say(result);
  for (const line of words) terminal.note(line);
}

function idOf({ answers }: Verb): string {
  return answers ? "<question or task>" : "<task>";
}

function helpFor(name: string, verb: Verb): string {
  const who = `
  --agent <name>    whose task it is (default: as the inbox says, else the orchestrator)
  --owner <owner>   whose it is, as <app>/<subject> (default: as the inbox says, else yourself)`;
  return `
npm run ${name} -- ${[idOf(verb), verb.words].filter(Boolean).join(" ")} [options]

${verb.does}
${verb.answers ? "" : who}
  --url <address>   where the mesh is (default: the running mesh, else http://127.0.0.1:PORT)
  --token, --key    who you are, with the scope "${verb.scope}" (default: SKEIN_TOKEN, SKEIN_KEY)
  --json            prints the answer as one JSON object
  --help            this text
`;
}

const [name = ""] = process.argv.splice(2, 1);
const verb = VERBS[name];
if (!verb) throw new Error(`package.json has a script for a verb that is none: "${name}"`);
await runCommand((args) => operate(name, verb, args), helpFor(name, verb));
