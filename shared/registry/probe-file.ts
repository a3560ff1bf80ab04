/**
 * Reads the content of `agent-cards/<name>.probes.yaml`: text in, probes or an error out that names file, line and field, because its
 * reader has the file open. What probes must be is in probe-rules.ts. Reads no files itself.
 */
import { type Document, isMap, isNode, isScalar, LineCounter, parseDocument } from "yaml";
import type { Probe } from "./probe.ts";
import { checkProbes } from "./probe-rules.ts";

export interface ProbeFileError {
  readonly file: string;
  /** Both from 1. */
  readonly line: number;
  readonly column: number;
  /** Such as `probes[0].expect.number.within`; empty when it is about the whole file. */
  readonly field: string;
  /** What is wrong, and what it must be. */
  readonly message: string;
}

export type ReadProbes = { readonly ok: true; readonly probes: readonly Probe[] } | { readonly ok: false; readonly error: ProbeFileError };

type Path = readonly (string | number)[];

/** A file has far less; what is not read cannot be slow. Characters. */
const MOST_TEXT = 1_000_000;

/**
 * @param text the file's content: `probes:` and a list
 * @param file its path, for the error
 * @param skills ids of the card's skills, where the card is there
 */
export function parseProbes(text: string, file: string, skills?: readonly string[]): ReadProbes {
  const lines = new LineCounter();
  const fail = (offset: number, field: string, message: string): ReadProbes => {
    const { line, col } = lines.linePos(offset);
    return { ok: false, error: { file, line: Math.max(1, line), column: Math.max(1, col), field, message } };
  };
  if (text.length > MOST_TEXT) return fail(0, "", `must have at most ${MOST_TEXT} characters`);

  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true, merge: false });
  const [broken] = document.errors;
  if (broken) return fail(broken.pos[0], "", `is no YAML: ${broken.message.split("\n")[0]}`);
  const stray = isMap(document.contents) ? document.contents.items.find(({ key }) => !isScalar(key) || key.value !== "probes") : undefined;
  if (!isMap(document.contents) || document.contents.items.length === 0)
    return fail(0, "", 'must begin with "probes:" and a list below it');
  if (stray) {
    const name = isScalar(stray.key) ? String(stray.key.value) : "a key";
    return fail(startOf(stray.key), name, 'is not known there: the file holds "probes" and nothing else');
  }
  const values = plain(document);
  if (!values) return fail(0, "", "has an alias (*name) that leads nowhere, or multiplies without end: write the value out");
  const checked = checkProbes(values["probes"], skills);
  if (checked.ok) return checked;
  const { path, field, problem } = checked.problem;
  return fail(offsetOf(document, ["probes", ...path]), field, problem);
}

/** One line, for a terminal. */
export function describeProbeFileError({ file, line, column, field, message }: ProbeFileError): string {
  return `${file}:${line}:${column}: ${field === "" ? "it" : field} ${message}`;
}

/** Undefined when the aliases cannot be followed: `yaml` finds that out only here, by throwing. */
function plain(document: Document): Record<string, unknown> | undefined {
  try {
    return document.toJS({ maxAliasCount: 20 }) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

/** Where a field stands; where its nearest parent does when it is missing. A key is shown where it is written, not its value. */
function offsetOf(document: Document, path: Path): number {
  for (let length = path.length; length > 0; length--) {
    const parent = document.getIn(path.slice(0, length - 1), true);
    const last = path[length - 1];
    if (isMap(parent)) {
      const pair = parent.items.find(({ key }) => isScalar(key) && String(key.value) === String(last));
      if (pair) return startOf(pair.key);
    }
    const node = document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return 0;
}

function startOf(node: unknown): number {
  return isNode(node) ? (node.range?.[0] ?? 0) : 0;
}
