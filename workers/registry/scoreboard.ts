/**
 * The scoreboard: how calls to agents' skills went, told and asked by the other Workers of the mesh over RPC. What comes in
 * is checked here, all of it before any of it is counted; the objects behind see only what passed.
 */
import { WorkerEntrypoint } from "cloudflare:workers";
import type { ScoreboardApi, SkillOutcome, SkillScore } from "../../shared/host/governance/api.ts";
import { isAgentName, outcomeProblem } from "../../shared/host/governance/score.ts";
import { type AgentScoresEnv, scoresOfAgents } from "./agent-scores.ts";
import type { OutcomeOfAgent } from "./seen.ts";

const MOST_OUTCOMES = 200;
const MOST_AGENTS = 100;
const REPORT_ID = /^[a-z0-9-]{1,64}$/i;
/** Arguments travel to an object in one header: well below what a server takes. Characters, all of them ASCII. */
const MOST_IN_HEADER = 6_000;

export class Scoreboard extends WorkerEntrypoint<AgentScoresEnv> implements ScoreboardApi {
  /** @throws RangeError saying what to send instead; nothing was counted then */
  async record(outcomes: readonly SkillOutcome[], report?: string): Promise<void> {
    checkList(outcomes, MOST_OUTCOMES, "outcomes");
    for (const [index, outcome] of outcomes.entries()) {
      const problem = outcomeProblem(outcome);
      if (problem) throw new RangeError(`outcome ${index}: ${problem}`);
    }
    if (report !== undefined && !(typeof report === "string" && REPORT_ID.test(report)))
      throw new RangeError("report must be an id of letters, digits and dashes, at most 64: the same one only to send the same again");

    const objects = scoresOfAgents(this.env);
    const byAgent = Map.groupBy(outcomes, ({ agent }) => agent);
    const count = async (agent: string, its: readonly SkillOutcome[]) => {
      // One after the other: the latest calls are those that are kept.
      for (const [index, part] of inHeaders(its).entries())
        await objects.get(agent).count(part, report === undefined ? null : `${report}/${index}`);
    };
    await Promise.all([...byAgent].map(([agent, its]) => count(agent, its)));
  }

  /** @throws RangeError saying what to ask instead */
  async read(agents: readonly string[]): Promise<Readonly<Record<string, Readonly<Record<string, SkillScore>>>>> {
    checkList(agents, MOST_AGENTS, "agents");
    if (!agents.every(isAgentName)) throw new RangeError("agents must be cards' names: lower-case letters, digits and dashes, at most 63");
    const objects = scoresOfAgents(this.env);
    const read = await Promise.all([...new Set(agents)].map(async (agent) => [agent, await objects.get(agent).scores()] as const));
    return Object.fromEntries(read.filter(([, scores]) => Object.keys(scores).length > 0));
  }
}

function checkList(list: unknown, most: number, what: string): void {
  if (!Array.isArray(list) || list.length > most)
    throw new RangeError(`${what} must be a list of at most ${most}: send the rest in another call`);
}

/** In parts, each small enough for a header, and the same parts whenever the same is sent again. */
function inHeaders(outcomes: readonly SkillOutcome[]): OutcomeOfAgent[][] {
  const parts: OutcomeOfAgent[][] = [];
  let room = 0;
  for (const outcome of outcomes.map(whatCounts)) {
    const size = JSON.stringify(outcome).length;
    if (size > room) {
      parts.push([]);
      room = MOST_IN_HEADER;
    }
    parts.at(-1)?.push(outcome);
    room -= size;
  }
  return parts;
}

/** Nothing else that came along, which nobody has checked. */
function whatCounts({ version, skill, ok, declined, ms, cost }: SkillOutcome): OutcomeOfAgent {
  const { microUsd, tokensIn, tokensOut, calls, wallMs } = cost;
  return { version, skill, ok, ...(declined && { declined }), ms, cost: { microUsd, tokensIn, tokensOut, calls, wallMs } };
}
