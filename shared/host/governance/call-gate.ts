/**
 * The gate that every call to another agent passes: its goal's surface, chain cap, circuit breaker, agent breaker, its goal's
 * share, and then something is set aside for it. Each decides by its contract and is recorded; the gate obeys, or in shadow mode lets the call pass. A limit that
 * somebody may lift is a question on the task, never a crash.
 */
import type { Amount } from "../../budget/amount.ts";
import { decideAgentBreaker } from "../../policy/agent-breaker.ts";
import { type ChainCapDecision, type ChainCapSignals, decideChainCap, describeChainCap } from "../../policy/chain-cap.ts";
import { decideCircuitBreaker, describeCircuitBreaker } from "../../policy/circuit-breaker.ts";
import { labelOf } from "../../task/head.ts";
import type { DelegateCall, DelegateResult, SkillName } from "../program.ts";
import { callBegins, callEnded, heldAs, stateOf } from "./agents.ts";
import { arrange, describeArrangement } from "./arranging.ts";
import { cardOf } from "./begun-call.ts";
import { decideOn, type Taken } from "./decision.ts";
import { type Describe, goesTo, known } from "./goes-to.ts";
import type { Governor } from "./governor.ts";
import { atLimit, stopped } from "./limit.ts";
import type { Peer } from "./peer.ts";
import { beyondShare } from "./share-gate.ts";
import { cover, needOf, type Spending } from "./spending.ts";
import { outsideSurface } from "./surface-gate.ts";

/** What a call goes out with. */
export interface Admitted {
  readonly peer: Peer;
  readonly lease: Amount;
  /** Of the callee's skill, and of the whole line with it. */
  readonly reliability: number;
  readonly evidence: ChainCapDecision["evidence"];
  readonly product: number;
  readonly notice?: string;
}

export type Admission = { readonly admitted: Admitted } | { readonly refused: DelegateResult & { ok: false } };

/**
 * @param name of the call in this task, the same in every run
 * @param describe an agent's card; nothing may be sent before the chain was checked for its name
 */
export async function admit(run: Spending, governor: Governor, name: string, call: DelegateCall, describe: Describe): Promise<Admission> {
  // By the name it is called by, before anything is sent to it; by what its card says, once that is known.
  const outside = outsideSurface(run, name, call);
  if (outside) return { refused: outside };
  const early = beforeAnything(run, governor, name, call);
  if (early) return { refused: early };
  const { peer, which } = await goesTo(run, governor, name, call, describe);
  if (!isCallable(peer)) return { refused: notCallable(call, peer) };
  await known(run, governor.scores.ready([peer.name]));

  const chain = await chainCap(run, governor, name, call, peer, describe);
  if ("refused" in chain) return chain;
  const turns = await circuitBreaker(run, governor, name, call);
  if ("refused" in turns) return turns;
  const held = agentBreaker(run, governor, name, heldAs(call.agent, cardOf(peer)));
  if (held) return { refused: held };
  const need = needOf(run, governor, call, peer);
  const beyond = beyondShare(run, governor, name, call, need);
  const aside = beyond ? { refused: beyond } : await cover(run, governor, name, need, call.partial);
  if ("refused" in aside) {
    notSent(run, governor, name, heldAs(call.agent, cardOf(peer)));
    return aside;
  }
  // Somebody may have been asked for days: it goes out to the version that such calls go to now.
  const last = peer.digest === undefined ? peer : await known(run, describe(call.agent, which));
  if (!isCallable(last)) {
    governor.drop(run.task, name);
    notSent(run, governor, name, heldAs(call.agent, cardOf(peer)));
    return { refused: notCallable(call, last) };
  }
  const { reliability, evidence, product } = chain.decision;
  return { admitted: { peer: last, lease: aside.lease, reliability, evidence, product, ...(turns.notice && { notice: turns.notice }) } };
}

function isCallable(peer: Peer | undefined): peer is Peer {
  return peer !== undefined && peer.barred === undefined && peer.unread === undefined;
}

function notCallable({ agent }: DelegateCall, peer: Peer | undefined): DelegateResult & { ok: false } {
  if (peer?.barred !== undefined) return { ok: false, reason: "refused", message: peer.barred };
  if (peer?.unread !== undefined) return { ok: false, reason: "unreachable", message: peer.unread };
  return { ok: false, reason: "unreachable", message: `there is no agent "${agent}" in this mesh` };
}

/** A circle is refused before the callee hears anything of it, its card included. */
function beforeAnything(run: Spending, governor: Governor, name: string, call: DelegateCall): (DelegateResult & { ok: false }) | undefined {
  const contract = governor.rule("chain-cap", run.task);
  const path = governor.path(run.task);
  if (!path.some(({ agent }) => agent === call.agent) || contract.mayRepeat.includes(call.agent) || contract.mode === "shadow")
    return undefined;
  const signals = chainSignals(run, governor, call, undefined, false);
  const decision = decideOn(run.decide, `chain-cap:${name}`, contract, signals, decideChainCap);
  return stopped("chain-cap", describeChainCap(decision, signals), "other");
}

async function chainCap(
  run: Spending,
  governor: Governor,
  name: string,
  call: DelegateCall,
  peer: Peer,
  describe: Describe,
): Promise<{ decision: Taken<ChainCapDecision> } | { refused: DelegateResult & { ok: false } }> {
  const contract = governor.rule("chain-cap", run.task);
  for (let allowed = false; ; allowed = true) {
    const signals = chainSignals(run, governor, call, peer, allowed);
    const decision = decideOn(run.decide, `chain-cap:${name}${allowed ? ":allowed" : ""}`, contract, signals, decideChainCap);
    if (decision.outcome === "extend" || decision.mode === "shadow") return { decision };
    const said = describeChainCap(decision, signals);
    if (decision.outcome === "refuse") return { refused: stopped("chain-cap", said, "other") };
    const arrangement = await arrange(run, governor, call, peer, signals, describe);
    // Somebody else alone, who was thought of anyway: that is a change of plan, and nothing to ask about.
    const instead = arrangement?.kind === "alone" ? arrangement.calls[0] : undefined;
    if (instead) return { refused: stopped("chain-cap", `${said} ${nameOf(instead)} meets it.`, "other", instead) };
    const words = arrangement ? `${said} ${describeArrangement(arrangement)}` : said;
    const other = otherThan(call);
    const choice = await atLimit(
      run,
      `chain-cap:${name}`,
      {
        policy: "chain-cap",
        reason: decision.reason,
        words,
        choices: ["partial", ...(other ? (["other"] as const) : []), ...(decision.liftable ? (["allow"] as const) : [])],
        ...(other && { other: nameOf(other) }),
        ...(arrangement && { arrangement }),
      },
      call.partial,
    );
    if (choice.choice !== "allow") return { refused: stopped("chain-cap", words, choice.choice === "other" ? "other" : "partial", other) };
  }
}

function chainSignals(run: Spending, governor: Governor, call: DelegateCall, peer: Peer | undefined, allowed: boolean): ChainCapSignals {
  const now = Date.now();
  const { task } = run;
  const delegation = task.head.chain?.delegation;
  const skill = `${call.agent}/${call.skill}`;
  const surface = delegation?.surface ?? "any";
  const score = peer ? governor.scores.known(peer.name, peer.version, call.skill) : "unmeasured";
  return {
    path: governor.path(task),
    to: { agent: peer?.name ?? call.agent, skill: call.skill },
    record: score === "unmeasured" ? score : { successes: score.successes, failures: score.failures },
    basis: call.basis ?? 1,
    hopsLeft: governor.hopsLeft(task),
    surface: surface === "any" || surface.includes(skill) ? "inside" : "outside",
    label: labelOf(task.head),
    leaf: peer?.chain === false,
    deadlineLeftMs: governor.deadline(task, now) - now,
    allowed,
  };
}

/** An agent that is held back is as good as not there: whoever called it may try another, or later again. */
function agentBreaker(run: Spending, governor: Governor, name: string, agent: string): (DelegateResult & { ok: false }) | undefined {
  const contract = governor.rule("agent-breaker", run.task);
  const signals = { state: stateOf(run.task.head.principal.tenant, agent), now: Date.now() };
  const decision = decideOn(run.decide, `agent-breaker:${name}`, contract, signals, decideAgentBreaker);
  if (decision.outcome === "call" || decision.mode === "shadow") {
    // In the same turn: of two tasks only one may take itself for the probe.
    callBegins(contract, run.task.head.principal.tenant, agent, { call: `${run.task.id}/${name}`, at: Date.now() });
    return undefined;
  }
  const message = `${agent} gets no calls for the moment (${decision.reason}): its last calls failed or were slow`;
  return { ok: false, reason: "unreachable", message };
}

/** The call was let through, and is not made after all: that says nothing about the agent. */
function notSent(run: Spending, governor: Governor, name: string, agent: string): void {
  const call = `${run.task.id}/${name}`;
  const { tenant } = run.task.head.principal;
  callEnded(governor.rule("agent-breaker", run.task), tenant, agent, { call, result: "says-nothing", ms: 0, at: Date.now() });
}

async function circuitBreaker(
  run: Spending,
  governor: Governor,
  name: string,
  call: DelegateCall,
): Promise<{ notice?: string } | { refused: DelegateResult & { ok: false } }> {
  const contract = governor.rule("circuit-breaker", run.task);
  const { account } = run.task.head;
  if (!account) return {};
  // With those that were let through and are not out yet: side by side they would each be the only one.
  run.out.delete(name);
  const signals = { ...account.turns.signals, out: run.out.size };
  const decision = decideOn(run.decide, `circuit-breaker:${name}`, contract, signals, decideCircuitBreaker);
  // Noted in shadow mode too, or every later turn would say the same again.
  if (decision.mode === "shadow") {
    run.out.add(name);
    if (decision.outcome !== "go") run.task.apply({ type: "let-go-on", by: "planner", reasons: decision.reasons });
    return {};
  }
  const words = describeCircuitBreaker(decision);
  if (decision.outcome === "go") {
    run.out.add(name);
    return decision.notice === "none" ? {} : { notice: words };
  }
  if (decision.outcome === "replan") {
    run.task.apply({ type: "let-go-on", by: "planner", reasons: decision.reasons });
    return { refused: stopped("circuit-breaker", words, "plan", otherThan(call)) };
  }
  const question = { policy: "circuit-breaker", reason: decision.reasons.join(", "), words, choices: ["partial", "allow"] } as const;
  const { choice } = await atLimit(run, `circuit-breaker:${name}`, question, call.partial);
  if (choice !== "allow") return { refused: stopped("circuit-breaker", words, "partial") };
  const once = `let-go-on:${name}`;
  if (run.task.head.memo[once] === undefined) run.task.apply({ type: "let-go-on", by: "person", name: once, added: contract.maxTurns });
  run.out.add(name);
  return {};
}

function otherThan({ agent, skill, alternatives = [] }: DelegateCall): SkillName | undefined {
  return alternatives.find((each) => each.agent !== agent || each.skill !== skill);
}

function nameOf({ agent, skill }: SkillName): string {
  return `${agent}/${skill}`;
}
