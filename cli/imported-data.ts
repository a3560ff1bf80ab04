/**
 * The cards and contracts that Workers import, looked at before anything starts: a build, or a Worker that refuses to
 * start, says less well which file is missing or wrong, and where in it. Only reads.
 */
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { isNode, LineCounter, parseDocument } from "yaml";
import { contractSchemas, type PolicyName } from "../shared/contract/contract.ts";
import { describeContractError, loadContract } from "../shared/contract/load.ts";
import { checkAddition, checkCard } from "../shared/task/agent-card.ts";

const IMPORT = /^\s*import\s.*?from\s+"(\.[^"]+\.(?:json|ya?ml))"/;

/** @returns one line for each file that is missing or wrong: which, where, and how to mend it */
export function dataProblems(root: string, folders: readonly string[]): string[] {
  const problems = new Map<string, string>();
  for (const { importer, path } of folders.flatMap((folder) => dataImports(root, folder))) {
    const problem = existsSync(join(root, path))
      ? problemIn(path, readFileSync(join(root, path), "utf8"))
      : `${importer} imports ${path}, which is not there: put it back (git restore ${path}), or correct the import`;
    if (problem !== undefined && !problems.has(path)) problems.set(path, problem);
  }
  return [...problems.values()];
}

/** @returns paths from the root; the importer with its line */
function dataImports(root: string, folder: string): { importer: string; path: string }[] {
  const files = globSync("*.ts", { cwd: join(root, folder) }).sort();
  return files.flatMap((name) => {
    const file = join(root, folder, name);
    return readFileSync(file, "utf8")
      .split("\n")
      .flatMap((line, i) => {
        const target = IMPORT.exec(line)?.[1];
        if (target === undefined) return [];
        return [{ importer: `${relative(root, file)}:${i + 1}`, path: relative(root, resolve(dirname(file), target)) }];
      });
  });
}

function problemIn(path: string, text: string): string | undefined {
  if (/^agent-cards[\\/].*\.json$/.test(path)) return cardProblem(path, text, "card", checkCard);
  if (/(?:^|[\\/])extended-card\.json$/.test(path)) return cardProblem(path, text, "extended card", checkAddition);
  const policy = /^contracts[\\/]([\w-]+)\.v\d+\.ya?ml$/.exec(path)?.[1];
  if (policy === undefined || !isPolicy(policy)) return undefined;
  const loaded = loadContract(policy, text, path);
  return loaded.ok ? undefined : describeContractError(loaded.error);
}

function isPolicy(name: string): name is PolicyName {
  return Object.hasOwn(contractSchemas, name);
}

function cardProblem(path: string, text: string, what: string, check: typeof checkCard | typeof checkAddition): string | undefined {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const offset = /at position (\d+)/.exec(message)?.[1];
    // Without a position it is the end that is missing.
    const before = text.slice(0, offset === undefined ? text.trimEnd().length : Number(offset)).split("\n");
    const place = `${path}:${before.length}:${(before.at(-1)?.length ?? 0) + 1}`;
    return `${place}: this is no JSON: ${message.replace(/ (?:in JSON )?at position .*$/s, "")}: mend the syntax`;
  }
  const checked = check(data);
  if (checked.ok) return undefined;
  const field = checked.path.join(".");
  const mend = checked.problem === "is required" ? `add "${checked.path.at(-1)}"` : "docs/agents.md says what a card holds";
  return `${path}:${placeOf(text, checked.path)}: the ${what}'s ${field || "content"} ${checked.problem}: ${mend}`;
}

/** Where the field stands, or what it is missing from. JSON is YAML too, and that reader knows lines. */
function placeOf(text: string, path: readonly (string | number)[]): string {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  for (let length = path.length; length >= 0; length--) {
    const node = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
    if (!isNode(node) || !node.range) continue;
    const { line, col } = lines.linePos(node.range[0]);
    return `${Math.max(1, line)}:${Math.max(1, col)}`;
  }
  return "1:1";
}
