/**
 * What the suite is made of: requirements as data. Each says where it stands in the specification, how binding it is and how
 * an HTTP client can see it; nothing here knows a server. (Sections are those of the A2A specification 1.0.1.)
 */
import type { Probe } from "./probe.ts";

/** The words of RFC 2119; SKEIN is for extensions of ours, looked at only where a card declares them. */
export type Level = "MUST" | "SHOULD" | "MAY" | "SKEIN";

export const BINDINGS = ["JSONRPC", "HTTP+JSON"] as const;
export type Binding = (typeof BINDINGS)[number];

export interface Requirement {
  /** Stable, so that results of different days and servers can be laid side by side. */
  readonly id: string;
  /** Of the specification; for SKEIN the extension's URI. */
  readonly section: string;
  readonly level: Level;
  /** The rule, in the present tense. */
  readonly title: string;
  /** The file it stands in. */
  readonly theme: string;
  /** Tried through each of these; an empty list is for what has no binding, such as the card. */
  readonly bindings: readonly Binding[];
  /** Resolves when the rule was seen to hold. @throws Failure or NotShown */
  readonly run: (probe: Probe) => Promise<void>;
}

export type Written = Omit<Requirement, "theme" | "bindings"> & { readonly bindings?: readonly Binding[] };

/** The requirements of one file; both bindings, unless one says otherwise. */
export function requirements(theme: string, written: readonly Written[]): readonly Requirement[] {
  return written.map((each) => ({ bindings: BINDINGS, ...each, theme }));
}

/** The rule was broken, in words for whoever has to mend it. */
export class Failure extends Error {
  override readonly name = "Failure";
  readonly expected: string;
  readonly actual: string;

  constructor(expected: string, actual: string) {
    super(`expected ${expected}, got ${actual}`);
    this.expected = expected;
    this.actual = actual;
  }
}

/** Nothing was seen of the rule, neither good nor bad: what it takes is missing. Never counted as passed. */
export class NotShown extends Error {
  override readonly name = "NotShown";
}
