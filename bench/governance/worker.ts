/**
 * The parts of governance by themselves: leases of one tenant's budget, over the same RPC as any agent's, and envelopes. Times
 * nothing but what has no request of its own: envelopes, by the runtime's clock.
 */
import { Hono } from "hono";
import { amountOf, NOTHING, ONE_CALL } from "../../shared/budget/amount.ts";
import type { Envelope } from "../../shared/chain/delegation.ts";
import { beginEnvelope, type HolderKey, type NextHop, narrowEnvelope, newHolderKey } from "../../shared/chain/envelope.ts";
import { chainKeys } from "../../shared/chain/keys.ts";
import { verifyEnvelope } from "../../shared/chain/verify.ts";
import type { BudgetApi } from "../../shared/host/governance/api.ts";

const TENANT = "bench";
const SUBJECT = "bench/bench/ada";
const LIMIT = amountOf({ microUsd: 1_000_000, tokensIn: 2_000_000, tokensOut: 2_000_000, calls: 64, wallMs: 1_800_000 });
/** No call and little money, so that no run uses up what a tenant has for a day. */
const SPENT = amountOf({ microUsd: 1 });
const HOUR_MS = 3_600_000;

const app = new Hono<{ Bindings: { BUDGET: DurableObjectNamespace; SKEIN_CHAIN_KEY: string } }>();

/** What a task does with its tenant's budget from its first call to its end: a lease is made, and settled. */
app.post("/lease", async (c) => {
  const budget = c.env.BUDGET.getByName(TENANT) as unknown as BudgetApi;
  const lease = crypto.randomUUID();
  const granted = await budget.reserve({ lease, app: "bench", task: lease, agent: "bench", need: ONE_CALL, limit: LIMIT });
  await budget.settle({ lease, agent: "bench", spent: SPENT });
  return c.json({ granted: granted.ok ? granted.granted.calls : granted });
});

/** Milliseconds that it takes to make the last block of an envelope of so many and to verify all of them, so many times over. */
app.post("/envelope/:blocks/:times", async (c) => {
  const { sign, verify: keys } = await chainKeys(c.env);
  if (!sign) return c.text("no chain may begin here: set SKEIN_CHAIN_KEY", 500);
  const origin = { agent: "bench", skill: null, reliability: 1, evidence: "self" } as const;
  const minted = (before: Envelope | undefined, next: NextHop, holder: HolderKey) =>
    before ? narrowEnvelope(before, next, holder) : beginEnvelope({ root: "bench", subject: SUBJECT, origin }, next, sign, holder);
  const holders = await Promise.all(Array.from({ length: Number(c.req.param("blocks")) }, newHolderKey));
  const last = holders.pop();
  if (!last) return c.text("an envelope has a block at least", 400);

  const deadline = Date.now() + HOUR_MS;
  let before: Envelope | undefined;
  for (const [index, holder] of holders.entries()) before = await minted(before, hop(index, deadline), holder);
  const next = hop(holders.length, deadline);
  const expected = { audience: next.audience, call: next.call, subject: SUBJECT, keys };
  const times = Number(c.req.param("times"));
  const began = performance.now();
  for (let time = 0; time < times; time += 1) {
    const verified = await verifyEnvelope(await minted(before, next, last), { ...expected, now: Date.now() });
    if (!verified.ok) return c.text(verified.refusal.detail, 500);
  }
  // The runtime's clock counts whole milliseconds: one time alone would be nothing, or ten times too much.
  return c.json({ each: (performance.now() - began) / times });
});

function hop(index: number, deadline: number): NextHop {
  const audience = `agent-${index}`;
  return {
    audience,
    call: `bench/delegate:${index}`,
    hop: { agent: audience, skill: "pass", reliability: 0.95, evidence: "measured" },
    hops: 30 - index,
    deadline,
    lease: { id: `bench/delegate:${index}`, limit: NOTHING },
    surface: "any",
    label: "internal",
    contracts: { "chain-cap": 1, budget: 1 },
  };
}

export default app;
