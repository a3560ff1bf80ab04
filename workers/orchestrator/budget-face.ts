/**
 * What a tenant may spend, for its operators: the accounts, a raise, and what was refused or lied about. Only at the front
 * door, because a budget is a tenant's and no agent's. Decides nothing: it asks the tenant's budget object.
 */
import { type Context, Hono } from "hono";
import * as v from "valibot";
import { raisedBy } from "../../shared/a2a/amounts.ts";
import { drain, readJson } from "../../shared/a2a/body.ts";
import { RequestError, toRequestError } from "../../shared/a2a/errors.ts";
import { answerHttpJson, onlyFor } from "../../shared/a2a/http-json.ts";
import { parseRequest } from "../../shared/a2a/request.ts";
import { requestKey } from "../../shared/a2a/resume.ts";
import type { AuthEnv } from "../../shared/auth/authenticate.ts";
import type { Principal } from "../../shared/auth/principal.ts";
import type { BudgetApi } from "../../shared/host/governance/api.ts";
import type { GovernanceEnv } from "../../shared/host/governance/env.ts";
import { tenantCaller } from "./tenant-caller.ts";

const raise = v.object({
  account: v.pipe(
    v.string('must be "tenant", or an app\'s as "app:<name>"'),
    v.regex(/^(tenant|app:.{1,256})$/u, 'must be "tenant", or an app\'s as "app:<name>"'),
  ),
  by: raisedBy,
});

type Env = AuthEnv & GovernanceEnv;

interface Operator {
  readonly principal: Principal;
  readonly budget: BudgetApi;
}

export function budgetFace<E extends Env>(): Hono<{ Bindings: E }> {
  const app = new Hono<{ Bindings: E }>();
  for (const prefix of ["", "/:tenant"]) {
    const base = `${prefix}/governance`;
    app.get(`${base}/budget`, async (c) => {
      const { principal, budget } = await operator(c);
      return c.json({ tenant: principal.tenant, accounts: await budget.accounts() });
    });
    app.post(`${base}/budget/raise`, async (c) => {
      const { principal, budget } = await operator(c);
      const { account, by } = parseRequest(raise, await readJson(c.req.raw, ["application/json"]));
      const idempotencyKey = c.req.header("Idempotency-Key");
      const key = requestKey(undefined, idempotencyKey === undefined ? {} : { idempotencyKey });
      const raised = await budget.raise({ account, by, ...(key !== undefined && { key }) });
      const { tenant, app: byApp, subject } = principal;
      console.log(JSON.stringify({ event: "budget-raised", tenant, account, by, operator: `${byApp}/${subject}` }));
      return c.json({ tenant, account: raised });
    });
    app.get(`${base}/incidents`, async (c) => {
      const { principal, budget } = await operator(c);
      return c.json({ tenant: principal.tenant, incidents: await budget.incidents() });
    });
    app.all(`${base}/budget`, onlyFor("GET"));
    app.all(`${base}/budget/raise`, onlyFor("POST"));
    app.all(`${base}/incidents`, onlyFor("GET"));
  }
  app.onError(async (error, c) => {
    await drain(c.req.raw);
    return answerHttpJson(toRequestError(error));
  });
  return app;
}

/** @throws RequestError for whoever is no operator of the tenant, or where there is no budget to operate */
async function operator<E extends Env>(c: Context<{ Bindings: E }>): Promise<Operator> {
  const principal = await tenantCaller(c, ["operate"]);
  const budget = c.env.BUDGET?.getByName(principal.tenant) as unknown as BudgetApi | undefined;
  if (!budget)
    throw new RequestError("unavailable", "this mesh keeps no budget: bind BUDGET to the object of skein-ledger, as wrangler.toml does");
  return { principal, budget };
}
