/**
 * `npm run call`: sends a message to the mesh, or to any A2A agent, and shows what comes back; or looks at, lists and
 * cancels or deletes tasks.
 */
import { parseArgs } from "node:util";
import { isInterrupted, isTerminal, type Part, type Task, textOf } from "../shared/task/a2a-types.ts";
import { NO_REASON, type Verdict } from "../shared/task/approval.ts";
import { addressOf, type Reach, reachOf } from "./address.ts";
import { madeIn } from "./answer.ts";
import { type AgentClient, connect } from "./client.ts";
import { converse, showEnd } from "./conversation.ts";
import { credentialsFrom } from "./credentials.ts";
import { decisionOn } from "./deciding.ts";
import { deletionInWords } from "./deletion.ts";
import { partFor, partTaken } from "./documents.ts";
import { inWords } from "./narration.ts";
import { positionFrom, showHistory, taskAt } from "./task-history.ts";
import { CommandError, runCommand, terminal, UsageError } from "./terminal.ts";
import { whereaboutsOf } from "./whereabouts.ts";
import { wishesFrom } from "./wishes.ts";

const HELP = `
npm run call -- "text" [options]

Sends a message and follows the task to its end. Without --url it goes to the mesh that runs here.

  to whom
    --url <address>     any A2A 1.0 agent (default: the running mesh, else http://127.0.0.1:PORT)
    --agent <name>      one agent of the mesh, short for --url <mesh>/agents/<name>; or one that is published to it, at its
                        own address, which is not told who you are
    --skill <id>        the skill wanted; the agent chooses when it is left out
  who you are, where the mesh wants to know
    --token <jwt>       a bearer token (default: SKEIN_TOKEN from the environment)
    --key <api key>     an API key (default: SKEIN_KEY from the environment, which the list of processes does not show)
  what
    --file <path>       attaches a file; may be given several times
    --context <id>      goes on in a conversation
    --task <id>         with --answer "text": answers what the task asks; with --approve, or --reject "why not": decides about
                        the action that it shows
                        with --history: shows in words what happened, step by step; with --at <n>: the task as it was then;
                        for operators, with --owner <app>/<subject>: of somebody else's task
  within which limits, for a new task
    --limit <amount>    what it may cost at most: calls=3, or microUsd=20000,wallMs=60000; also tokensIn, tokensOut
    --prefer <weights>  what counts how much, from 0 to 1: accuracy=1,cost=0.2,latency=0.5
    --label <label>     how private it is: public, internal, confidential or restricted
  instead of sending
    --get <id>          shows a task
    --list              lists your tasks, newest first; with --context only those of one conversation
    --cancel <id>       cancels a task
    --delete <id>       deletes a task that has ended, for good, and what other agents of its mesh had for it
  how
    --json              prints the raw events, one JSON object a line
    --no-stream         waits for the end instead of following the events
    --help              this text

Exit codes: 0 completed, 1 failed, rejected or canceled, 2 called wrongly, 3 the agent waits for an answer.
`;

const OPTIONS = {
  url: { type: "string" },
  agent: { type: "string" },
  skill: { type: "string" },
  token: { type: "string" },
  key: { type: "string" },
  file: { type: "string", multiple: true, default: [] as string[] },
  context: { type: "string" },
  limit: { type: "string", multiple: true, default: [] as string[] },
  prefer: { type: "string", multiple: true, default: [] as string[] },
  label: { type: "string" },
  task: { type: "string" },
  history: { type: "boolean", default: false },
  at: { type: "string" },
  owner: { type: "string" },
  answer: { type: "string" },
  approve: { type: "boolean", default: false },
  reject: { type: "string" },
  get: { type: "string" },
  list: { type: "boolean", default: false },
  cancel: { type: "string" },
  delete: { type: "string" },
  json: { type: "boolean", default: false },
  stream: { type: "boolean", default: true },
} as const;

async function call(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args, options: OPTIONS, allowPositionals: true, allowNegative: true });
  if (values.history || values.at !== undefined) return lookBack(values, positionals);
  const parts = partsToSend(positionals, values);
  const wishes = wishesFrom(values);
  if (wishes && values.task !== undefined)
    throw new UsageError("--limit, --prefer and --label are for a new task: one that runs keeps the rules it was made under");
  const asksOnly = values.list || values.get !== undefined || values.cancel !== undefined || values.delete !== undefined;
  const verdict = verdictIn(values);
  if (!asksOnly && !verdict && parts.length === 0)
    throw new UsageError('nothing to send: give a text in quotes, such as npm run call -- "What is 12 * 7?"');
  if (asksOnly && parts.length > 0)
    throw new UsageError("--get, --list, --cancel and --delete send nothing: leave the text and the files out");

  const { url, credentials, apart } = await whereaboutsOf(values.url, values.agent, credentialsFrom(values));
  const client = await connect(url, credentials);
  const reach = apart === undefined ? reachOf(values.url, values.agent) : reachOf(apart, undefined);
  if (asksOnly) return look(client, { ...values, reach });
  const interactive = process.stdin.isTTY === true && !values.json;
  const message = { parts: partsTaken(client, parts, values.skill), contextId: values.context, skill: values.skill, wishes };
  // Looked up first: what is decided about is what the task shows now.
  const decision = verdict && decisionOn(await client.get(values.task ?? ""), verdict);
  const conversation = await converse(
    client,
    decision ? { ...decision, parts: [...decision.parts, ...message.parts] } : { ...message, taskId: values.task },
    { json: values.json, blocking: !values.stream, interactive },
  );
  if (values.json)
    return conversation.task.status.state === "TASK_STATE_COMPLETED" ? 0 : isTerminal(conversation.task.status.state) ? 1 : 3;
  return showEnd(conversation, reach);
}

interface LookBack {
  readonly url?: string | undefined;
  readonly agent?: string | undefined;
  readonly token?: string | undefined;
  readonly key?: string | undefined;
  readonly task?: string | undefined;
  readonly at?: string | undefined;
  readonly owner?: string | undefined;
  readonly json: boolean;
}

/** Sends nothing. */
async function lookBack({ task, at, owner, json, ...where }: LookBack, texts: readonly string[]): Promise<number> {
  if (task === undefined || texts.length > 0)
    throw new UsageError("--history and --at look at a task: name it with --task, and leave the text out");
  const base = addressOf(where.url, where.agent);
  const credentials = credentialsFrom(where);
  if (at === undefined) return showHistory(base, { id: task, owner }, credentials, json);
  const then = await taskAt(base, { id: task, owner }, positionFrom(at), credentials);
  if (json) terminal.say(JSON.stringify(then));
  else if (then.status.state === "TASK_STATE_COMPLETED")
    return showEnd({ task: then, elapsedMs: 0, agents: 0, calls: 0 }, reachOf(where.url, where.agent));
  else terminal.say([oneLine(then), textOf(then.status.message?.parts ?? []), madeIn(then)].filter(Boolean).join("\n\n"));
  return 0;
}

interface Sent {
  readonly file: readonly string[];
  readonly task?: string | undefined;
  readonly answer?: string | undefined;
  readonly approve: boolean;
  readonly reject?: string | undefined;
}

function partsToSend(texts: readonly string[], { file, task, answer, approve, reject }: Sent): Part[] {
  const answers = [answer !== undefined, approve, reject !== undefined].filter(Boolean).length;
  if (answers > 0 && task === undefined) throw new UsageError("--answer, --approve and --reject need --task <id>: which task is answered?");
  if (answers > 1) throw new UsageError("--answer, --approve and --reject say different things: give one of them");
  const words = [...texts, ...(answer === undefined ? [] : [answer])].filter((text) => text.trim() !== "");
  return [...words.map((text) => ({ text })), ...file.map((path) => partFor(path))];
}

function verdictIn({ approve, reject }: Sent): Verdict | undefined {
  if (approve) return { approved: true };
  return reject === undefined ? undefined : { approved: false, reason: reject.trim() || NO_REASON };
}

/** An agent refuses a message for one file of a kind it does not take, and cannot say which: seen before anything is sent. */
function partsTaken(client: AgentClient, parts: readonly Part[], skill: string | undefined): Part[] {
  const modes = client.inputModes(skill);
  const refused = parts.filter((part) => part.filename !== undefined && partTaken(part, modes) === undefined);
  if (refused.length > 0)
    throw new CommandError(
      `nothing was sent: ${refused.map(({ filename, mediaType }) => `${filename} is ${mediaType}`).join(", ")}, and ${client.url} takes ${modes.join(", ")}: leave out what it does not take, or send it as one of these`,
    );
  return parts.map((part) => (part.filename === undefined ? part : (partTaken(part, modes) ?? part)));
}

interface Look {
  readonly reach: Reach;
  readonly get?: string | undefined;
  readonly cancel?: string | undefined;
  readonly delete?: string | undefined;
  readonly context?: string | undefined;
  readonly json: boolean;
}

async function look(client: AgentClient, { reach, get, cancel, delete: unwanted, context, json }: Look): Promise<number> {
  if (unwanted !== undefined) {
    const deletion = await client.delete(unwanted);
    terminal.say(json ? JSON.stringify(deletion) : deletionInWords(deletion));
    return 0;
  }
  if (get !== undefined || cancel !== undefined) {
    const task = cancel === undefined ? await client.get(get ?? "") : await client.cancel(cancel);
    if (json) terminal.say(JSON.stringify(task));
    else {
      const rests = isTerminal(task.status.state) || isInterrupted(task.status.state);
      if (cancel !== undefined || !isTerminal(task.status.state)) terminal.say(oneLine(task));
      if (cancel === undefined && rests) return showEnd({ task, elapsedMs: 0, agents: 0, calls: 0 }, reach);
    }
    return 0;
  }
  const tasks = await client.list(context);
  if (json) for (const task of tasks) terminal.say(JSON.stringify(task));
  else for (const task of tasks) terminal.say(oneLine(task));
  if (tasks.length === 0) terminal.note("no tasks yet");
  return 0;
}

function oneLine({ id, status, metadata }: Task): string {
  return `${status.timestamp}  ${inWords(status.state, metadata).padEnd(17)}  ${id}`;
}

await runCommand(call, HELP);
