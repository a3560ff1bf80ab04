/**
 * What waits for people, read from a mesh's inbox, and shown: all of it in short, one of it whole, with the commands that answer it.
 */
import { wordsOfAmount } from "../shared/task/limit-question.ts";
import type { Waiting } from "../shared/task/waiting.ts";
import { askMesh } from "./ask-mesh.ts";
import type { Credentials } from "./credentials.ts";
import { terminal } from "./terminal.ts";
import { ago, until } from "./time-words.ts";

export interface Inbox {
  readonly tenant: string;
  readonly waiting: readonly Waiting[];
  /** Of all pages. */
  readonly totalSize: number;
}

/** Pages of 100; what is beyond is counted. */
const PAGES = 20;

/** @param filter as `/operate/inbox` takes it @throws CommandError in one line */
export async function readInbox(mesh: string, credentials: Credentials | undefined, filter: Record<string, string> = {}): Promise<Inbox> {
  const waiting: Waiting[] = [];
  let pageToken = "";
  for (let page = 1; ; page++) {
    const query = new URLSearchParams({ ...filter, pageSize: "100", pageToken });
    const read = (await askMesh(mesh, `operate/inbox?${query}`, credentials)) as Inbox & { nextPageToken: string };
    waiting.push(...read.waiting);
    pageToken = read.nextPageToken;
    if (pageToken === "" || page === PAGES) return { tenant: read.tenant, waiting, totalSize: read.totalSize };
  }
}

/** Two lines, or as many as it takes: what waits and who asks, and below it where, for whom, at what cost, since when and until when. */
export function inboxEntry(each: Waiting, now: number): string[] {
  const { question, kind, asker, agent, task, owner, path, cost, since, expires, action } = each;
  const sent = action?.args ? ` ${JSON.stringify(action.args)}` : "";
  const asks = inOneLine(`${cut(asker.agent || agent, MOST_NAME)} asks: ${wordsOf(each)}${sent}`);
  const first = `${question} ${kind.padEnd(8)}  ${asks}`;
  const facts = [
    `${task} of ${owner}`,
    ...(path.length > 1 ? [path.join(" → ")] : []),
    `cost ${wordsOfAmount(cost)}`,
    `since ${ago(since, now)}`,
    ...(expires ? [`expires ${until(expires, now)}`] : []),
  ];
  return [cut(first, terminal.columns), ...wrapped(facts).map((line) => terminal.paint("dim", line))];
}

/** Of who asks: what it is asked for counts more. */
const MOST_NAME = 20;
const INDENT = "  ";

function wrapped(facts: readonly string[]): string[] {
  const lines: string[] = [];
  for (const fact of facts.map((each) => cut(inOneLine(each), terminal.columns - INDENT.length))) {
    const longer = lines.length > 0 ? `${lines.at(-1)} · ${fact}` : "";
    if (longer !== "" && longer.length <= terminal.columns) lines[lines.length - 1] = longer;
    else lines.push(INDENT + fact);
  }
  return lines;
}

/** Everything about one, and how to answer it. @param flags what the commands must carry to reach the mesh */
export function inboxDetail(each: Waiting, now: number, flags: string): string[] {
  const { question, kind, words, action, agent, task, owner, path, cost, since, expires, choices } = each;
  const line = (title: string, text: string) => `  ${terminal.paint("dim", title.padEnd(9))}${text}`;
  const passed = path.length > 1 ? `${path.join(" → ")}, which asks in ${each.asker.task}` : agent;
  const approvals = action && approvalsOf(action);
  const held = each.behind ?? [];
  return [
    `${terminal.paint("bold", `${kind} ${question}`)}`,
    ...(action ? [action.description, ...shownArgs(action.args)] : words.split("\n")).map((text) => `  ${text}`),
    "",
    ...(action ? [line("digest", action.digest)] : []),
    ...(approvals === undefined ? [] : [line("needs", approvals)]),
    ...held.map((open) => line("holds", `${open.kind} ${open.question}, asked again when it is resumed: ${firstLine(open.words)}`)),
    ...(choices ? [line("choices", choices.join(", "))] : []),
    line("who asks", passed),
    line("task", `${task} of ${owner}`),
    line("cost", wordsOfAmount(cost)),
    line(
      "since",
      `${ago(since, now)}${expires ? `; its time is over ${until(expires, now)}` : ""}${each.default === undefined ? "" : `, then it is answered "${each.default}"`}`,
    ),
    "",
    ...commandsFor(each, flags).map((command) => `  ${terminal.paint("cyan", command)}`),
  ];
}

export function commandsFor({ kind, question, task }: Waiting, flags: string): string[] {
  switch (kind) {
    case "approval":
      return [`npm run approve -- ${flags}${question}`, `npm run reject -- ${flags}${question} "why not"`];
    case "paused":
      return [`npm run resume -- ${flags}${task}`, `npm run cancel -- ${flags}${task}`];
    case "question":
    case "limit":
      return [`npm run answer -- ${flags}${question} "…"`];
  }
}

export function shownArgs(args: object | undefined): string[] {
  return args ? JSON.stringify(args, null, 2).split("\n") : ["(its arguments are longer than the inbox keeps: the task shows them)"];
}

function approvalsOf({ approvers, others, approvedBy }: NonNullable<Waiting["action"]>): string | undefined {
  if (approvers <= 1 && others === 0) return undefined;
  const people = `${approvers} ${approvers === 1 ? "person" : "people"}${others > 0 ? `, ${others} of them not the task's caller` : ""}`;
  return `${people}${approvedBy.length > 0 ? `; approved by ${approvedBy.join(", ")}` : ""}`;
}

function wordsOf({ action, words }: Waiting): string {
  return firstLine(action?.description ?? words);
}

function firstLine(text: string): string {
  return inOneLine(text.trim().split("\n", 1)[0] ?? "");
}

/** Strangers' words, too: what moves a cursor or ends a line would show another list than the one there is. */
function inOneLine(text: string): string {
  return text.replace(/[\s\p{Cc}]+/gu, " ").trimEnd();
}

function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}
