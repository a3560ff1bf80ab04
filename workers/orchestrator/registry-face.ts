/**
 * The registry, for people and programs outside the mesh: `/registry/…` at the front door, because what is published is published to
 * the mesh and to no single agent. Decides nothing: it says who is asking, and what they mean, and the registry answers.
 */
import { type Context, Hono } from "hono";
import * as v from "valibot";
import { drain, readJson, readOptionalJson } from "../../shared/a2a/body.ts";
import { type ErrorCode, RequestError, toRequestError } from "../../shared/a2a/errors.ts";
import { answerHttpJson, onlyFor } from "../../shared/a2a/http-json.ts";
import { wholeNumber } from "../../shared/a2a/path.ts";
import { agentNames } from "../../shared/a2a/peers.ts";
import { forgetPublished } from "../../shared/a2a/published.ts";
import { optional, parseRequest, text } from "../../shared/a2a/request.ts";
import type { AuthEnv } from "../../shared/auth/authenticate.ts";
import { type Principal, principalKey, type Scope } from "../../shared/auth/principal.ts";
import { PREFERENCES } from "../../shared/host/governance/governor.ts";
import type { Change, Changed, RegistryApi, RegistryEnv, RegistryRefusal } from "../../shared/registry/api.ts";
import type { Entry } from "../../shared/registry/entry.ts";
import { checkProbes } from "../../shared/registry/probe-rules.ts";
import type { RolloutChange, RolloutReport } from "../../shared/registry/rollout.ts";
import { tenantCaller } from "./tenant-caller.ts";

type Env = AuthEnv & RegistryEnv;

/** What is part of the mesh, and what could be taken for it. */
const OWN_NAMES = ["orchestrator", "registry", "ledger", "mesh", "skein"] as const;

const READING = ["call", "publish", "operate"] as const satisfies readonly Scope[];
const CHANGING = ["publish", "operate"] as const satisfies readonly Scope[];
const TO = { deprecate: "deprecated", revoke: "revoked", restore: "listed", quarantine: "quarantined" } as const satisfies Record<
  string,
  Change["to"]
>;
/** Probes are texts; a card is fetched and never sent. */
const PUBLICATION_BYTES = 512 * 1024;
const JSON_TYPES = ["application/json"];

const publication = v.object({
  url: v.pipe(v.string(), v.nonEmpty("must not be empty"), v.maxLength(2_048, "must be at most 2048 characters")),
  name: optional(text),
  probes: v.optional(v.unknown()),
  atOnce: v.optional(v.boolean("must be true or false")),
});
const reason = v.pipe(v.string(), v.regex(/\S/, "must say why"), v.maxLength(500, "must be at most 500 characters"));
const STEPS = ["shadow", "canary", "ramp", "active", "back"] as const satisfies readonly RolloutChange["to"][];
const roll = v.object({ to: v.picklist(STEPS, `must be one of ${STEPS.join(", ")}`), reason });
const change = v.object({ version: optional(text), reason });
/** What is wrong needs a reason; that it is right again does not. */
const restoration = v.object({ version: optional(text), reason: v.optional(reason, "restored") });

const rule = (from: number, to: number) => `must be a whole number from ${from} to ${to}`;
const whole = (from: number, to: number) =>
  v.pipe(v.number(rule(from, to)), v.integer(rule(from, to)), v.minValue(from, rule(from, to)), v.maxValue(to, rule(from, to)));
const share = v.optional(
  v.pipe(v.string(), v.regex(/^(0(\.\d{1,6})?|1(\.0{1,6})?)$/, "must be a number from 0 to 1"), v.transform(Number)),
);
const search = v.object({ need: text, limit: v.optional(whole(1, 100), 10), accuracy: share, cost: share, latency: share });
const page = v.object({ after: optional(text), limit: v.optional(whole(1, 1_000), 100) });
const log = v.object({ after: v.optional(whole(0, Number.MAX_SAFE_INTEGER), 0), limit: v.optional(whole(1, 1_000), 100) });

export function registryFace<E extends Env>(): Hono<{ Bindings: E }> {
  const app = new Hono<{ Bindings: E }>();
  for (const prefix of ["", "/:tenant"]) {
    const base = `${prefix}/registry`;
    app.get(`${base}/agents`, async (c) => {
      const { registry } = await asking(c, READING);
      const { after, limit } = parseRequest(page, numbered(c.req.query(), "limit"));
      const [entries, more] = firstOf(await registry.entries(after, limit + 1), limit);
      const next = more ? entries.at(-1)?.name : undefined;
      return c.json({ agents: await withEvidence(registry, entries), ...(next !== undefined && { next }) });
    });
    app.post(`${base}/agents`, async (c) => {
      const { registry, principal, isOperator } = await asking(c, ["publish"]);
      const {
        url,
        name,
        probes,
        atOnce = false,
      } = parseRequest(publication, await readJson(c.req.raw, JSON_TYPES, { bytes: PUBLICATION_BYTES }));
      if (atOnce && !isOperator) throw refusalToError(NOT_AT_ONCE);
      const published = await registry.publish({
        url,
        ...(atOnce && { atOnce }),
        ...(name !== undefined && { name }),
        ...(probes !== undefined && { probes: probesIn(probes) }),
        publisher: principalKey(principal),
        reserved: [...agentNames(c.env), ...OWN_NAMES],
      });
      if (!published.ok) throw refusalToError(published.refusal);
      forgetPublished();
      const { entry, checks, again } = published;
      const [shown] = await withEvidence(registry, [entry]);
      return c.json({ entry: shown, checks, again }, again ? 200 : 201);
    });
    app.get(`${base}/agents/:name`, async (c) => {
      const { registry } = await asking(c, READING);
      const name = c.req.param("name");
      const versions = await registry.versions(name);
      if (versions.length === 0) throw nobody(name);
      return c.json({ name, versions: await withEvidence(registry, versions), ...(await rolloutOf(registry, name)) });
    });
    app.get(`${base}/agents/:name/rollout`, async (c) => {
      const { registry } = await asking(c, READING);
      const name = c.req.param("name");
      const under = await rolloutOf(registry, name);
      if (!under.rollout && (await registry.versions(name)).length === 0) throw nobody(name);
      return c.json(under);
    });
    app.post(`${base}/agents/:name/rollout`, async (c) => {
      const { registry, principal, isOperator } = await asking(c, CHANGING);
      const { to, reason } = parseRequest(roll, await readJson(c.req.raw, JSON_TYPES));
      const change = { name: c.req.param("name"), to, reason, by: principalKey(principal), isOperator };
      return c.json({ entry: await changedEntry(registry, await registry.roll(change)) });
    });
    app.get(`${base}/rollouts`, async (c) => {
      const { registry } = await asking(c, READING);
      return c.json({ rollouts: await registry.rollouts() });
    });
    app.post(`${base}/agents/:name/:action{deprecate|revoke|restore|quarantine}`, async (c) => {
      const { registry, principal, isOperator } = await asking(c, CHANGING);
      const { name, action } = c.req.param() as { name: string; action: keyof typeof TO };
      const { version, reason } = parseRequest(action === "restore" ? restoration : change, await readJson(c.req.raw, JSON_TYPES));
      const which = { name, ...(version !== undefined && { version }) };
      const changed = await registry.change({ ...which, to: TO[action], reason, by: principalKey(principal), isOperator });
      return c.json({ entry: await changedEntry(registry, changed) });
    });
    app.post(`${base}/agents/:name/probe`, async (c) => {
      const { registry, principal, isOperator } = await asking(c, CHANGING);
      await readOptionalJson(c.req.raw, JSON_TYPES);
      const probed = await registry.probe({ name: c.req.param("name"), by: principalKey(principal), isOperator });
      return c.json({ entry: await changedEntry(registry, probed) });
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
    app.all(`${base}/agents`, onlyFor("GET", "POST"));
    app.all(`${base}/agents/:name`, onlyFor("GET"));
    app.all(`${base}/agents/:name/rollout`, onlyFor("GET", "POST"));
    app.all(`${base}/rollouts`, onlyFor("GET"));
    app.all(`${base}/agents/:name/:action{deprecate|revoke|restore|quarantine|probe}`, onlyFor("POST"));
    app.all(`${base}/search`, onlyFor("GET"));
    app.all(`${base}/log`, onlyFor("GET"));
  }
  app.onError(async (error, c) => {
    await drain(c.req.raw);
    return answerHttpJson(toRequestError(error));
  });
  return app;
}

interface Asking {
  readonly registry: RegistryApi;
  readonly principal: Principal;
  readonly isOperator: boolean;
}

/** @throws RequestError for whoever has none of the scopes, or where there is no registry */
async function asking<E extends Env>(c: Context<{ Bindings: E }>, anyOf: readonly [Scope, ...Scope[]]): Promise<Asking> {
  const principal = await tenantCaller(c, anyOf);
  const registry = c.env.REGISTRY;
  if (!registry)
    throw new RequestError(
      "unavailable",
      "this mesh has no registry: bind REGISTRY to the Registry of skein-registry, as wrangler.toml does",
    );
  return { registry, principal, isOperator: principal.scopes.includes("operate") };
}

/** Each with what was measured of it, where it is the version that is called, or the one that is tried. */
async function withEvidence(registry: RegistryApi, entries: readonly Entry[]) {
  const called = new Map((await registry.snapshot())?.entries.map((each) => [each.name, each]));
  return entries.map((entry) => {
    const shown = called.get(entry.name);
    const measured = [shown, shown?.candidate].find((each) => each?.version === entry.version);
    return measured?.evidence ? { ...entry, evidence: measured.evidence } : entry;
  });
}

async function rolloutOf(registry: RegistryApi, name: string): Promise<{ rollout?: RolloutReport }> {
  const [rollout] = await registry.rollouts(name);
  return rollout ? { rollout } : {};
}

/** @throws RequestError for a change that was refused */
async function changedEntry(registry: RegistryApi, changed: Changed) {
  if (!changed.ok) throw refusalToError(changed.refusal);
  forgetPublished();
  const [entry] = await withEvidence(registry, [changed.entry]);
  return entry;
}

function probesIn(said: unknown) {
  const checked = checkProbes(said);
  if (checked.ok) return checked.probes;
  const { field, problem } = checked.problem;
  throw new RequestError("invalid-params", `${field} ${problem}`, [{ field, description: problem }]);
}

function firstOf<T>(items: readonly T[], most: number): readonly [readonly T[], more: boolean] {
  return [items.slice(0, most), items.length > most];
}

const NOT_AT_ONCE: RegistryRefusal = {
  code: "forbidden",
  field: "atOnce",
  rule: "is an operator's to say",
  why: "only an operator lists a version that was not tried: leave it out, and the version is tried on calls first",
};

const REFUSED = {
  invalid: "invalid-params",
  forbidden: "permission-denied",
  conflict: "agent-conflict",
  "not-found": "agent-not-found",
  unreachable: "agent-unreachable",
} as const satisfies Record<RegistryRefusal["code"], ErrorCode>;

/** What is wrong is said first; which rule it is about, for whoever wants to look it up. */
function refusalToError({ code, field, rule, why }: RegistryRefusal): RequestError {
  return new RequestError(REFUSED[code], `${field}: ${why}`, [{ field, description: `${field} ${rule}` }]);
}

function nobody(name: string): RequestError {
  const shown = name.slice(0, 100).toWellFormed();
  return new RequestError("agent-not-found", `no agent is published as "${shown}": GET /registry/agents says which are`, [
    { field: "name", description: "name is published" },
  ]);
}

/** Numbers are text in a query. */
function numbered(query: Record<string, string>, ...names: readonly string[]): Record<string, string | number> {
  return Object.fromEntries(Object.entries(query).map(([name, said]) => [name, names.includes(name) ? wholeNumber(said) : said]));
}
