/**
 * `npm run revoke`: takes an agent out of the mesh for ever; or has it no longer found, or found again.
 */
import { parseArgs } from "node:util";
import { addressOf } from "./address.ts";
import { credentialsFrom } from "./credentials.ts";
import { changeAt, type Verb, versionsAt } from "./registry.ts";
import { versionLines } from "./registry-words.ts";
import { runCommand, terminal, UsageError } from "./terminal.ts";

const HELP = `
npm run revoke -- <name> --reason "why" [options]

Revokes an agent, for ever: nobody is sent to it any more, and calls to it that are out are ended with the reason. Publish a higher
version to come back.

  --reason "why"    what those are told whose calls end, and whoever looks
  --version <v>     only this version (default: all)
  --deprecate       instead: it is no longer found, and still called by those who name it
  --restore         instead: one that is deprecated is found again; for operators, one in quarantine, too; needs no reason
  --quarantine      instead, for operators: neither found nor called, until somebody restores it
  --url <address>   where the mesh is (default: the running mesh, else http://127.0.0.1:PORT)
  --token, --key    who you are, with the scope "publish" for your own, "operate" for any (default: SKEIN_TOKEN, SKEIN_KEY)
  --json            prints the answer as one JSON object
  --help            this text
`;

const OPTIONS = {
  reason: { type: "string" },
  version: { type: "string" },
  deprecate: { type: "boolean", default: false },
  restore: { type: "boolean", default: false },
  quarantine: { type: "boolean", default: false },
  url: { type: "string" },
  token: { type: "string" },
  key: { type: "string" },
  json: { type: "boolean", default: false },
} as const;

const INSTEAD = ["deprecate", "restore", "quarantine"] as const satisfies readonly Verb[];

async function revoke(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args, options: OPTIONS, allowPositionals: true });
  const [name, ...others] = positionals;
  if (name === undefined || others.length > 0) throw new UsageError("give the name of one agent: npm run agents shows what is published");
  const [verb = "revoke", ...more] = INSTEAD.filter((each) => values[each]);
  if (more.length > 0) throw new UsageError(`--${verb} and --${more[0]} say different things: give one of them`);
  const reason = values.reason?.trim() || undefined;
  if (reason === undefined && verb !== "restore")
    throw new UsageError('say why, with --reason "…": those are told whose calls are concerned');
  const registry = { mesh: addressOf(values.url, undefined), credentials: credentialsFrom(values) };

  const entry = await changeAt(registry, name, verb, { version: values.version, reason });
  if (values.json) terminal.say(JSON.stringify(entry));
  else {
    const now = Date.now();
    for (const each of (await versionsAt(registry, name)) ?? [entry]) for (const line of versionLines(each, now)) terminal.say(line);
  }
  return 0;
}

await runCommand(revoke, HELP);
