/**
 * A probe: a message to a skill, and what must hold of the answer. Types only; how answers are judged is in judge.ts.
 */

export interface Probe {
  readonly skill: string;
  /** What is sent, as text. */
  readonly message: string;
  /** All that is given must hold. */
  readonly expect: Expectation;
}

export interface Expectation {
  /** Each of these stands in the answer, whatever the case of its letters. */
  readonly contains?: readonly string[];
  /** The first number of the answer lies so near to it. */
  readonly number?: { readonly value: number; readonly within: number };
  /** A data part of the answer has these members, each of this JSON type. */
  readonly data?: Readonly<Record<string, "string" | "number" | "boolean" | "array" | "object">>;
  /** The answer has a finding with its source. */
  readonly cites?: true;
  /** The agent rejects it, or fails it with a reason: it must not be done. */
  readonly refuses?: true;
  /** Milliseconds. */
  readonly withinMs?: number;
  /** Micro-USD, as the agent says. */
  readonly atMostMicroUsd?: number;
}
