/**
 * Whether a registry shows what its log says: of each agent the card that was published, and the status that was given to it last.
 * Pure; a log whose hashes do not hold is not worth comparing with.
 */
import type { LogRow } from "../shared/registry/history.ts";
import type { Listed } from "./registry.ts";

/** @returns a line for each thing that differs */
export function againstLog(rows: readonly LogRow[], shown: readonly Pick<Listed, "name" | "version" | "digest" | "status">[]): string[] {
  const said = new Map(rows.map((row) => [key(row), row]));
  return shown.flatMap((each) => {
    const row = said.get(key(each));
    const which = `${each.name} ${each.version}`;
    if (!row) return [`the registry shows ${which}, of which its log does not know`];
    if (row.digest !== each.digest) return [`the card of ${which} is another one than the log says: ${each.digest}, not ${row.digest}`];
    if (row.status !== each.status) return [`${which} is shown as ${each.status}, and its log says ${row.status} last (row ${row.seq})`];
    return [];
  });
}

function key({ name, version }: { readonly name: string; readonly version: string }): string {
  return JSON.stringify([name, version]);
}
