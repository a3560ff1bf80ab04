/**
 * Reads a contract: YAML text in, a Contract or a ContractError out. Every error names file, line, what is wrong and how
 * to mend it, because the reader is an operator with the file open. Never fills in a default: a limit nobody wrote down
 * is a limit nobody knows. Reads no files itself.
 */
import * as v from "valibot";
import { type Document, isMap, isNode, isScalar, LineCounter, parseDocument } from "yaml";
import { type Contract, contractSchemas, type PolicyName } from "./contract.ts";
import { nearest } from "./nearest.ts";

export interface ContractError {
  readonly code: "bad-yaml" | "duplicate-key" | "wrong-policy" | "unknown-key" | "missing-key" | "bad-value";
  readonly file: string;
  /** Both from 1. */
  readonly line: number;
  readonly column: number;
  readonly message: string;
  /** What to do about it. */
  readonly mend: string;
}

export type Loaded<P extends PolicyName> =
  | { readonly ok: true; readonly contract: Contract<P> }
  | { readonly ok: false; readonly error: ContractError };

/**
 * @param policy whose contract it must be
 * @param text the file's content
 * @param file its path, for the error
 */
export function loadContract<P extends PolicyName>(policy: P, text: string, file: string): Loaded<P> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true, merge: false });
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(1, line), column: Math.max(1, col) };
  };

  const broken = document.errors[0];
  if (broken?.code === "DUPLICATE_KEY")
    return {
      ok: false,
      error: { code: "duplicate-key", ...at(broken.pos[0]), message: "this key is there twice", mend: "keep one of the two" },
    };
  if (broken)
    return {
      ok: false,
      error: { code: "bad-yaml", ...at(broken.pos[0]), message: `this is no YAML: ${broken.message}`, mend: "mend the syntax" },
    };
  if (!isMap(document.contents)) {
    const error = {
      code: "bad-yaml",
      ...at(0),
      message: "a contract is a list of `key: value` lines",
      mend: `begin with "policy: ${policy}"`,
    } as const;
    return { ok: false, error };
  }

  const values = plain(document);
  if (!values) {
    const message = "an alias (*name) leads nowhere, or multiplies without end";
    return { ok: false, error: { code: "bad-yaml", ...at(0), message, mend: "write the value out" } };
  }

  const result = v.safeParse(contractSchemas[policy], values);
  if (result.success) return { ok: true, contract: result.output as Contract<P> };
  return { ok: false, error: toContractError(policy, result.issues, document, values, at) };
}

/** @throws Error with one line that names file, line, what is wrong and how to mend it: for a Worker that must not start so */
export function readContract<P extends PolicyName>(policy: P, text: string, file: string): Contract<P> {
  const loaded = loadContract(policy, text, file);
  if (loaded.ok) return loaded.contract;
  throw new Error(describeContractError(loaded.error));
}

export function describeContractError({ file, line, column, message, mend }: ContractError): string {
  return `${file}:${line}:${column}: ${message}: ${mend}`;
}

/** Undefined when the aliases cannot be followed: `yaml` finds that out only here, by throwing. */
function plain(document: Document): Record<string, unknown> | undefined {
  try {
    return document.toJS({ maxAliasCount: 20 }) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

function toContractError(
  policy: PolicyName,
  issues: readonly v.BaseIssue<unknown>[],
  document: Document,
  values: Record<string, unknown>,
  at: (offset: number) => { file: string; line: number; column: number },
): ContractError {
  const schema = contractSchemas[policy];
  const known = Object.keys(schema.entries);
  const keyOf = (issue: v.BaseIssue<unknown>) => String(issue.path?.[0]?.key ?? "");

  // The wrong policy first: every other complaint about such a file would mislead. Then what was misspelt, because a
  // misspelt key is also a missing one, and the misspelling is what the reader has to find.
  const wrongPolicy = issues.find((issue) => keyOf(issue) === "policy");
  const unknown = issues.find((issue) => issue.type === "strict_object" && !known.includes(keyOf(issue)));
  const issue = wrongPolicy ?? unknown ?? issues[0];
  const key = issue ? keyOf(issue) : "";
  const place = positionOf(document, key);

  if (issue === unknown && issue) {
    const near = nearest(key, known);
    const mend = near ? `did you mean "${near}"?` : `take it out; known are ${known.join(", ")}`;
    return { code: "unknown-key", ...at(place.key), message: `"${key}" is no field of a ${policy} contract`, mend };
  }
  if (!document.has(key)) {
    return { code: "missing-key", ...at(0), message: `the field "${key}" is missing`, mend: `add "${key}": it ${ruleOf(policy, key)}` };
  }
  const found = JSON.stringify(values[key]) ?? "nothing";
  const code = issue === wrongPolicy ? "wrong-policy" : "bad-value";
  return { code, ...at(place.value), message: `"${key}" is ${found}`, mend: `it ${issue?.message ?? "is wrong"}` };
}

/** The rule of a missing field, asked from its own schema, so that it is written down once. */
function ruleOf(policy: PolicyName, key: string): string {
  const entries: Record<string, v.GenericSchema> = contractSchemas[policy].entries;
  const entry = entries[key];
  if (!entry) return "must be there";
  return v.safeParse(entry, undefined).issues?.[0]?.message ?? "must be there";
}

/** Where in the text a key and its value stand; the document's begin when the key is not there. */
function positionOf(document: Document, key: string): { key: number; value: number } {
  if (!isMap(document.contents)) return { key: 0, value: 0 };
  const pair = document.contents.items.find(({ key: node }) => isScalar(node) && String(node.value) === key);
  const start = pair && isNode(pair.key) ? (pair.key.range?.[0] ?? 0) : 0;
  return { key: start, value: pair && isNode(pair.value) ? (pair.value.range?.[0] ?? start) : start };
}
