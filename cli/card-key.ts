/**
 * `npm run card:key`: makes the keys that sign the cards of a deployment, and changes them. The key set is kept in a file
 * that only its owner can read; a private key is never shown.
 */
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { type Algorithm, type CardKey, newCardKey } from "./card-keys.ts";
import { agentNames, ROOT } from "./project.ts";
import { CommandError, runCommand, terminal, UsageError } from "./terminal.ts";

const HELP = `
npm run card:key [-- options]

Makes a key that signs the cards of a deployment, writes it to a file, and says how to hand it to the Workers. A mesh on
your own machine needs none: it makes its own.

  --file <file>     the key set (default card-keys.json, which git does not take in)
  --alg <name>      ES256 (default) or EdDSA
  --add             another key beside those in the file: all of them sign
  --retire=<kid>    no new key: this one signs no more, and what it signed can still be verified
  --help            this text
`;

const OPTIONS = {
  file: { type: "string", default: "card-keys.json" },
  alg: { type: "string", default: "ES256" },
  add: { type: "boolean", default: false },
  retire: { type: "string" },
} as const;

async function cardKey(args: string[]): Promise<number> {
  const { file, alg, add, retire } = parseArgs({ args, options: OPTIONS }).values;
  if (!isAlgorithm(alg)) throw new UsageError(`there is no --alg ${alg}: take ES256 or EdDSA`);
  if (add && retire !== undefined) throw new UsageError("--add and --retire are two steps: first the one, then the other");
  const changes = add || retire !== undefined;
  if (!changes && existsSync(file)) throw new CommandError(`${file} has keys already: --add makes another, --retire=<kid> ends one`);

  const before = changes ? keysIn(file) : [];
  const keys = retire === undefined ? [newCardKey(alg), ...before] : retired(before, retire);
  write(file, keys);
  explain(file, keys, { add, retire });
  return 0;
}

function retired(before: readonly CardKey[], kid: string): CardKey[] {
  if (!before.some((key) => key.kid === kid))
    throw new CommandError(`there is no key "${kid}"; the set has ${before.map((key) => key.kid).join(", ")}`);
  const after = before.map(({ d, ...rest }) => (rest.kid === kid || d === undefined ? rest : { ...rest, d }));
  if (!after.some(isPrivate)) throw new CommandError(`"${kid}" is the only key that signs: make another one first, with --add`);
  return after;
}

/** In one move: half a key set would be none. */
function write(file: string, keys: readonly CardKey[]): void {
  const beside = `${file}.${process.pid}`;
  writeFileSync(beside, `${JSON.stringify({ keys })}\n`, { flag: "wx", mode: 0o600 });
  renameSync(beside, file);
}

function explain(file: string, keys: readonly CardKey[], { add, retire }: { add: boolean; retire: string | undefined }): void {
  const { say, paint } = terminal;
  const signing = keys.filter(isPrivate).map((key) => key.kid);
  say(`${paint("bold", file)} signs with ${signing.join(" and ")}. Whoever has it can sign in your name.`);
  say(`\n${paint("bold", "Next")}, the same for every Worker:`);
  say(`  npx wrangler secret put CARD_SIGNING_KEYS < ${file}`);
  for (const name of agentNames(ROOT)) say(`  npx wrangler secret put CARD_SIGNING_KEYS -c agents/${name}/wrangler.toml < ${file}`);
  // With "=", because a thumbprint may begin as an option does.
  if (add) say(`\nWhen those who keep your keys know the new one:\n  npm run card:key -- --file ${file} --retire=${signing.at(-1)}`);
  if (retire !== undefined) say(`\nWhen nobody has a card any more that it signed, take "${retire}" out of ${file}.`);
}

/** @throws CommandError that does not repeat what is in the file */
function keysIn(file: string): CardKey[] {
  if (!existsSync(file))
    throw new CommandError(`${file} is not there: name the key set with --file, or make one without --add and --retire`);
  let keys: unknown;
  try {
    ({ keys } = JSON.parse(readFileSync(file, "utf8")) as { keys?: unknown });
  } catch {
    throw new CommandError(`${file} is no JSON: restore it from where you keep it`);
  }
  const isKey = (each: unknown): each is CardKey => typeof each === "object" && each !== null && "kid" in each && "kty" in each;
  if (!Array.isArray(keys) || keys.length === 0 || !keys.every(isKey))
    throw new CommandError(`${file} is no key set: it must be { "keys": [ … ] }, as this command makes it`);
  return keys;
}

function isPrivate(key: CardKey): boolean {
  return key.d !== undefined;
}

function isAlgorithm(text: string): text is Algorithm {
  return text === "ES256" || text === "EdDSA";
}

await runCommand(cardKey, HELP);
