/**
 * `npm run search`: which published skills fit a need in words, and why each stands where it does.
 */
import { parseArgs } from "node:util";
import { addressOf, flagsToReach } from "./address.ts";
import { credentialsFrom } from "./credentials.ts";
import { searchAt } from "./registry.ts";
import { foundLines } from "./registry-words.ts";
import { runCommand, terminal, UsageError } from "./terminal.ts";
import { wishesFrom } from "./wishes.ts";

const HELP = `
npm run search -- "need" [options]

Finds published skills by what you need, in words. The order is by how well they fit and by what was measured; how well an agent
speaks of itself counts for nothing.

  --limit <n>       how many at most, 1 to 100 (default 5)
  --prefer <weights>
                    what counts how much, from 0 to 1: accuracy=1,cost=0.2,latency=0.5
  --url <address>   where the mesh is (default: the running mesh, else http://127.0.0.1:PORT)
  --token, --key    who you are, with the scope "call" (default: SKEIN_TOKEN, SKEIN_KEY)
  --json            prints one JSON object a line
  --help            this text

Exit codes: 0 found, 1 nothing found, 2 called wrongly.
`;

const OPTIONS = {
  limit: { type: "string", default: "5" },
  prefer: { type: "string", multiple: true, default: [] as string[] },
  url: { type: "string" },
  token: { type: "string" },
  key: { type: "string" },
  json: { type: "boolean", default: false },
} as const;

async function search(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args, options: OPTIONS, allowPositionals: true });
  const need = positionals.join(" ").trim();
  if (need === "") throw new UsageError('what do you need? Such as npm run search -- "list the figures of a note"');
  const limit = Number(values.limit);
  if (!Number.isInteger(limit) || limit < 1 || limit > 100)
    throw new UsageError(`--limit must be a whole number from 1 to 100, not "${values.limit}"`);
  const preferences = wishesFrom({ limit: [], prefer: values.prefer })?.preferences;
  const mesh = addressOf(values.url, undefined);
  const found = await searchAt({ mesh, credentials: credentialsFrom(values) }, need, { limit, ...preferences });
  if (values.json) for (const each of found) terminal.say(JSON.stringify(each));
  else for (const each of found) for (const line of foundLines(each)) terminal.say(line);
  if (found.length > 0) return 0;
  terminal.note(`no published skill fits: npm run agents -- ${flagsToReach(mesh)}shows what there is`);
  return 1;
}

await runCommand(search, HELP);
