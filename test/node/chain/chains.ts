/** Chains for tests: builders whose defaults are good, and chains of any length that narrow at random. */
import fc from "fast-check";
import { type Amount, UNITS } from "../../../shared/budget/amount.ts";
import type { Delegation, Envelope, Hop } from "../../../shared/chain/delegation.ts";
import { beginEnvelope, type HolderKey, type NextHop, narrowEnvelope, newHolderKey } from "../../../shared/chain/envelope.ts";
import { chainKeys } from "../../../shared/chain/keys.ts";
import { type ExpectedCall, type VerifiedEnvelope, verifyEnvelope } from "../../../shared/chain/verify.ts";
import { LABELS } from "../../../shared/contract/chain-cap.ts";

export const T0 = Date.UTC(2026, 0, 1);
export const SUBJECT = "acme/app/ada";
export const BEGINNING = {
  root: "task-1",
  subject: SUBJECT,
  origin: { agent: "orchestrator", skill: null, reliability: 1, evidence: "self" },
} as const;

/** The mesh whose envelopes are read, and another one with a key of its own. */
export const MESH = await mesh();
export const STRANGER = await mesh();

async function mesh() {
  const { sign, verify } = await chainKeys({ SKEIN_CHAIN_KEY: JSON.stringify(await newHolderKey()) });
  if (!sign) throw new Error("a key that is set signs");
  return { sign, verify };
}

export function amount(each: number): Amount {
  return { microUsd: each, tokensIn: each, tokensOut: each, calls: each, wallMs: each };
}

export function hopTo(audience: string, over: Partial<NextHop> = {}): NextHop {
  return {
    audience,
    call: `call-of-${audience}`,
    hop: { agent: audience, skill: "do", reliability: 0.9, evidence: "measured" },
    hops: 8,
    deadline: T0 + 60_000,
    lease: { id: `lease-of-${audience}`, limit: amount(1_000) },
    surface: "any",
    label: "public",
    contracts: { "chain-cap": 1, budget: 2 },
    ...over,
  };
}

/** An envelope through all the hops, the last of which is its holder. */
export async function chainOf(hops: readonly NextHop[], key = MESH.sign, holders: readonly HolderKey[] = []): Promise<Envelope> {
  const [first, ...further] = hops;
  if (!first) throw new Error("a chain has a first hop");
  let envelope = await beginEnvelope(BEGINNING, first, key, holders[0] ?? (await newHolderKey()));
  for (const [index, next] of further.entries())
    envelope = await narrowEnvelope(envelope, next, holders[index + 1] ?? (await newHolderKey()));
  return envelope;
}

export function verify(envelope: unknown, last: NextHop, over: Partial<ExpectedCall> = {}): Promise<VerifiedEnvelope> {
  return verifyEnvelope(envelope, { audience: last.audience, call: last.call, subject: SUBJECT, now: T0, keys: MESH.verify, ...over });
}

/** `ok`, or the code of the refusal. */
export async function verdict(envelope: unknown, last: NextHop, over: Partial<ExpectedCall> = {}): Promise<string> {
  const verified = await verify(envelope, last, over);
  return verified.ok ? "ok" : verified.refusal.code;
}

/** What the hops add up to, worked out without any envelope. */
export function foldOf(hops: readonly NextHop[]): Delegation {
  const last = hops.at(-1);
  if (!last) throw new Error("a chain has a first hop");
  const { deadline, lease, surface, label, hops: left } = last;
  const traceparent = hops.findLast((hop) => hop.traceparent !== undefined)?.traceparent;
  return {
    root: BEGINNING.root,
    path: [BEGINNING.origin, ...hops.map(({ hop }): Hop => hop)],
    hops: left,
    deadline,
    lease,
    surface,
    label,
    contracts: hops[0]?.contracts ?? {},
    ...(traceparent !== undefined && { traceparent }),
  };
}

const skills = fc.uniqueArray(fc.stringMatching(/^[a-z]{1,6}\/[a-z]{1,6}$/), { maxLength: 6 });
const trace = fc.stringMatching(/^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$/);
/** What one hop takes away from the one before: each part of it may be nothing but the hops. */
const step = fc.record({
  agent: fc.string({ unit: "grapheme-composite", minLength: 1, maxLength: 12 }).filter((text) => !/[\p{Cc}\p{Cs}]/u.test(text)),
  skill: fc.option(fc.constantFrom("do", "find-sources"), { nil: null }),
  reliability: fc.double({ min: 0, max: 1, noNaN: true }).map((share) => share + 0),
  evidence: fc.constantFrom("measured" as const, "unmeasured" as const, "untrusted" as const),
  hops: fc.integer({ min: 1, max: 3 }),
  deadline: fc.constantFrom(0, 1, 100),
  spent: fc.record(Object.fromEntries(UNITS.map((unit) => [unit, fc.nat(50)])) as Record<keyof Amount, fc.Arbitrary<number>>),
  surface: fc.option(skills),
  label: fc.nat(1),
  traceparent: fc.option(trace, { nil: undefined }),
});

/** Chains of 1 to 6 calls, each of which grants at most what was granted to it. */
export const anyChain: fc.Arbitrary<NextHop[]> = fc.array(step, { minLength: 1, maxLength: 6 }).map((steps) => {
  const hops: NextHop[] = [];
  let before = hopTo("orchestrator", { hops: 31, lease: { id: "all", limit: amount(1_000) } });
  for (const [index, each] of steps.entries()) {
    const { agent, skill, reliability, evidence, traceparent } = each;
    const label = LABELS[Math.min(LABELS.indexOf(before.label) + each.label, LABELS.length - 1)] ?? "restricted";
    before = {
      audience: agent,
      call: `call ${index}`,
      hop: { agent, skill, reliability, evidence },
      hops: before.hops - each.hops,
      deadline: before.deadline - each.deadline,
      lease: { id: `lease ${index}`, limit: less(before.lease.limit, each.spent) },
      surface: narrower(before.surface, each.surface),
      label,
      contracts: before.contracts,
      ...(traceparent !== undefined && { traceparent }),
    };
    hops.push(before);
  }
  return hops;
});

function less(limit: Amount, spent: Amount): Amount {
  return Object.fromEntries(UNITS.map((unit) => [unit, limit[unit] - spent[unit]])) as Amount;
}

function narrower(surface: Delegation["surface"], wanted: string[] | null): Delegation["surface"] {
  if (wanted === null) return surface;
  return surface === "any" ? wanted : surface.slice(0, wanted.length);
}
