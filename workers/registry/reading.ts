/** What is read of the registry's store for whoever looks at agents: in pages, because an answer over RPC has a largest size. */
import { type EntryPage, MOST_VERSIONS_READ } from "../../shared/registry/api.ts";
import type { Entry } from "../../shared/registry/entry.ts";
import { calledVersion, latestFirst } from "../../shared/registry/standing.ts";
import { compareVersions } from "../../shared/registry/versions.ts";
import type { RegistryStore } from "./registry-store.ts";

/** A page ends with the entry that goes beyond so much. Characters of JSON. */
const MOST_PAGE = 4_000_000;

/** Of each agent the version that is called, by name. @param after names that come after this one only */
export function calledPage(store: RegistryStore, after: string, limit: number): EntryPage {
  const entries: Entry[] = [];
  let chars = 0;
  for (const name of store.names().filter((each) => each > after)) {
    const next = entries.at(-1)?.name;
    if (next !== undefined && (entries.length >= limit || chars > MOST_PAGE)) return { entries, next };
    const called = calledVersion(store.held(name));
    const entry = called && store.entry(name, called.version);
    if (!entry) continue;
    entries.push(entry);
    chars += JSON.stringify(entry).length;
  }
  return { entries };
}

/** The latest first. @param after versions that come before this one only */
export function versionsPage(store: RegistryStore, name: string, after: string | undefined, limit: number): Entry[] {
  const held = latestFirst(store.held(name)).filter(({ version }) => after === undefined || compareVersions(version, after) < 0);
  return held.slice(0, Math.min(limit, MOST_VERSIONS_READ)).flatMap(({ version }) => store.entry(name, version) ?? []);
}
