/**
 * `npm run publish:card`: publishes an agent that runs to a mesh, and shows what was checked, what was measured, and how to call it.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { describeProbeFileError, parseProbes } from "../shared/registry/probe-file.ts";
import type { RolloutReport } from "../shared/registry/rollout.ts";
import { addressOf, flagsToReach } from "./address.ts";
import { credentialsFrom } from "./credentials.ts";
import { runningMesh } from "./mesh-file.ts";
import { cardVersion, runningVersions } from "./pinned.ts";
import { agentFolder, ROOT, shown } from "./project.ts";
import { type Listed, type PublishedAnswer, publishAt, type Registry, rolloutAt, versionsAt } from "./registry.ts";
import { checkLine, failureLines, measuredInWords, shellWord, skippedLines } from "./registry-words.ts";
import { STAGES } from "./rollout-words.ts";
import { CommandError, runCommand, terminal, UsageError } from "./terminal.ts";

const HELP = `
npm run publish:card -- <name or address> [options]

Publishes an agent that runs to a mesh, which reads its card, checks it, tries the agent, and measures what it does. From then
on whoever calls the mesh finds it. A higher version of an agent whose last one still runs at another address is tried first, on
copies of calls and then on some of them; npm run rollout shows how far it has come.

  <name>            an agent of agents/ that npm run serve runs; its probes are in agent-cards/<name>.probes.yaml
  <address>         any A2A 1.0 agent with a signed card, such as https://weather.example.com
  --probes <file>   messages that show what it does, and what must hold of the answers
  --at-once         for operators: listed at once, without being tried on calls
  --url <address>   where the mesh is (default: the running mesh, else http://127.0.0.1:PORT)
  --token, --key    who you are, with the scope "publish" (default: SKEIN_TOKEN, SKEIN_KEY)
  --json            prints the answer as one JSON object
  --help            this text

Exit codes: 0 published, and found or being tried, 1 refused or in quarantine, 2 called wrongly.
`;

const OPTIONS = {
  probes: { type: "string" },
  "at-once": { type: "boolean", default: false },
  url: { type: "string" },
  token: { type: "string" },
  key: { type: "string" },
  json: { type: "boolean", default: false },
} as const;

async function publishCard(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args, options: OPTIONS, allowPositionals: true });
  const [what, ...others] = positionals;
  if (what === undefined) throw new UsageError("which agent? Its name or its address, such as npm run publish:card -- weather");
  if (others.length > 0) throw new UsageError("one agent at a time");
  const place = URL.canParse(what) ? { url: what.replace(/\/+$/, "") } : { name: what, url: servedAt(what) };
  const publication = { ...place, ...probesFor(what, values.probes), ...(values["at-once"] && { atOnce: true }) };
  const mesh = addressOf(values.url, undefined);
  const registry = { mesh, credentials: credentialsFrom(values) };

  const answer = await publishAt(registry, publication);
  const entry = (await versionsAt(registry, answer.entry.name))?.find(({ version }) => version === answer.entry.version) ?? answer.entry;
  if (values.json) terminal.say(JSON.stringify({ ...answer, entry }));
  else {
    show({ ...answer, entry }, flagsToReach(mesh), registry);
    if (entry.status === "candidate") showCandidate(entry, await rolloutAt(registry, entry.name), flagsToReach(mesh));
  }
  return entry.status === "listed" || entry.status === "candidate" ? 0 : 1;
}

function servedAt(name: string): string {
  const home = agentFolder(ROOT, name);
  const pinned = existsSync(home) ? runningVersions(home) : [];
  // By what its card says now; who serves it without a pin serves that too.
  const version = pinned.length > 0 ? cardVersion(ROOT, name) : undefined;
  const served = pinned.find((each) => each.version === version) ?? runningMesh(home);
  if (served) return served.url;
  const [other] = pinned;
  if (other)
    throw new CommandError(
      `${name} ${version} does not run, only ${other.version}, at ${other.url}: npm run serve -- ${name} --pin, in another terminal`,
    );
  if (existsSync(home))
    throw new CommandError(`${name} does not run by itself: npm run serve -- ${name}, in another terminal, or give its address`);
  throw new CommandError(`"${name}" is no address, and there is no agents/${name}: npm run new -- <name> --apart makes an agent`);
}

/** @throws CommandError that names the file and what is wrong in it */
function probesFor(what: string, said: string | undefined) {
  const file = said ?? join(ROOT, "agent-cards", `${what}.probes.yaml`);
  if (said === undefined && (URL.canParse(what) || !existsSync(file))) return {};
  if (!existsSync(file)) throw new CommandError(`${file} is not there: name the probes' file with --probes, or leave it out`);
  const read = parseProbes(readFileSync(file, "utf8"), shown(file));
  if (!read.ok) throw new CommandError(describeProbeFileError(read.error));
  return { probes: read.probes };
}

function show({ entry, checks, again }: PublishedAnswer, flags: string, { mesh }: Registry): void {
  const { paint, say, note } = terminal;
  const { name, version, status, reason, card } = entry;
  say(`${paint("bold", `${name} ${version}`)} ${again ? "was published already, the same" : "is published"} at ${mesh}`);
  const width = Math.max(0, ...checks.map(({ field }) => field.length));
  for (const check of checks) say(checkLine(check, width));
  for (const line of skippedLines(entry)) say(line);
  if (status !== "listed" && status !== "candidate") {
    for (const { id } of card.skills) for (const line of failureLines(entry.evidence?.[id])) say(line);
    terminal.complain(`it is not found, because its status is ${status}${reason === undefined ? "" : `: ${reason}`}`);
    return;
  }
  if (status === "listed" || entry.evidence) {
    say(`\n${paint("bold", "Measured")}`);
    for (const { id } of card.skills)
      for (const line of [`  ${id}  ${measuredInWords(entry.evidence?.[id])}`, ...failureLines(entry.evidence?.[id])]) say(line);
  }
  if (status === "candidate") return;
  const example = shellWord(card.skills[0]?.examples?.[0] ?? "your text");
  note(`\n${paint("bold", "Call it")}`);
  note(`  npm run call -- ${flags}${example}   ${paint("dim", "# the mesh finds it, within seconds")}`);
  note(`  npm run call -- ${flags === "" ? `--agent ${name}` : `--url ${entry.url}`} "…"   ${paint("dim", "# at its own address")}`);
  note(`  npm run agents -- ${flags}${name}   ${paint("dim", "# what was measured, and all its versions")}`);
}

/** What a publisher would not expect: that it is published, and not called yet. */
function showCandidate({ name, version }: Listed, rollout: RolloutReport | undefined, flags: string): void {
  const { paint, say, note } = terminal;
  say(`\n${paint("bold", "Being tried")}`);
  say(`  ${version} is a candidate: ${rollout ? `${rollout.base} goes on being called` : "the version before goes on being called"}`);
  for (const [stage, what] of Object.entries(STAGES)) say(`  ${stage.padEnd(6)}  ${what}${stage === rollout?.stage ? "  ← now" : ""}`);
  say("  active  all new calls go to it");
  say("  each step when the one before went as well as with the version before; as soon as it goes worse, it is taken back");
  note(`\n  npm run rollout -- ${flags}${name} --watch   ${paint("dim", "# how far it has come, as it is called")}`);
  note(`  npm run rollout -- ${flags}${name} --to active --reason "…"   ${paint("dim", "# for operators: at once, whatever was seen")}`);
}

await runCommand(publishCard, HELP);
