/**
 * `npm run rollout`: new versions of published agents on their way from nobody's calls to everybody's: where they are, what was seen
 * of them, and sending one on or back by hand.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import type { LogRow } from "../shared/registry/history.ts";
import type { RolloutReport } from "../shared/registry/rollout.ts";
import { addressOf } from "./address.ts";
import { credentialsFrom } from "./credentials.ts";
import { agentsAt, type Listed, logAt, type Registry, rollAt, rolloutAt, rolloutsAt, versionsAt } from "./registry.ts";
import { plain, rowLine, versionLines } from "./registry-words.ts";
import { DESTINATIONS, rolloutLine, rolloutLines } from "./rollout-words.ts";
import { CommandError, runCommand, terminal, UsageError } from "./terminal.ts";

const HELP = `
npm run rollout [-- <name>] [options]

Shows the new versions that are being tried, one line each. With a name: how far that one has come, what was seen of it and of the
version that it is to replace, what it waits for, and what was decided so far.

  --to <stage>      sends it there, whatever its gates say: shadow, canary, ramp, active (it is called by all), or back (it is taken
                    out); on for operators, back for its publisher too
  --reason "why"    with --to: what the log says of it
  --watch           follows it until it is over
  --url <address>   where the mesh is (default: the running mesh, else http://127.0.0.1:PORT)
  --token, --key    who you are: with the scope "call" to look, "publish" to take your own back, "operate" for any
                    (default: SKEIN_TOKEN, SKEIN_KEY)
  --json            prints one JSON object a line
  --help            this text

Exit codes: 0 good, 1 refused, or with --watch: it was taken back; 2 called wrongly.
`;

const OPTIONS = {
  to: { type: "string" },
  reason: { type: "string" },
  watch: { type: "boolean", default: false },
  url: { type: "string" },
  token: { type: "string" },
  key: { type: "string" },
  json: { type: "boolean", default: false },
} as const;

/** How often it is looked. Milliseconds. */
const WATCH_MS = 2_000;

async function rollout(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args, options: OPTIONS, allowPositionals: true });
  const [name, ...others] = positionals;
  if (others.length > 0) throw new UsageError("one agent at a time: npm run rollout shows all that are under way");
  if (name === undefined && (values.to !== undefined || values.watch))
    throw new UsageError("which agent? --to and --watch are about one: npm run rollout shows all that are under way");
  const change = changeFrom(values);
  const registry = { mesh: addressOf(values.url, undefined), credentials: credentialsFrom(values) };
  if (name === undefined) return showAll(await rolloutsAt(registry), values.json);
  if (change) return send(registry, name, change, values);
  return values.watch ? watch(registry, name, values.json) : showOne(registry, name, values.json);
}

type Change = Parameters<typeof rollAt>[2];

function changeFrom({ to, reason }: { to?: string | undefined; reason?: string | undefined }): Change | undefined {
  const why = reason?.trim() ?? "";
  if (to === undefined) {
    if (reason !== undefined) throw new UsageError("--reason says why it is sent somewhere: give --to too");
    return undefined;
  }
  const known = DESTINATIONS.find((each) => each === to);
  if (known === undefined) throw new UsageError(`--to "${to}" is no stage: give one of ${DESTINATIONS.join(", ")}`);
  if (why === "") throw new UsageError('say why, with --reason "…": the log keeps it');
  return { to: known, reason: why };
}

function showAll(reports: readonly RolloutReport[], json: boolean): number {
  const now = Date.now();
  for (const each of reports) terminal.say(json ? JSON.stringify(each) : rolloutLine(each, now));
  if (reports.length === 0 && !json)
    terminal.note("no new version is being tried: of each agent, all calls go to the version that is called");
  return 0;
}

async function send(
  registry: Registry,
  name: string,
  change: Change,
  { watch: on, json }: { watch: boolean; json: boolean },
): Promise<number> {
  // Whoever sends it on at the same time must not send it twice as far.
  const seen = await rolloutAt(registry, name);
  const entry = await rollAt(registry, name, { ...change, ...(seen && { from: { stage: seen.stage, share: seen.share } }) });
  if (json) terminal.say(JSON.stringify(entry));
  else for (const line of versionLines(entry, Date.now())) terminal.say(line);
  if (on) return watch(registry, name, json);
  if (json) return 0;
  const report = await rolloutAt(registry, name);
  if (report) terminal.say(rolloutLine(report, Date.now()));
  else terminal.note(await whatFollows(registry, entry));
  return 0;
}

/** Of a rollout that is over. */
async function whatFollows(registry: Registry, { name, version, status }: Listed): Promise<string> {
  const now = (await agentsAt(registry)).find((each) => each.name === name)?.version;
  const to = now === undefined ? "" : `new calls go to ${plain(now)} within seconds`;
  return status === "listed" ? to : `${to}; those that are out to ${plain(version)} go on there`;
}

async function showOne(registry: Registry, name: string, json: boolean): Promise<number> {
  const report = await rolloutAt(registry, name);
  const tried = await latest(registry, name, report?.version);
  const rows = (await logAt(registry)).filter(isAbout(tried));
  if (json) terminal.say(JSON.stringify({ ...(report && { rollout: report }), version: tried, log: rows }));
  else {
    const now = Date.now();
    if (report) for (const line of rolloutLines(report, now)) terminal.say(line);
    else sayNone(name, tried, now);
    terminal.say(`\n${terminal.paint("bold", "Decided so far")}`);
    for (const row of rows) terminal.say(rowLine(row));
  }
  return 0;
}

/** Each row of the log about it as it comes, and where it is whenever that has changed. */
async function watch(registry: Registry, name: string, json: boolean): Promise<number> {
  let report = await rolloutAt(registry, name);
  const tried = await latest(registry, name, report?.version);
  let seen = 0;
  let said = "";
  for (;;) {
    const rows = await logAt(registry, seen);
    seen = rows.at(-1)?.seq ?? seen;
    for (const row of rows.filter(isAbout(tried))) terminal.say(json ? JSON.stringify(row) : rowLine(row));
    if (report?.version !== tried.version) break;
    // Without how long ago that was, which changes always.
    const { skills: _, ...stands } = report;
    if (said !== JSON.stringify(stands)) terminal.say(json ? JSON.stringify(report) : rolloutLine(report, Date.now()));
    said = JSON.stringify(stands);
    await sleep(WATCH_MS);
    report = await rolloutAt(registry, name);
  }
  const { status, ...over } = await latest(registry, name, tried.version);
  if (json) terminal.say(JSON.stringify({ ...over, status }));
  else sayNone(name, { ...over, status }, Date.now());
  return status === "listed" ? 0 : 1;
}

/** @returns how the version stands, or the latest one where none is meant */
async function latest(registry: Registry, name: string, version: string | undefined): Promise<Listed> {
  const versions = await versionsAt(registry, name);
  const found = version === undefined ? versions?.[0] : versions?.find((each) => each.version === version);
  if (!found) throw new CommandError(`nobody has published "${name}": npm run agents shows what there is`);
  return found;
}

function isAbout({ name, version }: Listed): (row: LogRow) => boolean {
  return (row) => row.name === name && row.version === version;
}

function sayNone(name: string, standing: Listed, now: number): void {
  terminal.note(`no version of ${name} is being tried; this is its latest`);
  for (const line of versionLines(standing, now)) terminal.say(line);
}

await runCommand(rollout, HELP);
