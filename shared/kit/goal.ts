/**
 * Goals: a part of a skill's work that may use exactly the skills it is given, whoever chooses them, and that ends with a result, by
 * giving up, or by being stopped. What lies outside its surface is refused by whoever runs the agent; here it is only handed on.
 */
import type { Amount } from "../budget/amount.ts";
import type { DelegateResult, Run } from "../host/program.ts";
import { type Json, type Part, textOf } from "../task/a2a-types.ts";
import { digest } from "../task/digest.ts";
import { levelsOf, pathOf, type Within } from "../task/within.ts";
import type { Calls } from "./calls.ts";
import type { DelegateOptions, SkillPath } from "./skill.ts";

/** Skills of the goal itself. They are there when they are listed, and call nobody. */
export type SyntheticSkill = "submit-result" | "give-up";

export interface GoalOptions {
  /** What may be called, and no more of it than the goal around this one may call. */
  readonly surface: readonly (SkillPath | SyntheticSkill)[];
  /** Calls of other agents that it may make, whatever comes of them; those of goals inside it count. */
  readonly mostCalls?: number;
  /** What its calls may cost together, with all that they cause; a unit that is left out is not limited. */
  readonly share?: Partial<Amount>;
  /** What is wrong with a submitted result, in words that help to mend it; undefined when nothing is. */
  readonly check?: (result: Json) => string | undefined;
  /** Results that may be submitted until one is right. Default: 3. */
  readonly mostSubmissions?: number;
}

export interface Goal {
  readonly name: string;
  /** What it may call: what it was given, as far as the goal around it has that too. */
  readonly surface: readonly string[];
  /**
   * Calls one of its skills. `submit-result` takes the result as a data part, or as text, and `give-up` the reason; either ends the
   * goal, and a result that is wrong comes back as a failure that says why. A skill that it was not given is refused as a value.
   */
  call(skill: string, message: string | readonly Part[], options?: DelegateOptions): Promise<DelegateResult>;
  /** A goal that serves this one. */
  goal(name: string, options: GoalOptions, pursue: PursueGoal): Promise<GoalResult>;
}

export type PursueGoal = (goal: Goal) => void | Promise<void>;

export type GoalResult =
  | { readonly outcome: "submitted"; readonly result: Json }
  | { readonly outcome: "gave-up"; readonly reason: string }
  /** It came to no result: its calls or its tries were used up, or its body ended without one. */
  | { readonly outcome: "stopped"; readonly reason: string };

const SYNTHETIC: ReadonlySet<string> = new Set<SyntheticSkill>(["submit-result", "give-up"]);
const MOST_SUBMISSIONS = 3;

/** What the goals of a run share. */
export interface Goals {
  readonly run: Run;
  readonly calls: Calls;
  /** Paths of goals that were begun: their calls are known by them. */
  readonly begun: Set<string>;
}

/**
 * @param parent the goal that it serves, if any
 * @throws Error when a goal of this name was pursued before; and whatever `pursue` throws
 */
export function pursueGoal(goals: Goals, name: string, options: GoalOptions, pursue: PursueGoal, parent?: Within): Promise<GoalResult> {
  const { mostCalls, share } = options;
  const wished: Within = {
    goal: name,
    surface: options.surface.filter((skill) => !SYNTHETIC.has(skill)),
    ...(mostCalls !== undefined && { mostCalls }),
    ...(share && { share }),
    ...(parent && { parent }),
  };
  return goals.run.within(wished, async (within) => {
    const path = pathOf(within);
    if (goals.begun.has(path)) throw new Error(`the goal "${path}" is pursued twice in one run: give each goal a name of its own`);
    goals.begun.add(path);
    const pursuit = new Pursuit(goals, within, options);
    await pursue(pursuit);
    return pursuit.result();
  });
}

class Pursuit implements Goal {
  readonly name: string;
  readonly surface: readonly string[];
  readonly #goals: Goals;
  readonly #within: Within;
  readonly #options: GoalOptions;
  #ended: GoalResult | undefined;
  /** What the last call was stopped by. */
  #stop: string | undefined;
  #submissions = 0;

  constructor(goals: Goals, within: Within, options: GoalOptions) {
    this.#goals = goals;
    this.#within = within;
    this.#options = options;
    this.name = within.goal;
    const inAll = (skill: string) => levelsOf(within).every(({ surface }) => surface.includes(skill));
    this.surface = options.surface.filter((skill) => SYNTHETIC.has(skill) || inAll(skill));
  }

  async call(skill: string, message: string | readonly Part[], options: DelegateOptions = {}): Promise<DelegateResult> {
    if (this.#ended) return stoppedBy(`the goal "${this.name}" has ended: it ${wordsOf(this.#ended)}`);
    const parts: readonly Part[] = typeof message === "string" ? [{ text: message }] : message;
    if (SYNTHETIC.has(skill) && this.surface.includes(skill)) return skill === "give-up" ? this.#giveUp(parts) : this.#submit(parts);
    const result = await this.#goals.calls(skill, parts, options, this.#within);
    if (!result.ok && result.reason === "stopped") this.#stop = result.message;
    return result;
  }

  goal(name: string, options: GoalOptions, pursue: PursueGoal): Promise<GoalResult> {
    return pursueGoal(this.#goals, name, options, pursue, this.#within);
  }

  result(): GoalResult {
    const reason = this.#stop === undefined ? "it ended without a result" : `it came to no result: ${this.#stop}`;
    return this.#ended ?? { outcome: "stopped", reason };
  }

  #giveUp(parts: readonly Part[]): DelegateResult {
    this.#ended = { outcome: "gave-up", reason: textOf(parts) || "no reason was given" };
    return this.#done();
  }

  async #submit(parts: readonly Part[]): Promise<DelegateResult> {
    const { check, mostSubmissions = MOST_SUBMISSIONS } = this.#options;
    const result = parts.find(({ data }) => data !== undefined)?.data ?? textOf(parts);
    this.#submissions += 1;
    const nth = this.#submissions;
    // In the log, so that a result that was taken stays taken when the check is another one after a deploy.
    const name = `goal:${pathOf(this.#within)}:submission:${nth}:${digest(JSON.stringify(result))}`;
    const wrong = await this.#goals.run.step(name, () => check?.(result) ?? null);
    if (this.#ended) return stoppedBy(`the goal "${this.name}" has ended: it ${wordsOf(this.#ended)}`);
    if (wrong === null) {
      this.#ended = { outcome: "submitted", result };
      return this.#done();
    }
    if (nth >= mostSubmissions) this.#ended = { outcome: "stopped", reason: `none of ${nth} results was right; of the last one: ${wrong}` };
    return { ok: false, reason: "refused", message: wrong };
  }

  #done(): DelegateResult {
    return { ok: true, taskId: this.#goals.run.taskId, text: "", artifacts: [] };
  }
}

function stoppedBy(message: string): DelegateResult {
  return { ok: false, reason: "stopped", policy: "goal", message, next: "partial" };
}

function wordsOf(result: GoalResult): string {
  return result.outcome === "submitted"
    ? "has its result"
    : `${result.outcome === "gave-up" ? "gave up" : "was stopped"}: ${result.reason}`;
}
