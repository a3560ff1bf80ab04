/**
 * What waits for people, read from a mesh's inbox, and shown: all of it as a table, one of it whole, with the commands that answer it.
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

const COLUMNS = { kind: 9, who: 20, since: 12, expires: 11 } as const;

/** The heads of the columns, and a line for each. */
export function inboxTable(waiting: readonly Waiting[], now: number): string[] {
  const id = Math.max(8, ...waiting.map(({ question }) => question.length));
  const what = Math.max(20, terminal.columns - id - COLUMNS.kind - COLUMNS.who - COLUMNS.since - COLUMNS.expires - 1);
  const row = (cells: readonly [string, string, string, string, string, string]) => {
    const widths = [id + 1, COLUMNS.kind, COLUMNS.who, COLUMNS.since, COLUMNS.expires, what];
    return cells
      .map((cell, index) => cut(cell, (widths[index] ?? what) - 1).padEnd(widths[index] ?? what))
      .join("")
      .trimEnd();
  };
  return [
    terminal.paint("dim", row(["question", "what", "who asks", "since", "expires", "for what"])),
    ...waiting.map((each) =>
      row([each.question, each.kind, whoOf(each), ago(each.since, now), each.expires ? until(each.expires, now) : "never", wordsOf(each)]),
    ),
  ];
}

/** Everything about one, and how to answer it. @param flags what the commands must carry to reach the mesh */
export function inboxDetail(each: Waiting, now: number, flags: string): string[] {
  const { question, kind, words, action, agent, task, owner, path, cost, since, expires, choices } = each;
  const line = (title: string, text: string) => `  ${terminal.paint("dim", title.padEnd(9))}${text}`;
  const passed = path.length > 1 ? `${path.join(" → ")}, which asks in ${each.asker.task}` : agent;
  const approvals = action && approvalsOf(action);
  return [
    `${terminal.paint("bold", `${kind} ${question}`)}`,
    ...(action ? [action.description, ...shownArgs(action.args)] : words.split("\n")).map((text) => `  ${text}`),
    "",
    ...(action ? [line("digest", action.digest)] : []),
    ...(approvals === undefined ? [] : [line("needs", approvals)]),
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

function whoOf({ asker, agent, path }: Waiting): string {
  const who = asker.agent || agent;
  const hops = path.length - 1;
  return hops > 0 ? `${who}, ${hops} hop${hops === 1 ? "" : "s"} down` : who;
}

function wordsOf({ action, words }: Waiting): string {
  return (action?.description ?? words).trim().split("\n", 1)[0] ?? "";
}

function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}
