/**
 * Governance of one home: what its tasks' runs share. A run's calls pass its gate (call-gate.ts), its spending its account
 * (spending.ts). Without it, which only a benchmark wants, nothing is limited.
 */

import { type Amount, ONE_CALL } from "../../budget/amount.ts";
import type { Contract, PolicyName } from "../../contract/contract.ts";
import type { ContractVersions, Shelf, Tried } from "../../contract/shelf.ts";
import type { Hop } from "../../policy/chain-cap.ts";
import { workedMs } from "../../task/account.ts";
import type { Preferences } from "../../task/governance-extension.ts";
import type { SkillFacts } from "../../task/skill-facts.ts";
import type { LiveTask } from "../live-task.ts";
import type { Incident } from "./api.ts";
import type { GovernanceEnv } from "./env.ts";
import { Held } from "./held.ts";
import type { Purse } from "./purse.ts";
import type { Scores } from "./scores.ts";

/** What a Worker is governed by. */
export interface Governance {
  readonly shelf: Shelf;
  /** The agent's name, as on its card. */
  readonly agent: string;
  /** What its card says of its skills. */
  readonly facts: ReadonlyMap<string, SkillFacts>;
  /** The skill of a message that names none. */
  readonly mainSkill: string;
}

/** Where the platform itself ends a chain of Workers: 32 invocations, the first one included. A watched chain goes so far. */
const PLATFORM_HOPS = 31;

/** Weights for whoever says nothing: cheap and right matter alike, and waiting a little less. */
export const PREFERENCES: Preferences = { accuracy: 1, cost: 1, latency: 0.5 };

export class Governor {
  readonly governance: Governance;
  readonly env: GovernanceEnv;
  readonly purse: Purse;
  readonly scores: Scores;
  /** By calls of tasks that other agents gave, within the leases they were given with. */
  readonly #within = new Held();
  /** There are agents that it may call. */
  readonly #delegates: boolean;

  constructor(governance: Governance, env: GovernanceEnv, purse: Purse, scores: Scores) {
    this.governance = governance;
    this.env = env;
    this.purse = purse;
    this.#delegates = Object.keys(env).some((name) => name.startsWith("AGENT_"));
    this.scores = scores;
  }

  /** The rules of a task: those it was made under, or its chain was. A candidate beside them is told whose limits it is asked about. */
  rule<P extends PolicyName>(policy: P, { head }: LiveTask): Tried<Contract<P>> {
    const contract = this.governance.shelf.contract(policy, head.contracts ?? {});
    if (!contract.candidate) return contract;
    const wished = head.wishes?.limits;
    return { ...contract, candidate: { ...contract.candidate, own: head.chain === undefined, ...(wished && { wished }) } };
  }

  /** From the agent that began the chain to this one. */
  path({ head }: LiveTask): readonly Hop[] {
    const { agent } = this.governance;
    return head.chain?.delegation.path ?? [{ agent, skill: head.skill ?? null, reliability: 1, evidence: "self" }];
  }

  hopsLeft(task: LiveTask): number {
    const { mode, maxHops } = this.rule("chain-cap", task);
    return task.head.chain?.delegation.hops ?? (mode === "shadow" ? PLATFORM_HOPS : maxHops);
  }

  /** When everything that is called from here must be over, milliseconds since the epoch. */
  deadline(task: LiveTask, now: number): number {
    const { chain, account } = task.head;
    if (chain) return chain.delegation.deadline;
    const { mode, deadlineMs } = this.rule("chain-cap", task);
    // Of a chain that begins here the waits for people do not count; one that is only watched is never over.
    return now + deadlineMs - (account && mode === "enforce" ? workedMs(account, now) : 0);
  }

  preferences({ head }: LiveTask): Preferences {
    return head.wishes?.preferences ?? PREFERENCES;
  }

  /** What the calls of the task hold, and of what. */
  held({ head }: LiveTask): Held {
    return head.chain ? this.#within : this.purse.held;
  }

  /** What is held was granted by whoever has it to give. */
  isCovered({ head }: LiveTask): boolean {
    return head.chain !== undefined || this.purse.isCovered;
  }

  /** The task works, and will call somebody: what it needs for that is asked for meanwhile. */
  prepare(task: LiveTask): void {
    if (this.#delegates && !task.head.chain && !task.ended) this.purse.prepare();
  }

  /** A call goes out: it was made, whatever comes of it, and its callee may spend the rest of what was set aside. */
  sent(task: LiveTask, call: string, lease: Amount): void {
    if (!isItself(task)) return;
    this.held(task).set(task.id, call, { ...lease, wallMs: 0 });
    this.book(task, undefined, ONE_CALL);
  }

  /** Books what was spent, by a call that has ended or by the task itself, in the turn in which its log says so. */
  book(task: LiveTask, call: string | undefined, cost: Amount): void {
    if (isItself(task)) this.#count(task, call, cost);
  }

  /** The call needs nothing set aside any more. */
  drop(task: LiveTask, call: string): void {
    if (isItself(task)) this.held(task).drop(task.id, call);
  }

  #count(task: LiveTask, call: string | undefined, cost: Amount): void {
    if (!task.head.chain) this.purse.spend(task.id, call, cost);
    else if (call !== undefined) this.#within.drop(task.id, call);
  }

  /** The task has ended, or waits for others: it holds nothing back but what callees may spend that are still to be told. */
  release(task: LiveTask): void {
    if (task.head.chain) this.#within.dropAll(task.id);
    else this.purse.release(task.id, task.ended ? Object.keys(task.head.account?.left ?? {}) : []);
  }

  /** Work goes on beside calls that are still out, for which nothing was held while all that was left was to wait for them. */
  holdAgain(task: LiveTask): void {
    const held = this.held(task);
    for (const [call, lease] of Object.entries(task.head.account?.carved ?? {}))
      if (!held.get(task.id, call)) held.set(task.id, call, { ...lease, wallMs: 0 });
  }

  /** A callee of a task that has ended knows of it: what it has cost is booked, and the rest held no longer. */
  letGo(task: LiveTask, call: string, cost: Amount): void {
    this.#count(task, call, { ...cost, wallMs: 0 });
    this.release(task);
  }

  /** Tells the operator of something that should not have been, in the background. */
  report(incident: Incident): void {
    this.purse.report(incident);
  }

  /** The rules a new task is pinned to: those of its chain, as far as they are deployed here too. */
  versions(inherited: ContractVersions = {}): ContractVersions {
    const { shelf } = this.governance;
    const known = Object.entries(inherited).filter(([policy, version]) => shelf.has(policy as PolicyName, version));
    return { ...shelf.latest, ...Object.fromEntries(known) };
  }
}

/**
 * Its log takes nothing more when it has ended, and what was out then is booked when its callee was told; nor when another object has
 * taken its place, which books the same calls.
 */
function isItself({ ended, retired }: LiveTask): boolean {
  return !ended && !retired;
}
