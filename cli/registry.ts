/**
 * Asks a mesh's registry over HTTP: the paths below `/registry`, which are no part of A2A. A refusal comes out as one line that says
 * what to do, and below it each field and the rule that it was held to.
 */
import type { Check, Found } from "../shared/registry/api.ts";
import type { Entry } from "../shared/registry/entry.ts";
import type { SkillEvidence } from "../shared/registry/evidence.ts";
import type { LogPage, LogRow } from "../shared/registry/history.ts";
import type { Probe } from "../shared/registry/probe.ts";
import type { RolloutChange, RolloutReport } from "../shared/registry/rollout.ts";
import { askMesh, MeshRefusal } from "./ask-mesh.ts";
import type { Credentials } from "./credentials.ts";
import { CommandError } from "./terminal.ts";

/** A version as the registry shows it. */
export interface Listed extends Entry {
  /** By skill; of the version that is called. */
  readonly evidence?: Readonly<Record<string, SkillEvidence>>;
}

export interface PublishedAnswer {
  readonly entry: Listed;
  readonly checks: readonly Check[];
  readonly again: boolean;
}

export type Verb = "deprecate" | "revoke" | "restore" | "quarantine" | "probe";

/** Where a registry is, and who asks. */
export interface Registry {
  readonly mesh: string;
  readonly credentials: Credentials | undefined;
}

/** A log, or a list, longer than this many pages is none that a mesh of ours keeps. */
const PAGES = 10_000;

export interface Publishing {
  readonly url: string;
  /** Which agent is meant, where that is known. */
  readonly name?: string;
  readonly probes?: readonly Probe[];
  /** Listed without a rollout. */
  readonly atOnce?: boolean;
}

export async function publishAt(registry: Registry, publication: Publishing): Promise<PublishedAnswer> {
  return (await ask(registry, "agents", publication)) as PublishedAnswer;
}

/** Of each agent the version that is called; all of them, page by page. */
export async function agentsAt(registry: Registry): Promise<readonly Listed[]> {
  const listed: Listed[] = [];
  let query = "";
  for (let page = 0; page < PAGES; page++) {
    const { agents, next } = (await ask(registry, `agents${query}`)) as { agents: readonly Listed[]; next?: string };
    listed.push(...agents);
    if (next === undefined) return listed;
    query = `?${new URLSearchParams({ after: next })}`;
  }
  throw endless(registry, "list");
}

/** The latest first. @returns undefined where no agent is published under the name */
export async function versionsAt(registry: Registry, name: string): Promise<readonly Listed[] | undefined> {
  const listed: Listed[] = [];
  for await (const versions of versionPagesAt(registry, name)) listed.push(...versions);
  return listed.length > 0 ? listed : undefined;
}

/** The latest first, page by page: nobody has to keep all of their cards. None where no agent is published under the name. */
export async function* versionPagesAt(registry: Registry, name: string): AsyncGenerator<readonly Listed[]> {
  let query = "";
  for (let page = 0; page < PAGES; page++) {
    const read = await versionPageAt(registry, name, query);
    if (!read) return;
    yield read.versions;
    if (read.next === undefined) return;
    query = `?${new URLSearchParams({ after: read.next })}`;
  }
  throw endless(registry, `list of versions of ${name}`);
}

async function versionPageAt(registry: Registry, name: string, query: string) {
  try {
    return (await ask(registry, `agents/${encodeURIComponent(name)}${query}`)) as { versions: readonly Listed[]; next?: string };
  } catch (error) {
    if (error instanceof MeshRefusal && error.reason === "AGENT_NOT_FOUND") return undefined;
    throw error;
  }
}

/** @returns how the version stands then; of all, the latest that was changed */
export async function changeAt(
  registry: Registry,
  name: string,
  verb: Verb,
  said: { version?: string | undefined; reason?: string | undefined } = {},
): Promise<Listed> {
  return ((await ask(registry, `agents/${encodeURIComponent(name)}/${verb}`, said)) as { entry: Listed }).entry;
}

/** @param more how many at most, and what counts how much */
export async function searchAt(registry: Registry, need: string, more: Readonly<Record<string, number>>): Promise<readonly Found[]> {
  const query = new URLSearchParams({ need });
  for (const [name, value] of Object.entries(more)) query.set(name, String(value));
  return ((await ask(registry, `search?${query}`)) as { found: readonly Found[] }).found;
}

/** All of it, from the first row on, or from the one after a position. */
export async function logAt(registry: Registry, after = 0): Promise<readonly LogRow[]> {
  const rows: LogRow[] = [];
  for (let page = 0; page < PAGES; page++) {
    const read = (await ask(registry, `log?limit=1000&after=${rows.at(-1)?.seq ?? after}`)) as LogPage;
    rows.push(...read.rows);
    if (read.rows.length === 0 || (rows.at(-1)?.seq ?? 0) >= read.last) return rows;
  }
  throw endless(registry, "log");
}

/** All that are under way. */
export async function rolloutsAt(registry: Registry): Promise<readonly RolloutReport[]> {
  return ((await ask(registry, "rollouts")) as { rollouts: readonly RolloutReport[] }).rollouts;
}

/** @returns undefined where no version of the agent is being tried */
export async function rolloutAt(registry: Registry, name: string): Promise<RolloutReport | undefined> {
  return ((await ask(registry, `agents/${encodeURIComponent(name)}/rollout`)) as { rollout?: RolloutReport }).rollout;
}

/** Sends a rollout on, or back. @returns how the candidate stands then */
export async function rollAt(registry: Registry, name: string, change: Pick<RolloutChange, "to" | "reason" | "from">): Promise<Listed> {
  return ((await ask(registry, `agents/${encodeURIComponent(name)}/rollout`, change)) as { entry: Listed }).entry;
}

function endless({ mesh }: Registry, what: string): CommandError {
  return new CommandError(`the ${what} has no end: what ${mesh} serves is no ${what} of a registry`);
}

async function ask({ mesh, credentials }: Registry, path: string, body?: object): Promise<unknown> {
  try {
    return await askMesh(mesh, `registry/${path}`, credentials, body);
  } catch (error) {
    if (!(error instanceof MeshRefusal) || error.rules.length === 0) throw error;
    const rules = error.rules.map(({ field, description }) => (description.startsWith(field) ? description : `${field} ${description}`));
    throw new MeshRefusal([error.message, ...rules.map((rule) => `the rule: ${rule}`)].join("\n  "), error.status, error);
  }
}
