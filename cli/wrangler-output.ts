/**
 * Reads what wrangler writes and keeps what a person needs: for each problem one line that says which file, where and what.
 * Pure: text in, lines out.
 */
import { stripVTControlCharacters } from "node:util";

/** Consequences and advertisements: true, but never the thing to mend. */
const NOISE = [
  /^Build failed with \d+ errors?:?$/,
  /has no such named entrypoint/,
  /^The Workers runtime failed to start/,
  /^Failed to start the Workers runtime/,
  /^MiniflareCoreError/,
];

/** `path:line:column:` on a line of its own, as esbuild and wrangler's TOML reader print it. */
const PLACE = /^\s*([^\s:][^:]*):(\d+):(\d+):\s*$/;

/** The source line under it: `    7 │ name = "x`. */
const QUOTE = /^\s*\d+ │ (.*)$/;

/** Names a file from the root, given the path as printed, the line's number and its text. */
export type Locate = (path: string, line: number, quoted: string) => string;

/**
 * @param output everything the process wrote so far
 * @returns one line for each different problem, in the order they came, with `file:line:column` first where it is known
 */
export function problemsIn(output: string, locate: Locate = (path) => path): string[] {
  const lines = stripVTControlCharacters(output).split("\n");
  const problems: string[] = [];
  for (const [index, line] of lines.entries()) {
    const message = /✘ \[ERROR\]\s+(.+)$/.exec(line)?.[1]?.trim();
    if (message === undefined || NOISE.some((noise) => noise.test(message))) continue;
    const problem = plain(message, placeAfter(lines, index, locate));
    if (!problems.includes(problem)) problems.push(problem);
  }
  return problems;
}

/** The place belongs to the error when it comes before the next one. */
function placeAfter(lines: readonly string[], index: number, locate: Locate): string | undefined {
  for (const [offset, line] of lines.slice(index + 1, index + 6).entries()) {
    if (line.includes("[ERROR]")) return undefined;
    const [, path, row, column] = PLACE.exec(line) ?? [];
    if (path === undefined) continue;
    const quoted = QUOTE.exec(lines[index + offset + 2] ?? "")?.[1] ?? "";
    return `${locate(path, Number(row), quoted)}:${row}:${column}`;
  }
  return undefined;
}

function plain(message: string, place: string | undefined): string {
  const thrown = /^service core:user:(\S+): Uncaught (?:\w*Error: )?(.+)$/.exec(message);
  if (thrown) return `${thrown[1]} does not start: ${thrown[2]}`;
  return place === undefined ? message : `${place}: ${message}`;
}
