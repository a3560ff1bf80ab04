/**
 * `npm run key`: makes an API key. It shows the key this once, and what the mesh keeps of it; it writes neither anywhere.
 */
import { parseArgs } from "node:util";
import { newKey } from "../shared/auth/api-key.ts";
import { readConfiguration } from "../shared/auth/configuration.ts";
import { SCOPES } from "../shared/auth/scope.ts";
import { authVariables, SECRETS_FILE } from "./access.ts";
import { ROOT } from "./project.ts";
import { CommandError, runCommand, terminal, UsageError } from "./terminal.ts";

const HELP = `
npm run key -- --app <name> --scopes <scopes> [options]

Makes an API key for an app, shows it once, and shows what to configure so that the mesh takes it.

  --app <name>        whose key it is: keys of one app are one caller, who keeps its tasks when its key is changed
  --scopes <scopes>   what it may do, separated by commas: ${SCOPES.join(", ")}
  --tenant <name>     for whom it acts (default: default)
  --subject <name>    tells callers of one app apart (default: the app's name)
  --expires <when>    how long it is good, such as 90d or 12h, or its last moment, such as 2030-01-31T00:00:00Z (default: for ever)
  --json              prints {"key", "record"} and nothing else
  --help              this text
`;

const OPTIONS = {
  app: { type: "string" },
  scopes: { type: "string" },
  tenant: { type: "string", default: "default" },
  subject: { type: "string" },
  expires: { type: "string" },
  json: { type: "boolean", default: false },
} as const;

const UNIT_MS = { h: 3_600_000, d: 86_400_000 } as const;

async function makeKey(args: string[]): Promise<number> {
  const { values } = parseArgs({ args, options: OPTIONS });
  if (values.app === undefined) throw new UsageError("whose key? Such as npm run key -- --app desk --scopes call");
  if (values.scopes === undefined) throw new UsageError(`what may it do? Such as --scopes call; there are ${SCOPES.join(", ")}`);
  const { id, text, hash } = await newKey();
  const record = {
    id,
    hash,
    tenant: values.tenant,
    app: values.app,
    ...(values.subject !== undefined && { subject: values.subject }),
    scopes: values.scopes.split(",").map((scope) => scope.trim()),
    ...(values.expires !== undefined && { expires: endOf(values.expires, Date.now()) }),
  };
  const checked = readConfiguration({ AUTH_API_KEYS: JSON.stringify([record]) });
  if (checked.mode === "broken")
    throw new UsageError(checked.problem.replace(/^AUTH_API_KEYS\[0\]\./, "--").replace(/^(--\w+)\[\d+\]/, "$1"));

  if (values.json) terminal.say(JSON.stringify({ key: text, record }));
  else show(text, record, withRecord(record));
  return 0;
}

function show(text: string, record: object, all: string): void {
  const { paint, say } = terminal;
  say(`${paint("bold", "The key")}, shown this once and kept nowhere:\n\n  ${paint("green", text)}\n`);
  say(`${paint("bold", "What the mesh keeps of it")}, an entry of the list AUTH_API_KEYS:\n\n  ${JSON.stringify(record)}\n`);
  say(paint("bold", "Next"));
  say(`  on this machine, in ${SECRETS_FILE}, and start the mesh again:\n    AUTH_API_KEYS='${all}'`);
  say(
    "  deployed, for each Worker that is called from outside, with the same list as its value:\n    npx wrangler secret put AUTH_API_KEYS",
  );
  say(`  then:\n    SKEIN_KEY=${text} npm run call -- "your question"`);
}

/** The list as it will be: with the keys there are already. */
function withRecord(record: object): string {
  const { AUTH_API_KEYS: before } = authVariables(ROOT);
  if (before === undefined) return JSON.stringify([record]);
  const checked = readConfiguration({ AUTH_API_KEYS: before });
  if (checked.mode === "broken") throw new CommandError(`the keys there are cannot be read, mend them first: ${checked.problem}`);
  return JSON.stringify([...(JSON.parse(before) as object[]), record]);
}

/** @returns a time as the configuration wants it */
function endOf(when: string, now: number): string {
  const [, count, unit] = /^(\d{1,5})([hd])$/.exec(when) ?? [];
  const end = unit === "h" || unit === "d" ? now + Number(count) * UNIT_MS[unit] : Date.parse(when);
  if (Number.isNaN(end)) throw new UsageError(`"${when}" is no time: give one such as 90d, 12h or 2030-01-31T00:00:00Z`);
  if (end <= now) throw new UsageError(`"${when}" is over: give a time to come`);
  return new Date(end).toISOString();
}

await runCommand(makeKey, HELP);
