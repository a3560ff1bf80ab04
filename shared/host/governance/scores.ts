/**
 * The host's side of the scoreboard: what is known of a skill is answered at once, and what was seen of it is reported in
 * the background. A scoreboard that is missing, slow or down costs evidence ("unmeasured"), never a call: nothing here
 * throws or waits, but for `ready`, which waits a moment. One for each object: its timers end with the object that made it.
 */
import type { ScoreboardApi, SkillOutcome, SkillScore } from "./api.ts";
import { outcomeProblem } from "./score.ts";
import { ScoreSnapshot } from "./score-snapshot.ts";

/** Milliseconds. */
const GATHER_MS = 500;
const READY_MS = 50;
const CALL_MS = 5_000;
const RETRY_MS = 2_000;
/** Outcomes. A report is well within what the scoreboard takes at once. */
const MOST_IN_REPORT = 50;
const MOST_WAITING = 500;

/** What this isolate knows: shared by all its objects. */
const ISOLATE = new ScoreSnapshot();

export class Scores {
  readonly #scoreboard: () => ScoreboardApi | undefined;
  readonly #waitUntil: (work: Promise<void>) => void;
  readonly #snapshot: ScoreSnapshot;
  readonly #waiting: SkillOutcome[] = [];
  #reporting = false;
  #dropped = 0;

  /**
   * @param scoreboard asked each time: the binding, if there is one
   * @param waitUntil keeps whoever made this alive until its reports are sent; without it they are sent as long as it lives
   */
  constructor(
    scoreboard: () => ScoreboardApi | undefined,
    waitUntil: (work: Promise<void>) => void = () => undefined,
    snapshot: ScoreSnapshot = ISOLATE,
  ) {
    this.#scoreboard = scoreboard;
    this.#waitUntil = waitUntil;
    this.#snapshot = snapshot;
  }

  /** What this isolate knows now of a skill in one version of its agent's card. */
  known(agent: string, version: string, skill: string): SkillScore | "unmeasured" {
    return this.#snapshot.known(agent, version, skill);
  }

  /** Reads in the background what is old. */
  warm(agents: readonly string[]): void {
    const due = this.#snapshot.due(agents, Date.now());
    if (due.length > 0) this.#waitUntil(this.#read(due));
  }

  /** Waits a moment, 50 ms at most, for agents this isolate has not asked about lately; for others it is `warm`, and there is nothing to wait for. Never rejects. */
  ready(agents: readonly string[]): Promise<void> | undefined {
    const now = Date.now();
    const stale = this.#snapshot.stale(agents, now);
    if (stale.length > 0 && !this.#snapshot.isSilent(now)) return this.#soon(stale);
    this.warm(agents);
    return undefined;
  }

  async #soon(stale: readonly string[]): Promise<void> {
    const reading = this.#read(stale);
    this.#waitUntil(reading);
    const answered = await Promise.race([reading.then(() => true), passed(READY_MS).then(() => false)]);
    if (!answered) this.#snapshot.wentSilent(Date.now());
  }

  /** Counts at once for this isolate, and for all others when it is reported. */
  note(outcome: SkillOutcome): void {
    const problem = outcomeProblem(outcome);
    if (problem) {
      console.error(`an outcome was not counted: ${problem}`);
      return;
    }
    this.#snapshot.note(outcome, Date.now());
    this.#waiting.push(outcome);
    // The oldest: what is going on now is worth more than what was.
    if (this.#waiting.length > MOST_WAITING) this.#drop(this.#waiting.splice(0, 1));
    if (!this.#reporting && this.#scoreboard()) this.#waitUntil(this.#report());
  }

  async #read(agents: readonly string[]): Promise<void> {
    const scoreboard = this.#scoreboard();
    if (!scoreboard) return;
    const turn = this.#snapshot.begin(agents, Date.now());
    try {
      this.#snapshot.take(agents, await inTime(scoreboard.read(agents)), turn, Date.now());
    } catch (error) {
      this.#snapshot.wentSilent(Date.now());
      console.error("the scoreboard could not be read; agents count as last seen, or as unmeasured", error);
    }
  }

  /** One report at a time, so that a slow scoreboard is not asked more often than it answers. */
  async #report(): Promise<void> {
    this.#reporting = true;
    while (this.#waiting.length > 0) {
      await passed(GATHER_MS);
      while (this.#waiting.length > 0) await this.#send(this.#waiting.splice(0, MOST_IN_REPORT));
      if (this.#dropped > 0) console.error(`${this.#dropped} outcomes were never counted: the scoreboard did not take them`);
      this.#dropped = 0;
    }
    this.#reporting = false;
  }

  /** Both attempts have the same id: a first one that was counted and not answered is not counted again. */
  async #send(outcomes: readonly SkillOutcome[]): Promise<void> {
    const report = crypto.randomUUID();
    for (const again of [true, false]) {
      try {
        await inTime(this.#scoreboard()?.record(outcomes, report));
        return this.#snapshot.settled(outcomes);
      } catch (error) {
        if (again) await passed(RETRY_MS);
        else console.error("the scoreboard took no outcomes", error);
      }
    }
    this.#drop(outcomes);
  }

  #drop(outcomes: readonly SkillOutcome[]): void {
    this.#dropped += outcomes.length;
    this.#snapshot.settled(outcomes);
  }
}

function passed(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** @throws Error when there is no answer in time */
async function inTime<Answer>(answer: Promise<Answer> | undefined): Promise<Answer> {
  if (!answer) throw new Error("no scoreboard is bound");
  const { promise: tooLate, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`no answer in ${CALL_MS} ms`)), CALL_MS);
  try {
    return await Promise.race([answer, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}
