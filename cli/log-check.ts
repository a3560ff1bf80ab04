/**
 * Whether a registry shows what its log says: of each version the card that was published, by a digest that is computed anew, and the
 * status that was given to it last. Pure; a log whose hashes do not hold is not worth comparing with.
 */
import { cardDigest } from "../shared/a2a/card/digest.ts";
import type { LogRow } from "../shared/registry/history.ts";
import type { Listed } from "./registry.ts";

/** A version as it is shown. Its card is not kept: thousands of them would be more than a terminal has room for. */
export interface Shown extends Pick<Listed, "name" | "version" | "digest" | "status"> {
  /** The digest of the card that is shown. */
  readonly computed: string;
}

/** @throws for a card that has no canonical form */
export function shownOf({ name, version, digest, status, card }: Listed): Shown {
  return { name, version, digest, status, computed: cardDigest(card) };
}

/**
 * @param shown all versions of all agents that the log knows
 * @param unread agents that could not be read: nobody knows what is shown of these
 * @returns a line for each thing that differs
 */
export function againstLog(rows: readonly LogRow[], shown: readonly Shown[], unread: readonly string[] = []): string[] {
  const said = new Map(rows.map((row) => [key(row), row]));
  const there = new Set(shown.map(key));
  const hidden = [...said.values()].filter((row) => !there.has(key(row)) && !unread.includes(row.name));
  return [
    ...shown.flatMap((each) => whyDifferent(said.get(key(each)), each)),
    ...hidden.map(({ name, version, seq }) => `the log knows ${name} ${version} (row ${seq}), which the registry does not show`),
  ];
}

function whyDifferent(row: LogRow | undefined, { name, version, digest, status, computed }: Shown): string[] {
  const which = `${name} ${version}`;
  if (!row) return [`the registry shows ${which}, of which its log does not know`];
  if (row.digest !== digest) return [`the card of ${which} is another one than the log says: ${digest}, not ${row.digest}`];
  // The digest is shown beside the card, and may be right where the card is not.
  if (row.digest !== computed)
    return [`the card that is shown of ${which} is not the one that was published: its digest is ${computed}, not ${row.digest}`];
  if (row.status !== status) return [`${which} is shown as ${status}, and its log says ${row.status} last (row ${row.seq})`];
  return [];
}

function key({ name, version }: { readonly name: string; readonly version: string }): string {
  return JSON.stringify([name, version]);
}
