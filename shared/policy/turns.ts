/**
 * What a task's turns look like to its circuit breaker: a fold of turns into a few numbers. Refolded from the task's log after
 * a crash, so it may depend on nothing but the turns, and keeps only what the next one is compared with. It holds no limit:
 * those are the contract's, and recorded signals can be judged again under another one.
 */
import { digestOf, type Sketch, shareInCommon, sketchOf } from "./likeness.ts";

/** One call to another agent that has come to its end, or one round of the task's planner, as it is told. */
export interface ToldTurn {
  /** Agent, skill and all that it was given, as text. */
  readonly action: string;
  readonly result: "answer" | "error";
  /** The answer, or what the error said. */
  readonly text: string;
  /** The program's own account of where it stands, when it gives one: then this decides whether the turn changed anything. */
  readonly state?: string;
}

/** The same as it stands in a task's log: small whatever was said, and of no meaning but to the next turn. Stored shape. */
export interface Turn {
  readonly action: Sketch;
  readonly result: "answer" | "error";
  /** Digest of what came back; of the state when that was given. */
  readonly shown: number;
  /** Whether the program said where it stands. */
  readonly stated: boolean;
  /** Digest of what the error said, numbers aside. */
  readonly error?: number;
  /** Length of what came back. */
  readonly chars: number;
}

/** What is judged, and stored with each decision. Lists have the latest last; a turn that made progress is a 0 in them. */
export interface TurnSignals {
  /** Since the task began, or since a person let it go on. */
  readonly turns: number;
  /** Turns that a person gave it, in place of the contract's. */
  readonly given?: number;
  /** Trips the planner was told of, since then. */
  readonly trips: number;
  /** Turns in a row that showed nothing for the first time. */
  readonly unchanged: number;
  /** Turns in a row that ended in the same error, numbers aside. */
  readonly sameError: number;
  /** Turns since the last answer that nobody had seen: an error, new or not, is no progress. */
  readonly withoutProgress: number;
  /** Share (0..1) of four-word pieces that an action and the one before have in common. */
  readonly repetition: readonly number[];
  /** Share (0..1) by which a result is shorter than the longest of late. */
  readonly decline: readonly number[];
}

/** Plain JSON of bounded size. Stored shape. */
export interface Turns {
  readonly signals: TurnSignals;
  /** What the next turn is compared with. */
  readonly memory: {
    readonly action: Sketch;
    readonly error?: number;
    readonly seen: readonly number[];
    readonly lengths: readonly number[];
  };
}

/** The longest row that the lists can tell: the contract's schema asks for no longer one. */
const ROW = 20;
/** Results and states that are known again. What is forgotten counts as new, so forgetting never trips. */
const SEEN = 128;
/** Results among which the longest is looked for. */
const OF_LATE = 10;

const NOTHING_IN_A_ROW = { unchanged: 0, sameError: 0, withoutProgress: 0, repetition: [], decline: [] } as const;

export const START: Turns = { signals: { turns: 0, trips: 0, ...NOTHING_IN_A_ROW }, memory: { action: [], seen: [], lengths: [] } };

export function turnOf({ action, result, text, state }: ToldTurn): Turn {
  return {
    action: sketchOf(action),
    result,
    shown: digestOf(state === undefined ? `${result} ${text}` : `state ${state}`),
    stated: state !== undefined,
    // Times, ids and line numbers differ in each copy of an error.
    ...(result === "error" && { error: digestOf(text.replace(/\d+/g, "#")) }),
    chars: text.length,
  };
}

export function noteTurn({ signals, memory }: Turns, turn: Turn): Turns {
  const isNew = !memory.seen.includes(turn.shown);
  // An error that nobody has seen tells something, yet a task does not come forward from error to error.
  const progressed = isNew && (turn.stated || turn.result === "answer");

  // A poll that hears something new each time, and a skill called for one document after the other, repeat nothing.
  const repetition = progressed || signals.turns === 0 ? 0 : shareInCommon(turn.action, memory.action);
  const longest = Math.max(0, ...memory.lengths);
  const decline = progressed || longest === 0 ? 0 : Math.max(0, 1 - turn.chars / longest);
  const isSameError = turn.error !== undefined && turn.error === memory.error;

  return {
    signals: {
      ...signals,
      turns: signals.turns + 1,
      unchanged: isNew ? 0 : signals.unchanged + 1,
      sameError: turn.error === undefined ? 0 : isSameError ? signals.sameError + 1 : 1,
      withoutProgress: progressed ? 0 : signals.withoutProgress + 1,
      repetition: [...signals.repetition, repetition].slice(-ROW),
      decline: [...signals.decline, decline].slice(-ROW),
    },
    memory: {
      action: turn.action,
      ...(turn.error !== undefined && { error: turn.error }),
      seen: isNew ? [...memory.seen, turn.shown].slice(-SEEN) : memory.seen,
      lengths: [...memory.lengths, turn.chars].slice(-OF_LATE),
    },
  };
}

/**
 * The task goes on after a trip, and all that is counted begins anew, or the next turn would trip again. What was seen is not
 * forgotten: it gets a chance, not a clean slate.
 * @param by the planner was told, which is counted; or a person let it go on, and it has all its turns and its trips again
 * @param given turns that the person gives it in place of the contract's, at least 1
 */
export function resetBreaker({ signals, memory }: Turns, by: "planner" | "person", given?: number): Turns {
  if (by === "planner") return { memory, signals: { ...signals, ...NOTHING_IN_A_ROW, trips: signals.trips + 1 } };
  const fresh = { turns: 0, trips: 0, ...NOTHING_IN_A_ROW };
  return { memory, signals: given === undefined ? fresh : { ...fresh, given: Math.max(1, given) } };
}
