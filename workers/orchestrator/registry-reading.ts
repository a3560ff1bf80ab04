/**
 * What is read of the registry at the front door: who is published, how each stands and is measured, what fits a need, and the log.
 * Changes nothing.
 */
import type { Hono } from "hono";
import * as v from "valibot";
import { RequestError } from "../../shared/a2a/errors.ts";
import { wholeNumber } from "../../shared/a2a/path.ts";
import { optional, parseRequest, text } from "../../shared/a2a/request.ts";
import type { Scope } from "../../shared/auth/principal.ts";
import { PREFERENCES } from "../../shared/host/governance/governor.ts";
import { MOST_VERSIONS_READ, type RegistryApi } from "../../shared/registry/api.ts";
import type { RolloutReport } from "../../shared/registry/rollout.ts";
import { isSemantic } from "../../shared/registry/versions.ts";
import { asking, nobody, type RegistryDoorEnv, shownTo } from "./registry-asking.ts";

const READING = ["call", "publish", "operate"] as const satisfies readonly Scope[];

/** One more is read, to know whether there is one. */
const MOST_VERSIONS = MOST_VERSIONS_READ - 1;

const rule = (from: number, to: number) => `must be a whole number from ${from} to ${to}`;
const whole = (from: number, to: number) =>
  v.pipe(v.number(rule(from, to)), v.integer(rule(from, to)), v.minValue(from, rule(from, to)), v.maxValue(to, rule(from, to)));
const share = v.optional(
  v.pipe(v.string(), v.regex(/^(0(\.\d{1,6})?|1(\.0{1,6})?)$/, "must be a number from 0 to 1"), v.transform(Number)),
);
const search = v.object({ need: text, limit: v.optional(whole(1, 100), 10), accuracy: share, cost: share, latency: share });
const page = v.object({ after: optional(text), limit: v.optional(whole(1, 1_000), 100) });
/** Each has its card and its probes. */
const versionsPage = v.object({ after: optional(text), limit: v.optional(whole(1, MOST_VERSIONS), MOST_VERSIONS) });
const log = v.object({ after: v.optional(whole(0, Number.MAX_SAFE_INTEGER), 0), limit: v.optional(whole(1, 1_000), 100) });

/** @param base of the paths, without a slash at its end */
export function addReading<E extends RegistryDoorEnv>(app: Hono<{ Bindings: E }>, base: string): void {
  app.get(`${base}/agents`, async (c) => {
    const asked = await asking(c, READING);
    const { after, limit } = parseRequest(page, numbered(c.req.query(), "limit"));
    const { entries, next } = await asked.registry.entries(after, limit);
    return c.json({ agents: await shownTo(asked, entries), ...(next !== undefined && { next }) });
  });
  app.get(`${base}/agents/:name`, async (c) => {
    const asked = await asking(c, READING);
    const { registry } = asked;
    const name = c.req.param("name");
    const { after, limit } = parseRequest(versionsPage, numbered(c.req.query(), "limit"));
    if (after !== undefined && !isSemantic(after)) throw noVersion(after);
    const [versions, more] = firstOf(await registry.versions(name, after, limit + 1), limit);
    // Who is after the last version of somebody's is told so by an empty page.
    if (versions.length === 0 && (after === undefined || !(await isPublished(registry, name)))) throw nobody(name);
    const next = more ? versions.at(-1)?.version : undefined;
    const shown = { name, versions: await shownTo(asked, versions), ...(next !== undefined && { next }) };
    return c.json({ ...shown, ...(await rolloutOf(registry, name)) });
  });
  app.get(`${base}/agents/:name/rollout`, async (c) => {
    const { registry } = await asking(c, READING);
    const name = c.req.param("name");
    const under = await rolloutOf(registry, name);
    if (!under.rollout && !(await isPublished(registry, name))) throw nobody(name);
    return c.json(under);
  });
  app.get(`${base}/rollouts`, async (c) => {
    const { registry } = await asking(c, READING);
    return c.json({ rollouts: await registry.rollouts() });
  });
  app.get(`${base}/search`, async (c) => {
    const { registry } = await asking(c, READING);
    const { need, limit, accuracy, cost, latency } = parseRequest(search, numbered(c.req.query(), "limit"));
    const { accuracy: a, cost: b, latency: d } = PREFERENCES;
    const preferences = { accuracy: accuracy ?? a, cost: cost ?? b, latency: latency ?? d };
    return c.json({ found: await registry.find(need, preferences, limit) });
  });
  app.get(`${base}/log`, async (c) => {
    const { registry } = await asking(c, READING);
    const { after, limit } = parseRequest(log, numbered(c.req.query(), "after", "limit"));
    return c.json(await registry.log(after, limit));
  });
}

async function rolloutOf(registry: RegistryApi, name: string): Promise<{ rollout?: RolloutReport }> {
  const [rollout] = await registry.rollouts(name);
  return rollout ? { rollout } : {};
}

async function isPublished(registry: RegistryApi, name: string): Promise<boolean> {
  return (await registry.versions(name, undefined, 1)).length > 0;
}

function noVersion(said: string): RequestError {
  const why = `must be the "next" of the page before, which is a version such as 1.0.0`;
  return new RequestError("invalid-params", `after ${why}: "${said.slice(0, 100).toWellFormed()}" is none`, [
    { field: "after", description: why },
  ]);
}

function firstOf<T>(items: readonly T[], most: number): readonly [readonly T[], more: boolean] {
  return [items.slice(0, most), items.length > most];
}

/** Numbers are text in a query. */
function numbered(query: Record<string, string>, ...names: readonly string[]): Record<string, string | number> {
  return Object.fromEntries(Object.entries(query).map(([name, said]) => [name, names.includes(name) ? wholeNumber(said) : said]));
}
