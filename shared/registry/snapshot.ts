/**
 * How readers keep up with the registry: of a snapshot that they have, and what has changed since, one snapshot. Pure. Nothing that
 * was published ever disappears, so what is not among the changes is as it was.
 */
import type { Snapshot } from "./entry.ts";

/** @param read what the registry answered to somebody who knew `before`, or an earlier one */
export function upToDate(before: Snapshot | undefined, read: Snapshot): Snapshot {
  if (read.since === undefined) return read;
  // Answers may overtake each other.
  if (before === undefined || before.revision < read.since || before.revision >= read.revision)
    return before ?? { revision: 0, entries: [] };
  const entries = new Map([...before.entries, ...read.entries].map((entry) => [entry.name, entry]));
  return { revision: read.revision, entries: [...entries.values()] };
}
