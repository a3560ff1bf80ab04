/**
 * `npm run inbox`: what waits for somebody to answer, approve or resume it.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { addressOf, flagsToReach } from "./address.ts";
import { count } from "./conversation.ts";
import { credentialsFrom } from "./credentials.ts";
import { CommandError, runCommand, terminal, UsageError } from "./terminal.ts";
import { type Inbox, inboxDetail, inboxEntry, readInbox } from "./waiting.ts";

const HELP = `
npm run inbox [-- <task or question>] [options]

Shows what waits for people in the tenant, the longest first: questions, actions to approve, limits, tasks that were paused.
With the id of a task or a question: all about it, and the commands that answer it.

  --kind <kind>     only approval, question, limit or paused
  --watch           goes on, and shows what comes
  --url <address>   where the mesh is (default: the running mesh, else http://127.0.0.1:PORT)
  --token, --key    who you are, with the scope "approve" or "operate" (default: SKEIN_TOKEN, SKEIN_KEY)
  --json            prints one JSON object a line
  --help            this text
`;

const OPTIONS = {
  kind: { type: "string" },
  watch: { type: "boolean", default: false },
  url: { type: "string" },
  token: { type: "string" },
  key: { type: "string" },
  json: { type: "boolean", default: false },
} as const;

/** How often it is looked. Milliseconds. */
const WATCH_MS = 2_000;

async function inbox(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args, options: OPTIONS, allowPositionals: true });
  const [about, ...others] = positionals;
  if (others.length > 0) throw new UsageError("one task or question at a time: npm run inbox shows all of them");
  if (about !== undefined && values.watch) throw new UsageError("--watch shows what comes: leave the id out");
  const mesh = addressOf(values.url, undefined);
  const credentials = credentialsFrom(values);
  const filter = { ...(values.kind !== undefined && { kind: values.kind }), ...(about !== undefined && { about }) };
  const read = () => readInbox(mesh, credentials, filter);

  const first = await read();
  if (about !== undefined && first.waiting.length === 0)
    throw new CommandError(`nothing waits under "${about}": it may be answered already, or over; npm run inbox shows what there is`);
  show(first, values.json, about === undefined ? undefined : flagsToReach(mesh));
  const seen = new Set(first.waiting.map(({ question }) => question));
  while (values.watch) {
    await sleep(WATCH_MS);
    const { waiting } = await read();
    for (const each of waiting.filter(({ question }) => !seen.has(question))) {
      seen.add(each.question);
      terminal.say(values.json ? JSON.stringify(each) : inboxEntry(each, Date.now()).join("\n"));
    }
  }
  return 0;
}

/** @param flags given: each of them whole, with its commands */
function show({ tenant, waiting, totalSize }: Inbox, json: boolean, flags: string | undefined): void {
  const { say, note } = terminal;
  const now = Date.now();
  if (json) for (const each of waiting) say(JSON.stringify(each));
  else if (flags !== undefined) say(waiting.map((each) => inboxDetail(each, now, flags).join("\n")).join("\n\n"));
  else if (waiting.length > 0) {
    for (const each of waiting) say(inboxEntry(each, now).join("\n"));
    if (totalSize > waiting.length) note(`and ${totalSize - waiting.length} more`);
    note(`\nnpm run inbox -- <question> shows one of them whole, and how to answer it`);
  }
  if (waiting.length === 0 && !json) note(`nothing waits in tenant ${tenant}`);
  else if (!json && flags === undefined) note(`${count(totalSize, "thing")} waiting in tenant ${tenant}`);
}

await runCommand(inbox, HELP);
