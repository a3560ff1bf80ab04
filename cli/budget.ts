/**
 * `npm run budget`: what the tenant may spend and has spent, for its operators; and how to raise it.
 */
import { parseArgs } from "node:util";
import { UNITS } from "../shared/budget/amount.ts";
import { wordsOfAmount } from "../shared/task/limit-question.ts";
import { addressOf } from "./address.ts";
import { type Accounted, amountFrom, figure, UNIT_NAMES } from "./amounts.ts";
import { type Credentials, credentialsFrom } from "./credentials.ts";
import { governance } from "./records.ts";
import { runCommand, terminal, UsageError } from "./terminal.ts";

const HELP = `
npm run budget -- [options]

Shows the accounts of the tenant and its apps: what was spent, what is set aside, and the limit.

  --raise <amount>    raises an account for the period that runs: calls=50, or microUsd=2000000,tokensIn=100000
  --account <name>    which one: tenant, or app:<name> (default: tenant)
  --incidents         shows what was refused instead: envelopes, and spending beyond what was set aside
  --url <address>     where the mesh is (default: the running mesh, else http://127.0.0.1:PORT)
  --token, --key      who you are, with the scope "operate" (default: SKEIN_TOKEN, SKEIN_KEY)
  --json              prints the answer as one JSON object
  --help              this text
`;

const OPTIONS = {
  raise: { type: "string", multiple: true, default: [] as string[] },
  account: { type: "string" },
  incidents: { type: "boolean", default: false },
  url: { type: "string" },
  token: { type: "string" },
  key: { type: "string" },
  json: { type: "boolean", default: false },
} as const;

type Incident = { readonly at: number; readonly agent: string; readonly reason: string; readonly detail: string };

async function budget(args: string[]): Promise<number> {
  const { values } = parseArgs({ args, options: OPTIONS });
  if (values.incidents && values.raise.length > 0) throw new UsageError("--incidents shows, --raise changes: give one of them");
  if (values.account !== undefined && values.raise.length === 0)
    throw new UsageError("--account says which account to raise: give --raise too");
  const base = addressOf(values.url, undefined);
  const credentials = credentialsFrom(values);
  const { show, answer } = await asked(base, credentials, values);
  if (values.json) terminal.say(JSON.stringify(answer));
  else show();
  return 0;
}

interface Asked {
  readonly answer: unknown;
  show(): void;
}

async function asked(
  base: string,
  credentials: Credentials | undefined,
  { raise, account = "tenant", incidents }: { raise: readonly string[]; account?: string | undefined; incidents: boolean },
): Promise<Asked> {
  if (incidents) {
    const answer = (await governance(base, "incidents", credentials)) as { incidents: Incident[] };
    return { answer, show: () => showIncidents(answer.incidents) };
  }
  if (raise.length > 0) {
    const by = amountFrom(raise, "--raise");
    const answer = (await governance(base, "budget/raise", credentials, { account, by })) as { tenant: string; account: Accounted };
    terminal.note(`raised by ${wordsOfAmount(by)} until the period ends\n`);
    return { answer, show: () => showAccounts(answer.tenant, [answer.account]) };
  }
  const answer = (await governance(base, "budget", credentials)) as { tenant: string; accounts: Accounted[] };
  return { answer, show: () => showAccounts(answer.tenant, answer.accounts) };
}

function showAccounts(tenant: string, accounts: readonly Accounted[]): void {
  const { say, paint } = terminal;
  const row = (title: string, figures: readonly string[]) =>
    say(`  ${title.padEnd(10)}${figures.map((each) => each.padStart(14)).join("")}`);
  for (const { name, limit, spent, held, unreconciled, over } of accounts) {
    say(paint("bold", name === "tenant" ? `tenant ${tenant}` : name));
    row("", ["spent", "set aside", "limit"]);
    for (const unit of UNITS) {
      if (limit[unit] === undefined && spent[unit] === 0 && held[unit] === 0) continue;
      row(
        UNIT_NAMES[unit],
        [spent[unit], held[unit], limit[unit]].map((value) => figure(unit, value)),
      );
    }
    if (UNITS.some((unit) => unreconciled[unit] > 0))
      say(paint("yellow", `  of what was spent, ${wordsOfAmount(unreconciled)} was set aside by holders that were lost`));
    if (UNITS.some((unit) => over[unit] > 0)) say(paint("yellow", `  ${wordsOfAmount(over)} was spent beyond every limit`));
  }
}

function showIncidents(incidents: readonly Incident[]): void {
  for (const { at, agent, reason, detail } of incidents)
    terminal.say(`${new Date(at).toISOString()}  ${terminal.paint("yellow", reason.padEnd(16))} ${agent}  ${detail}`);
  if (incidents.length === 0) terminal.note("nothing was refused");
}

await runCommand(budget, HELP);
