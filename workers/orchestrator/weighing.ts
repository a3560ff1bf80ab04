/**
 * What each skill that might take a goal is worth to its caller, beside how well it fits: of published agents by the registry's
 * snapshot, of those that the mesh was deployed with by its scoreboard. Called within a step, and stored with the plan: a decision is
 * taken, and taken again, on what was known then. Decides nothing, and reads no words but the goal's.
 */
import { agentNames } from "../../shared/a2a/peers.ts";
import { publishedAgents } from "../../shared/a2a/published.ts";
import type { Shelf } from "../../shared/contract/shelf.ts";
import { attachmentOf, isAttachment, takes } from "../../shared/control/attachment.ts";
import type { PlannedGoal } from "../../shared/control/plan.ts";
import type { GovernanceEnv } from "../../shared/host/governance/env.ts";
import { Scores } from "../../shared/host/governance/scores.ts";
import type { Run } from "../../shared/host/program.ts";
import type { Candidate } from "../../shared/policy/dispatch.ts";
import type { Worth } from "../../shared/policy/most-worth.ts";
import type { SnapshotEntry } from "../../shared/registry/entry.ts";
import type { SkillEvidence } from "../../shared/registry/evidence.ts";
import { type Exploration, isForTheNew, mayBeTried } from "../../shared/registry/exploration.ts";
import { lotsOf } from "../../shared/registry/lot.ts";
import { callsIn, evidenceOf, type Prior } from "../../shared/registry/score.ts";
import { priceOf, worthOf } from "../../shared/registry/worth.ts";
import { type AgentCard, textOf } from "../../shared/task/a2a-types.ts";
import type { Preferences } from "../../shared/task/governance-extension.ts";
import { type SkillFacts, skillFactsIn } from "../../shared/task/skill-facts.ts";
import type { OrchestratorDeps } from "./program.ts";

type Asked = Pick<Run<object>, "env" | "message" | "preferences">;
export type Weighable = Pick<PlannedGoal, "text" | "origin" | "candidates" | "attachments">;

export interface Weighing {
  /** Who scores below it is never called, and not weighed. */
  readonly floor: number;
  /** Of whoever was not measured yet. */
  readonly prior: Prior;
  readonly exploration: Exploration;
}

/** By the contracts of each task; how the new come by their calls is the registry's, and thus the latest. */
export function weighing(shelf: Shelf): Pick<OrchestratorDeps<object>, "published" | "weigh"> {
  const exploration = shelf.contract("publishing", shelf.latest);
  return {
    published: ({ env }, agents) => publishedAmong(env, agents),
    weigh(run, goals, cards) {
      const { floor } = shelf.contract("dispatch", run.contracts);
      return weigh(run, goals, cards, { floor, prior: shelf.contract("chain-cap", run.contracts), exploration });
    },
  };
}

/** Whoever is no agent that the mesh was deployed with. */
export function publishedAmong(env: object, agents: readonly string[]): ReadonlySet<string> {
  const bound = new Set(agentNames(env));
  return new Set(agents.filter((agent) => !bound.has(agent)));
}

/**
 * @param cards that the candidates are from
 * @returns the goals with what each candidate is worth, where somebody of them was published; the others as they are
 */
export async function weigh<G extends Weighable>(
  { env, message, preferences }: Asked,
  goals: readonly G[],
  cards: readonly AgentCard[],
  { floor, prior, exploration }: Weighing,
): Promise<readonly G[]> {
  const outside = publishedAmong(
    env,
    goals.flatMap(({ candidates }) => candidates.map(({ agent }) => agent)),
  );
  const isContested = ({ candidates }: G) => {
    const fitting = candidates.filter(({ score }) => score >= floor);
    return fitting.length > 1 && fitting.some(({ agent }) => outside.has(agent));
  };
  // As a rule: then nobody is asked anything.
  if (!goals.some(isContested)) return goals;

  const meant = new Set(goals.filter(isContested).flatMap(({ candidates }) => candidates.map(({ agent }) => agent)));
  const own = cards.filter(({ name }) => meant.has(name) && !outside.has(name));
  const evidenceOn = await measured(env, own, prior);
  const facts = new Map(cards.map((card) => [card.name, skillFactsIn(card)]));
  const attachments = message.parts.filter(isAttachment).map(attachmentOf);

  return goals.map((goal) => {
    if (!isContested(goal)) return goal;
    // What the planner adds is in the same words for every request, and must not be one and the same agent's for ever.
    const need = goal.origin === "request" ? goal.text : `${textOf(message.parts)}\n${goal.text}`;
    const lots = lotsOf(need);
    const isTried = isForTheNew(need, exploration);
    const given = goal.attachments.flatMap((index) => attachments[index] ?? []);
    const taken = (each: Candidate | undefined) => given.filter((one) => each && takes(cards, keyOf(each), one)).length;
    const candidates = goal.candidates.map((each): Candidate => {
      // Who takes less of what is attached than the best does not stand for it, whatever it is worth.
      if (each.score < floor || taken(each) < taken(goal.candidates[0])) return each;
      const said = facts.get(each.agent)?.get(each.skill);
      const evidence = evidenceOn(each);
      const tried = isTried && mayBeTried(evidence, said, exploration);
      const lot = rounded(lots(keyOf(each)));
      return {
        ...each,
        worth: { ...figuresOf(evidence, said, preferences), lot, published: outside.has(each.agent), ...(tried && { tried }) },
      };
    });
    return { ...goal, candidates };
  });
}

/** @param own of the cards, those of agents that the mesh was deployed with: all others were published */
async function measured(
  env: GovernanceEnv,
  own: readonly AgentCard[],
  prior: Prior,
): Promise<(candidate: Candidate) => SkillEvidence | undefined> {
  const versions = new Map(own.map(({ name, version }) => [name, version]));
  const scores = new Scores(() => env.SCOREBOARD);
  // What was read within the last minute, or can be in a moment.
  const [published] = await Promise.all([publishedAgents(env), scores.ready([...versions.keys()])]);
  return ({ agent, skill }) => {
    const version = versions.get(agent);
    if (version === undefined) return publishedEvidence(published.get(agent), skill) ?? evidenceOf([skill], [], prior)[skill];
    const score = scores.known(agent, version, skill);
    return evidenceOf([skill], [], prior, score === "unmeasured" ? {} : { [skill]: callsIn(score) })[skill];
  };
}

/** A skill may be called like a member that every object has. */
function publishedEvidence(entry: SnapshotEntry | undefined, skill: string): SkillEvidence | undefined {
  return entry && Object.hasOwn(entry.evidence, skill) ? entry.evidence[skill] : undefined;
}

function figuresOf(
  evidence: SkillEvidence | undefined,
  facts: SkillFacts | undefined,
  preferences: Preferences,
): Omit<Worth, "lot" | "published"> {
  const { successes = 0, failures = 0, reliability = 0, ms } = evidence ?? {};
  const price = priceOf(evidence, facts?.price);
  return {
    value: rounded(worthOf(evidence, facts?.price, preferences)),
    successes,
    failures,
    reliability: rounded(reliability),
    ...(ms !== undefined && { ms }),
    ...(price && { microUsd: price.microUsd }),
  };
}

function keyOf({ agent, skill }: Candidate): string {
  return `${agent}/${skill}`;
}

/** Six decimals: more than any share asks for, and short in a log. */
function rounded(value: number): number {
  return Math.round(value * 1_000_000) / 1_000_000;
}
