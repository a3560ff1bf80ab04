/**
 * What an isolate knows of the scoreboard: the scores it read last, and on top of them what it saw itself and the scoreboard
 * had not counted by then. Values only, never promises: objects share it, and none may wait for what another one began.
 */
import type { SkillOutcome, SkillScore } from "./api.ts";
import { scoreKey, withOutcome } from "./score.ts";

/** How old a score may be before it is read again, and before it is worth a wait. Milliseconds. */
const FRESH_MS = 10_000;
const STALE_MS = 60_000;
/** Agents and own outcomes beyond which the oldest are let go of, so that an isolate's memory has an end. */
const MOST_AGENTS = 500;
const MOST_OWN = 2_000;
/** By then an own outcome is counted, or lost with the object that had it to report. Milliseconds. */
const OWN_MS = 30_000;

interface Agent {
  /** Milliseconds since the epoch; 0 for never. */
  askedAt: number;
  answeredAt: number;
  scores: Map<string, SkillScore>;
}
interface Own {
  readonly outcome: SkillOutcome;
  readonly at: number;
  /** When the scoreboard said that it has it, as a turn. */
  counted?: number;
}

export class ScoreSnapshot {
  readonly #agents = new Map<string, Agent>();
  #own: Own[] = [];
  /** Orders readings and reports among each other: the clock of a Worker stands still while it computes. */
  #turn = 0;
  #silentAt = 0;

  known(agent: string, version: string, skill: string): SkillScore | "unmeasured" {
    const score = this.#agents.get(agent)?.scores.get(scoreKey(version, skill));
    // Who only declined has been measured in nothing.
    return score && score.successes + score.failures > 0 ? score : "unmeasured";
  }

  /** Of these agents, the ones that nobody asked about lately. */
  due(agents: readonly string[], now: number): string[] {
    return agents.filter((name) => now - (this.#agents.get(name)?.askedAt ?? 0) >= FRESH_MS);
  }

  /** Of these agents, the ones whose scores were never read, or so long ago that they say little of today. */
  stale(agents: readonly string[], now: number): string[] {
    return agents.filter((name) => now - (this.#agents.get(name)?.answeredAt ?? 0) >= STALE_MS);
  }

  /** The scoreboard did not answer, or not soon enough: for a while nobody should wait for it. */
  wentSilent(now: number): void {
    this.#silentAt = now;
  }

  isSilent(now: number): boolean {
    return now - this.#silentAt < FRESH_MS;
  }

  /** @returns the turn at which the reading began, to be given back with what it read */
  begin(agents: readonly string[], now: number): number {
    for (const name of agents) this.#agent(name).askedAt = now;
    return ++this.#turn;
  }

  /** A report that was under way during the reading counts twice until the next one, rather than not at all. */
  take(agents: readonly string[], read: Readonly<Record<string, Readonly<Record<string, SkillScore>>>>, turn: number, now: number): void {
    const scoresOf = new Map(Object.entries(read));
    const asked = new Set(agents);
    this.#own = this.#own.filter(
      ({ outcome, at, counted }) => !asked.has(outcome.agent) || (now - at < OWN_MS && (counted === undefined || counted > turn)),
    );
    for (const name of asked) {
      const agent = this.#agent(name);
      agent.answeredAt = now;
      agent.scores = new Map(Object.entries(scoresOf.get(name) ?? {}));
    }
    for (const { outcome } of this.#own) if (asked.has(outcome.agent)) this.#add(outcome);
  }

  note(outcome: SkillOutcome, now: number): void {
    if (this.#own.length >= MOST_OWN) this.#own.shift();
    this.#own.push({ outcome, at: now });
    this.#add(outcome);
  }

  /** The next reading holds these: the scoreboard has them, or they were given up. */
  settled(outcomes: readonly SkillOutcome[]): void {
    const these = new Set(outcomes);
    const turn = ++this.#turn;
    for (const own of this.#own) if (these.has(own.outcome)) own.counted = turn;
  }

  #add(outcome: SkillOutcome): void {
    const { scores } = this.#agent(outcome.agent);
    const key = scoreKey(outcome.version, outcome.skill);
    scores.set(key, withOutcome(scores.get(key), outcome));
  }

  #agent(name: string): Agent {
    const known = this.#agents.get(name) ?? { askedAt: 0, answeredAt: 0, scores: new Map() };
    // Set anew, so that the map's order is that of use.
    this.#agents.delete(name);
    this.#agents.set(name, known);
    const [oldest] = this.#agents.keys();
    if (this.#agents.size > MOST_AGENTS && oldest !== undefined) this.#agents.delete(oldest);
    return known;
  }
}
