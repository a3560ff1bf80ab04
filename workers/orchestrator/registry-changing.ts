/**
 * What is changed in the registry at the front door: publishing, how a version stands, its rollout, and its probes. Decides nothing:
 * it says who is asking, and what they mean, and the registry answers.
 */
import type { Hono } from "hono";
import * as v from "valibot";
import { readJson, readOptionalJson } from "../../shared/a2a/body.ts";
import { RequestError } from "../../shared/a2a/errors.ts";
import { agentNames } from "../../shared/a2a/peers.ts";
import { forgetPublished } from "../../shared/a2a/published.ts";
import { optional, parseRequest, text } from "../../shared/a2a/request.ts";
import type { Scope } from "../../shared/auth/principal.ts";
import type { Change, Changed, RegistryRefusal } from "../../shared/registry/api.ts";
import { checkProbes } from "../../shared/registry/probe-rules.ts";
import type { RolloutChange } from "../../shared/registry/rollout.ts";
import { type Asking, asking, changing, type RegistryDoorEnv, refusalToError, shownTo } from "./registry-asking.ts";

/** What is part of the mesh, and what could be taken for it. */
const OWN_NAMES = ["orchestrator", "registry", "ledger", "mesh", "skein"] as const;

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
const SHARE = "must be a number from 0 to 1";
/** As GET shows it. */
const from = v.object({
  stage: v.picklist(["shadow", "canary", "ramp"], "must be shadow, canary or ramp"),
  share: v.pipe(v.number(SHARE), v.minValue(0, SHARE), v.maxValue(1, SHARE)),
});
const roll = v.object({ to: v.picklist(STEPS, `must be one of ${STEPS.join(", ")}`), reason, from: v.optional(from) });
const change = v.object({ version: optional(text), reason });
/** What is wrong needs a reason; that it is right again does not. */
const restoration = v.object({ version: optional(text), reason: v.optional(reason, "restored") });

/** @param base of the paths, without a slash at its end */
export function addChanging<E extends RegistryDoorEnv>(app: Hono<{ Bindings: E }>, base: string): void {
  app.post(`${base}/agents`, async (c) => {
    const asked = await asking(c, ["publish"]);
    const { registry, by, operates } = asked;
    const {
      url,
      name,
      probes,
      atOnce = false,
    } = parseRequest(publication, await readJson(c.req.raw, JSON_TYPES, { bytes: PUBLICATION_BYTES }));
    if (atOnce && !operates(by)) throw refusalToError(NOT_AT_ONCE);
    const published = await registry.publish({
      url,
      ...(atOnce && { atOnce }),
      ...(name !== undefined && { name }),
      ...(probes !== undefined && { probes: probesIn(probes) }),
      publisher: by,
      reserved: [...agentNames(c.env), ...OWN_NAMES],
    });
    if (!published.ok) throw refusalToError(published.refusal);
    forgetPublished();
    const { entry, checks, again } = published;
    const [shown] = await shownTo(asked, [entry]);
    return c.json({ entry: shown, checks, again }, again ? 200 : 201);
  });
  app.post(`${base}/agents/:name/rollout`, async (c) => {
    const asked = await asking(c, CHANGING);
    const { to, reason, from } = parseRequest(roll, await readJson(c.req.raw, JSON_TYPES));
    const name = c.req.param("name");
    const change = { name, to, reason, ...(from && { from }), ...(await changing(asked, name)) };
    return c.json({ entry: await changedEntry(asked, await asked.registry.roll(change)) });
  });
  app.post(`${base}/agents/:name/:action{deprecate|revoke|restore|quarantine}`, async (c) => {
    const asked = await asking(c, CHANGING);
    const { name, action } = c.req.param() as { name: string; action: keyof typeof TO };
    const { version, reason } = parseRequest(action === "restore" ? restoration : change, await readJson(c.req.raw, JSON_TYPES));
    const which = { name, ...(version !== undefined && { version }) };
    const changed = await asked.registry.change({ ...which, to: TO[action], reason, ...(await changing(asked, name)) });
    return c.json({ entry: await changedEntry(asked, changed) });
  });
  app.post(`${base}/agents/:name/probe`, async (c) => {
    const asked = await asking(c, CHANGING);
    await readOptionalJson(c.req.raw, JSON_TYPES);
    const name = c.req.param("name");
    const probed = await asked.registry.probe({ name, ...(await changing(asked, name)) });
    return c.json({ entry: await changedEntry(asked, probed) });
  });
}

/** @throws RequestError for a change that was refused */
async function changedEntry(asked: Asking, changed: Changed) {
  if (!changed.ok) throw refusalToError(changed.refusal);
  forgetPublished();
  const [entry] = await shownTo(asked, [changed.entry]);
  return entry;
}

function probesIn(said: unknown) {
  const checked = checkProbes(said);
  if (checked.ok) return checked.probes;
  const { field, problem } = checked.problem;
  throw new RequestError("invalid-params", `${field} ${problem}`, [{ field, description: problem }]);
}

const NOT_AT_ONCE: RegistryRefusal = {
  code: "forbidden",
  field: "atOnce",
  rule: "is an operator's to say",
  why: "only an operator lists a version that was not tried: leave it out, and the version is tried on calls first",
};
