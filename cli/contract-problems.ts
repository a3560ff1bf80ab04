/**
 * What is wrong with the contracts of a project, each told once and before anything starts: every Worker reads them all, and
 * would say the same.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { contractShelf } from "../shared/contract/shelf.ts";

const FOLDER = "contracts";

/** @returns the first mistake in each file; then, when there is none, what is wrong with them together */
export function contractProblems(root: string): string[] {
  const folder = join(root, FOLDER);
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).filter((name) => name.endsWith(".yaml"));
  const texts = names.sort().map((name): [string, string] => [`${FOLDER}/${name}`, readFileSync(join(folder, name), "utf8")]);
  const alone = texts.flatMap((each) => problemOf([each], /^there is no contract/));
  if (alone.length > 0) return alone;
  const list = join(folder, "deployed.ts");
  const listed = existsSync(list) ? readFileSync(list, "utf8") : "";
  const forgotten = names.filter((name) => !listed.includes(`"./${name}"`));
  return [
    ...problemOf(texts),
    ...forgotten.map((name) => `${FOLDER}/${name}: no task will be made under it: add it to ${FOLDER}/deployed.ts, or remove it`),
  ];
}

function problemOf(texts: readonly (readonly [string, string])[], but?: RegExp): string[] {
  try {
    contractShelf(Object.fromEntries(texts));
    return [];
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return but?.test(message) ? [] : [message];
  }
}
