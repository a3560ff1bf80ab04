/**
 * A probe: a message to a skill, and what must hold of the answer. Types only; how answers are judged is in judge.ts, and which
 * probes are ever sent in probe-choice.ts. Stored shapes: fields are added, never renamed.
 */
import type { JsonObject } from "../task/a2a-types.ts";

export interface Probe {
  readonly skill: string;
  /** What is sent, as text. */
  readonly message: string;
  /** Sent beside it as a data part, for a skill that works on what it is given. */
  readonly data?: JsonObject;
  /** All that is given must hold. */
  readonly expect: Expectation;
}

export interface Expectation {
  /** Each of these stands in the answer, whatever the case of its letters. */
  readonly contains?: readonly string[];
  /** The first number of the answer that its message does not hold already lies so near to it. */
  readonly number?: { readonly value: number; readonly within: number };
  /** A data part of the answer has these members, each of this JSON type. */
  readonly data?: Readonly<Record<string, "string" | "number" | "boolean" | "array" | "object">>;
  /** The answer has a finding with its source. */
  readonly cites?: true;
  /** The agent rejects it, fails it with a reason, or asks before it does anything: it must not be done. */
  readonly refuses?: true;
  /** Milliseconds. */
  readonly withinMs?: number;
  /** Micro-USD, as the agent says. */
  readonly atMostMicroUsd?: number;
}

/** What came of a probe, or of a capability that the card declares and that was put to the test. */
export interface ProbeOutcome {
  /** Empty for a capability, which is the whole agent's. */
  readonly skill: string;
  /** The capability, such as `capabilities.streaming`; absent for a probe. */
  readonly claim?: string;
  /** ISO 8601. */
  readonly at: string;
  readonly ok: boolean;
  /** Until the answer was there. */
  readonly ms: number;
  /** As the agent says; absent where it says nothing. */
  readonly microUsd?: number;
  /** In words: what did not hold, or that all did. */
  readonly why: string;
}
