/**
 * A run's calls to other agents: each passes the gate, goes out once however often the program is run again, and is booked
 * when it has ended. A callee that asks makes this task ask, and the answer goes down to exactly the task that asked.
 */
import type { Principal } from "../auth/principal.ts";
import { principalKey } from "../auth/principal.ts";
import { type Amount, amountOf, least, most, NOTHING, ONE_CALL, plus } from "../budget/amount.ts";
import { beginEnvelope, narrowEnvelope, type NextHop } from "../chain/envelope.ts";
import type { Envelope } from "../chain/delegation.ts";
import { chainKeys } from "../chain/keys.ts";
import { type Json, type JsonObject, type Message, textOf } from "../task/a2a-types.ts";
import { turnOf } from "../policy/turns.ts";
import { limitIn } from "../task/governance-extension.ts";
import { callBegins, callEnded, holderKeyFor } from "./governance/agents.ts";
import { type Admitted, admit } from "./governance/call-gate.ts";
import type { Governor, Peer } from "./governance/governor.ts";
import { cover, mostOf, type Spending } from "./governance/spending.ts";
import type { LiveTask } from "./live-task.ts";
import type { DelegateCall, DelegateResult } from "./program.ts";

/** How a run reaches other agents. Given to the host from outside, so that it knows nothing of the wire. */
export interface Outbound<Env> {
  /** Sends a message, or an answer to a question of `taskId`. The same key never makes a second task. */
  call(env: Env, call: OutboundCall, options: OutboundOptions): Promise<CallResult>;
  /** Cancels what the call with this key began, if anything. @returns what it says it had cost, where it says so */
  cancel(env: Env, call: OutboundCall, options: OutboundOptions): Promise<Amount | undefined>;
  /** What an agent's card says; undefined for one that is not there. */
  describe(env: Env, agent: string): Promise<Peer | undefined>;
}

export interface OutboundCall extends DelegateCall {
  readonly taskId?: string;
}

export interface OutboundOptions {
  readonly key: string;
  readonly principal: Principal;
  readonly signal: AbortSignal;
  readonly envelope?: Envelope | undefined;
  /** W3C trace context to send along. */
  readonly traceparent?: string | undefined;
}

export type CallResult = (DelegateResult & { readonly cost?: Amount | undefined }) | AsksBack;
interface AsksBack {
  readonly ok: "asks";
  readonly taskId: string;
  readonly question: string;
  /** Of its status: what it asks for, for those that know the extension. */
  readonly metadata?: JsonObject | undefined;
}

/** What calls need of the run that makes them. */
export interface CallingRun<Env> extends Spending {
  readonly env: Env;
  readonly signal: AbortSignal;
  readonly outbound: Outbound<Env>;
  readonly governor: Governor | undefined;
  /** Puts a question under a name of its own. */
  put(name: string, question: string, metadata: JsonObject): Promise<Message>;
  progress(text: string, metadata: JsonObject): void;
  ask(question: string, metadata: JsonObject): Promise<Message>;
  recall(name: string): Json | undefined;
  known(name: string): Json | undefined;
  remember(name: string, value: Json): void;
}

export async function delegate<Env>(run: CallingRun<Env>, name: string, call: DelegateCall): Promise<DelegateResult> {
  const memo = `delegate:${name}`;
  const known = run.recall(memo) as CallResult | undefined;
  // A question of the callee's stands under the same name until the call has its result: it is no result yet.
  if (known !== undefined && known.ok !== "asks") return known;
  const admission = await gate(run, memo, call);
  if (admission !== undefined && "refused" in admission) return remembered(run, memo, admission.refused);
  const admitted = admission?.admitted;

  // A former run may have set something else aside: what stands in the log is what the callee was given.
  let result = await send(run, memo, call, admitted, leaseIn(run.task, memo) ?? admitted?.lease);
  for (let round = 1; result.ok === "asks"; round++) {
    const { taskId } = result;
    const answer = await answerFor(run, `${memo}:ask:${round}`, call, result, admitted);
    result = await send(run, `${memo}:answer:${round}`, { ...call, taskId, parts: answer.parts }, admitted, answer.lease);
  }
  return remembered(run, memo, booked(run, memo, call, result, admitted));
}

async function gate<Env>(run: CallingRun<Env>, memo: string, call: DelegateCall) {
  const { governor } = run;
  return governor && admit(run, governor, memo, call, () => run.outbound.describe(run.env, call.agent));
}

/** Sends a message of the call, the first one or an answer, once however often this is run again. */
async function send<Env>(
  run: CallingRun<Env>,
  name: string,
  call: OutboundCall,
  admitted: Admitted | undefined,
  lease: Amount | undefined,
): Promise<CallResult> {
  const known = run.known(name);
  if (known !== undefined) return known as unknown as CallResult;
  const { task, governor } = run;
  // The key is made of the task and the name, so that a call repeated after a crash is the same call to its callee.
  const key = `${task.id}/${name}`;
  if (task.head.delegating[name] === undefined)
    task.apply({ type: "delegating", name, agent: call.agent, skill: call.skill, key, ...(lease && { lease }) });
  const deadlineMs = call.deadlineMs ?? (governor && governor.rule("agent-breaker", task).deadlineMs);
  const deadline = deadlineMs === undefined ? undefined : AbortSignal.timeout(deadlineMs);
  const signal = deadline ? AbortSignal.any([run.signal, deadline]) : run.signal;
  const options = { key, principal: task.head.principal, signal };

  const began = Date.now();
  if (governor) callBegins(governor.rule("agent-breaker", task), call.agent, key, began);
  let result = await run.during(async () => {
    const envelope = admitted?.peer.chain && lease ? await envelopeFor(run, key, call, admitted, lease, deadlineMs) : undefined;
    return run.outbound.call(run.env, call, { ...options, envelope });
  });
  if (result.ok === false && signal.aborted) {
    // Nobody waits for it any more: the callee should not go on spending.
    const cost = await release(run, call, key);
    if (deadline?.aborted && !run.signal.aborted) {
      const message = `${call.agent}/${call.skill} gave no answer within ${(deadlineMs ?? 0) / 1000} s`;
      result = { ok: false, reason: "deadline", message, cost };
    } else result = { ...result, cost };
  }
  if (governor) noteEnd(run, governor, key, call, result, Date.now() - began, admitted);
  // A question is remembered too: its answer must go to the task that asked, also from a later run.
  if (result.ok === "asks") run.remember(name, toJson(result));
  return result;
}

/** For the agent breaker and the scoreboard: what the call says about its callee. */
function noteEnd<Env>(
  run: CallingRun<Env>,
  governor: Governor,
  key: string,
  call: DelegateCall,
  result: CallResult,
  ms: number,
  admitted: Admitted | undefined,
): void {
  // Declined, stopped or canceled from here says nothing about how well the agent works.
  const says = result.ok === true || result.ok === "asks" ? "worked" : isFault(result.reason) && !run.signal.aborted ? "failed" : "says-nothing";
  callEnded(governor.rule("agent-breaker", run.task), call.agent, { call: key, result: says, ms, at: Date.now() });
  if (says === "says-nothing" || result.ok === "asks" || !admitted) return;
  const { name, version } = admitted.peer;
  governor.scores.note({ agent: name, version, skill: call.skill, ok: says === "worked", ms, cost: chargeOf(run, call, result, admitted) });
}

function isFault(reason: (DelegateResult & { ok: false })["reason"]): boolean {
  return reason === "failed" || reason === "nonsense" || reason === "deadline" || reason === "unreachable";
}

/** Cancels what the call with this key began. A callee that cannot be reached is left to its own deadline. */
async function release<Env>({ outbound, env, task }: CallingRun<Env>, call: OutboundCall, key: string): Promise<Amount | undefined> {
  const options = { key, principal: task.head.principal, signal: AbortSignal.timeout(5_000) };
  return outbound.cancel(env, call, options).catch(() => undefined);
}

/**
 * What is said to a callee that asks: what somebody answers here; or, when it only lacks what was set aside for it, more of that,
 * without troubling anybody.
 */
async function answerFor<Env>(
  run: CallingRun<Env>,
  name: string,
  call: DelegateCall,
  { taskId, question, metadata }: AsksBack,
  admitted: Admitted | undefined,
): Promise<{ parts: Message["parts"]; lease: Amount | undefined }> {
  const limit = limitIn(metadata);
  if (run.governor && admitted && limit?.["policy"] === "budget" && limit["reason"] === "lease") {
    const { governor } = run;
    const covered = await cover(run, governor, name, shortOf(limit, admitted.lease), call.partial);
    if ("refused" in covered) return { parts: [{ text: "partial" }], lease: admitted.lease };
    return { parts: [{ text: "again" }], lease: { ...plus(admitted.lease, covered.lease), wallMs: covered.lease.wallMs } };
  }
  // Canceled while it waits: nobody will answer, and the callee's question must not stay open for somebody else to answer.
  const letGo = () => void release(run, { ...call, taskId }, `${run.task.id}/${name}`);
  run.signal.addEventListener("abort", letGo, { once: true });
  const answer = await run.put(name, question, { ...metadata, nested: { agent: call.agent, skill: call.skill, taskId } });
  run.signal.removeEventListener("abort", letGo);
  return { parts: answer.parts, lease: admitted?.lease };
}

/** As much again as it had, and no less than what it says it lacks: a callee that is short once is short again. */
function shortOf(limit: JsonObject, lease: Amount): Amount {
  const raise = limit["raise"];
  const said = typeof raise === "object" && raise !== null && !Array.isArray(raise) ? raise : {};
  const { unit, by } = said as { unit?: string; by?: number };
  const lacks = typeof unit === "string" && Object.hasOwn(NOTHING, unit) && Number.isSafeInteger(by) ? amountOf({ [unit]: by }) : ONE_CALL;
  return { ...most(lacks, least(lease, lacks)), wallMs: 0 };
}

/** The call has ended: books what it cost and what it was worth as a turn, in the same write as its result. */
function booked<Env>(run: CallingRun<Env>, memo: string, call: DelegateCall, result: CallResult, admitted: Admitted | undefined): DelegateResult {
  if (result.ok === "asks") throw new Error("a call that asks has not ended");
  if (!admitted) return withoutCost(result);
  const { task } = run;
  const text = result.ok ? result.text || JSON.stringify(result.artifacts) : result.message;
  const skill = `${call.agent}/${call.skill}`;
  const action = textOf(call.parts) || JSON.stringify(call.parts);
  const turn = turnOf({ skill, action, result: result.ok ? "answer" : "error", text, ...(call.state !== undefined && { state: call.state }) });
  const cost = chargeOf(run, call, result, admitted);
  task.apply({ type: "called", name: memo, agent: call.agent, skill: call.skill, cost, turn });
  const { product, notice } = admitted;
  const plain = withoutCost(result);
  return plain.ok ? { ...plain, reliability: product, ...(notice !== undefined && { notice }) } : plain;
}

/**
 * What a call is charged with: one call, and what its callee says it spent, but no less than its card's price and no more than
 * what was set aside with the overdraft. The word of an agent that does not carry the chain on is not taken: it costs what
 * was set aside. Nothing where nothing was sent.
 */
function chargeOf<Env>(run: CallingRun<Env>, call: DelegateCall, result: CallResult, { peer, lease }: Admitted): Amount {
  if (result.ok === false && result.reason === "unreachable") return NOTHING;
  const price = amountOf({ microUsd: peer.facts.get(call.skill)?.price ?? 0 });
  const claimed = "cost" in result ? result.cost : undefined;
  if (!peer.chain || claimed === undefined) return { ...most(lease, price), wallMs: 0 };
  const { governor } = run;
  const bound = governor ? mostOf(lease, governor.rule("budget", run.task)) : claimed;
  return { ...least(most(plus(claimed, ONE_CALL), price), most(bound, plus(price, ONE_CALL))), wallMs: 0 };
}

async function envelopeFor<Env>(
  { task, env, governor }: CallingRun<Env>,
  key: string,
  { skill, deadlineMs = Number.POSITIVE_INFINITY }: DelegateCall,
  { peer, reliability, evidence }: Admitted,
  lease: Amount,
  ownDeadlineMs: number | undefined,
): Promise<Envelope | undefined> {
  if (!governor) return undefined;
  const now = Date.now();
  const { chain, wishes, principal } = task.head;
  const next: NextHop = {
    audience: peer.name,
    call: key,
    hop: { agent: peer.name, skill, reliability, evidence },
    hops: governor.hopsLeft(task) - 1,
    deadline: Math.floor(Math.min(governor.deadline(task, now), now + Math.min(deadlineMs, ownDeadlineMs ?? deadlineMs))),
    lease: { id: key, limit: lease },
    surface: chain?.delegation.surface ?? "any",
    label: chain?.delegation.label ?? wishes?.label ?? "internal",
    contracts: task.head.contracts ?? {},
  };
  const holder = await holderKeyFor(peer.name);
  if (chain) return narrowEnvelope(chain.envelope, next, holder);
  const { sign } = await chainKeys(env as object);
  if (!sign) throw new Error("no chain may begin here: set SKEIN_CHAIN_KEY, as docs/governance.md says");
  const origin = governor.path(task)[0];
  if (!origin) throw new Error("a chain begins with somebody");
  return beginEnvelope({ root: task.id, subject: principalKey(principal), origin }, next, sign, holder);
}

function leaseIn({ head }: LiveTask, memo: string): Amount | undefined {
  return head.account?.carved[memo];
}

function remembered<Env>(run: CallingRun<Env>, memo: string, result: DelegateResult): DelegateResult {
  run.remember(memo, toJson(result));
  return result;
}

function withoutCost(result: Exclude<CallResult, AsksBack>): DelegateResult {
  const { cost: _, ...plain } = result;
  return plain;
}

function toJson(value: unknown): Json {
  return JSON.parse(JSON.stringify(value)) as Json;
}
