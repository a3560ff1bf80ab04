/**
 * What a task's turns look like to its circuit breaker: a fold of turns into a few numbers. Refolded from the task's log after
 * a crash, so it may depend on nothing but the turns, and keeps only what the next one is compared with. It holds no limit:
 * those are the contract's, and recorded signals can be judged again under another one.
 */
import { digestOf, type Sketch, shareInCommon, sketchOf } from "./likeness.ts";

/** One call to another agent that has come to its end, or one round of the task's planner, as it is told. */
export interface ToldTurn {
  /** Whose output it is, such as `agent/skill`: a result is short only beside others of the same. */
  readonly skill: string;
  /** What it was given, as text: all of it, because what differs may stand at the end. */
  readonly action: string;
  readonly result: "answer" | "error";
  /** The answer, or what the error said. */
  readonly text: string;
  /** The program's own account of where it stands, when it gives one: then this alone says whether the turn changed anything. */
  readonly state?: string;
}

/** The same as it stands in a task's log: small whatever was said, and of no meaning but to later turns. Stored shape. */
export interface Turn {
  /** Digest. */
  readonly skill: number;
  /** Of skill and action. */
  readonly action: Sketch;
  readonly result: "answer" | "error";
  /** Whether the program said where it stands. */
  readonly stated: boolean;
  /** Digest of what the turn would have to show for the first time to have changed anything. */
  readonly shown: number;
  /** Digest of what came back; of an error without its numbers. */
  readonly said: number;
  /** Length of what came back, in UTF-16 units. */
  readonly chars: number;
}

/** What is judged, and stored with each decision. Lists have the latest last. */
export interface TurnSignals {
  readonly turns: number;
  /** Turns that people added to those of the contract. */
  readonly addedTurns: number;
  /** Trips the planner was told of since the task began or a person let it go on. */
  readonly trips: number;
  /** Turns in a row that showed nothing for the first time. */
  readonly unchanged: number;
  /** Turns in a row that ended in the same error, its numbers aside. */
  readonly sameError: number;
  /** Turns since the last that came forward. From error to error nobody does, though each may say something new. */
  readonly withoutProgress: number;
  /** For each turn the share (0..1) of four-word pieces that its action and the one before have in common; 0 where it came forward. */
  readonly repetition: readonly number[];
  /** For each turn the share (0..1) by which it is shorter than the skill's longest of late; 0 for errors and for what was never said before. */
  readonly decline: readonly number[];
}

/** Plain JSON of bounded size. Stored shape. */
export interface Turns {
  readonly signals: TurnSignals;
  /** What later turns are compared with, the latest last. */
  readonly memory: {
    readonly last?: Pick<Turn, "action" | "result" | "said">;
    readonly shown: readonly number[];
    readonly answers: readonly Pick<Turn, "skill" | "said" | "chars">[];
  };
}

/** The longest row that the lists can tell: a contract's schema asks for no longer one. */
const ROW = 20;
/** What is known again when it comes back. What is forgotten counts as new, so forgetting never trips. */
const SHOWN = 128;
/** Answers beside which one may be short. */
const OF_LATE = 10;

const NOTHING_IN_A_ROW = { unchanged: 0, sameError: 0, repetition: [], decline: [] } as const;

export const NO_TURNS: Turns = {
  signals: { turns: 0, addedTurns: 0, trips: 0, withoutProgress: 0, ...NOTHING_IN_A_ROW },
  memory: { shown: [], answers: [] },
};

/** Time linear in the length of the texts. */
export function turnOf({ skill, action, result, text, state }: ToldTurn): Turn {
  // Times, ids and line numbers differ in each copy of an error.
  const said = digestOf(result === "error" ? text.replace(/\d+/g, "#") : text);
  return {
    skill: digestOf(skill),
    action: sketchOf(`${skill} ${action}`),
    result,
    stated: state !== undefined,
    shown: shownBy({ skill, action, result, text }, state),
    said,
    chars: text.length,
  };
}

/**
 * A state that was there before is no new one. Without it, an answer is new when this was never asked or never answered so:
 * thirty writes that are all answered "done" come forward. An error that is known is known whatever was asked.
 */
function shownBy({ skill, action, result, text }: Omit<ToldTurn, "state">, state: string | undefined): number {
  if (state !== undefined) return digestOf(`state ${state}`);
  return digestOf(result === "error" ? `error ${text}` : `answer ${skill} ${action.length} ${action} ${text}`);
}

export function noteTurn({ signals, memory }: Turns, turn: Turn): Turns {
  const { last, shown, answers } = memory;
  const isNew = !shown.includes(turn.shown);
  const isAnswer = turn.result === "answer";
  const cameForward = isNew && (turn.stated || isAnswer);
  const isSameError = last?.result === "error" && last.said === turn.said;
  return {
    signals: {
      ...signals,
      turns: signals.turns + 1,
      unchanged: isNew ? 0 : signals.unchanged + 1,
      sameError: isAnswer ? 0 : isSameError ? signals.sameError + 1 : 1,
      withoutProgress: cameForward ? 0 : signals.withoutProgress + 1,
      // A poll that hears something new each time, and a skill called for one document after the other, repeat nothing.
      repetition: [...signals.repetition, cameForward || !last ? 0 : shareInCommon(turn.action, last.action)].slice(-ROW),
      decline: [...signals.decline, isAnswer ? declineOf(turn, answers) : 0].slice(-ROW),
    },
    memory: {
      last: { action: turn.action, result: turn.result, said: turn.said },
      shown: isNew ? [...shown, turn.shown].slice(-SHOWN) : shown,
      answers: isAnswer ? [...answers, { skill: turn.skill, said: turn.said, chars: turn.chars }].slice(-OF_LATE) : answers,
    },
  };
}

/** A short answer that says something new is a short answer; one that says less and less of the same is a decline. */
function declineOf({ skill, said, chars }: Turn, answers: Turns["memory"]["answers"]): number {
  const own = answers.filter((each) => each.skill === skill);
  const longest = Math.max(0, ...own.map((each) => each.chars));
  return longest > chars && own.some((each) => each.said === said) ? 1 - chars / longest : 0;
}

/**
 * The planner was told why the task was stopped, and may try something else: what is counted in a row begins anew, or its next
 * turn would trip again. Turns without progress are counted on, unless they were the reason: a new plan is no progress yet.
 * What was seen is not forgotten: it gets a chance, not a clean slate.
 */
export function noteReplan({ signals, memory }: Turns, reasons: readonly string[]): Turns {
  const withoutProgress = reasons.includes("calls-without-progress") ? 0 : signals.withoutProgress;
  return { memory, signals: { ...signals, ...NOTHING_IN_A_ROW, withoutProgress, trips: signals.trips + 1 } };
}

/**
 * A person let the task go on: everything is counted anew, and its planner is told again before anybody is asked again.
 * @param added turns beyond those it had, 0 or more; at its cap a task needs some, or it is asked about at once again
 */
export function noteLetGoOn({ signals, memory }: Turns, added: number): Turns {
  const addedTurns = signals.addedTurns + Math.max(0, added);
  return { memory, signals: { ...signals, ...NOTHING_IN_A_ROW, withoutProgress: 0, trips: 0, addedTurns } };
}
