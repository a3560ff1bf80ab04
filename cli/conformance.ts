/**
 * `npm run conformance`: tries any A2A 1.0 server from outside, rule by rule of the specification, and says which of them
 * hold, which are broken and by what request, and which could not be shown.
 */
import { parseArgs } from "node:util";
import type { Credentials } from "../conformance/credentials.ts";
import { toMarkdown } from "../conformance/document.ts";
import { asJson, byRequirement, conforms, isGone, linesFor, summary } from "../conformance/report.ts";
import { Failure } from "../conformance/requirement.ts";
import { type Result, run, type Target } from "../conformance/run.ts";
import { SUITE } from "../conformance/suite.ts";
import { CommandError, runCommand, terminal, UsageError } from "./terminal.ts";

const HELP = `
npm run conformance -- <url> [options]

Tries the A2A 1.0 server at <url> (the agent's address, or its card's) against the specification, over every binding its
card declares. Nothing is known of the agent but its card and what these options say.

  texts that lead somewhere; without them, what they would show is reported as not shown
    --text "…"          a task that comes to its end (default: "Hello")
    --slow "…"          a task that works for some seconds
    --ask "…"           a task that asks for input, and
    --answer "…"        the answer that lets it go on to its end
    --fail "…"          a task that fails
    --reject "…"        a task that the agent rejects
    --artifact "…"      a task with artifacts, two or more of them
    --auth "…"          a task that waits for an authorization
    --message "…"       an answer that is a message, not a task
    --skill <id>        the skill every message names (urn:skein:ext:skill:v1)
  who is calling
    --token <jwt>       a bearer token (default: SKEIN_TOKEN from the environment)
    --key <api key>     an API key, sent where the card says (default: SKEIN_KEY)
    --other-token, --other-key
                        another caller, who must not see what is not theirs
    --weak-token, --weak-key
                        a caller who is known, but may not send messages
  how
    --webhook-host <ip> where the suite listens for push notifications (default: 127.0.0.1)
    --only <words>      only requirements with one of these words in their id, separated by commas
    --timeout <s>       for each requirement (default: 15)
    --per-minute <n>    sends so many requests a minute, to a server that counts them
    --json              one JSON object a line for each trial
    --md                a table in Markdown
    --help              this text

Exit codes: 0 nothing that a server MUST do is broken, 1 something is, there is no card or the
server went away, 2 called wrongly.
`;

const text = { type: "string" } as const;
const OPTIONS = {
  text: { type: "string", default: "Hello" },
  slow: text,
  ask: text,
  answer: text,
  fail: text,
  reject: text,
  artifact: text,
  auth: text,
  message: text,
  skill: text,
  token: text,
  key: text,
  "other-token": text,
  "other-key": text,
  "weak-token": text,
  "weak-key": text,
  "webhook-host": text,
  only: text,
  timeout: { type: "string", default: "15" },
  "per-minute": text,
  json: { type: "boolean", default: false },
  md: { type: "boolean", default: false },
} as const;

async function conformance(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args, options: OPTIONS, allowPositionals: true });
  const [url] = positionals;
  if (url === undefined || positionals.length > 1 || !URL.canParse(url))
    throw new UsageError("say which server: npm run conformance -- http://127.0.0.1:8787/agents/courier");
  if (values.json && values.md) throw new UsageError("--json and --md are two forms of the same: give one of them");
  const seconds = Number(values.timeout);
  if (!(seconds > 0 && seconds <= 600)) throw new UsageError(`--timeout must be a number of seconds up to 600, not "${values.timeout}"`);
  const perMinute = values["per-minute"] === undefined ? undefined : Number(values["per-minute"]);
  if (perMinute !== undefined && !(perMinute >= 1)) throw new UsageError(`--per-minute must be a number, not "${values["per-minute"]}"`);
  const words = values.only?.split(",").map((word) => word.trim());
  const suite = SUITE.filter(({ id }) => words === undefined || words.some((word) => id.includes(word)));
  if (suite.length === 0) throw new UsageError(`no requirement has "${values.only}" in its id; --json shows the ids there are`);

  const target: Target = {
    url,
    credentials: caller(values),
    other: someone(values["other-token"], values["other-key"]),
    weak: someone(values["weak-token"], values["weak-key"]),
    triggers: values,
    webhookHost: values["webhook-host"],
    timeoutMs: seconds * 1_000,
    perMinute,
  };
  let done = 0;
  const themes = new Map<string, number>();
  for (const { theme, bindings } of suite) themes.set(theme, (themes.get(theme) ?? 0) + Math.max(1, bindings.length));
  const onResult = (result: Result) => {
    done += 1;
    const { theme } = result.requirement;
    const left = (themes.get(theme) ?? 0) - 1;
    themes.set(theme, left);
    if (values.json) terminal.say(JSON.stringify(asJson(result)));
    else if (process.stderr.isTTY) process.stderr.write(`\r${done} trials done `);
    // A log has no line to write over; silence for minutes, as with a server that hangs, looks like a fault of ours.
    else if (left === 0) terminal.note(`${theme}: done (${done} trials so far)`);
  };
  const results = await tried(() => run(suite, target, onResult));
  if (!values.json && process.stderr.isTTY) process.stderr.write("\r\x1b[K");
  if (values.md) terminal.say(toMarkdown(suite, [{ name: new URL(url).host, results }]));
  else if (!values.json) tell(results);
  if (isGone(results)) terminal.complain("the server went away before all was tried: start it again, and look at what it said last");
  return conforms(results) ? 0 : 1;
}

/** As with `npm run call`: the options count, and the environment, which the list of processes does not show, when there are none. */
function caller({ token, key }: Credentials): Credentials {
  if (token !== undefined && key !== undefined) throw new UsageError("--token and --key both say who is calling: give one of them");
  if (token !== undefined || key !== undefined) return { token, key };
  return { token: process.env["SKEIN_TOKEN"], key: process.env["SKEIN_KEY"] };
}

function someone(token: string | undefined, key: string | undefined): Credentials | undefined {
  return token === undefined && key === undefined ? undefined : { token, key };
}

function tell(results: readonly Result[]): void {
  let theme = "";
  for (const group of byRequirement(results)) {
    if (group[0].requirement.theme !== theme) {
      theme = group[0].requirement.theme;
      terminal.say(`\n${terminal.paint("bold", theme)}`);
    }
    for (const line of linesFor(group, terminal.paint)) terminal.say(line);
  }
  terminal.say();
  for (const line of summary(results)) terminal.say(line);
}

async function tried(work: () => Promise<Result[]>): Promise<Result[]> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Failure) throw new CommandError(`${error.message}: is the address right, and does the server run?`);
    throw error;
  }
}

await runCommand(conformance, HELP);
