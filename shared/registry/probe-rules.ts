/**
 * What a list of probes has to be, whoever sends it and in whatever form it was written: data in, probes or the first thing that is
 * wrong with them. Never fills in anything.
 */
import * as v from "valibot";
import { isObject, type JsonObject } from "../task/a2a-types.ts";
import type { Probe } from "./probe.ts";

/** All of them run again every few hours. */
export const MOST_PROBES = 50;
const MOST_MESSAGE = 4_000;
/** Characters of JSON. */
const MOST_DATA = 16_000;
const MOST_WORDS = 20;
const MOST_WORD = 500;
/** A probe waits no longer for its answer. Milliseconds. */
export const PATIENCE_MS = 10_000;
const MOST_MICRO_USD = 1_000_000_000;

const TYPES = ["string", "number", "boolean", "array", "object"] as const;

function text(most: number) {
  const rule = `must be a text of 1 to ${most} characters`;
  return v.pipe(v.string(rule), v.regex(/\S/, rule), v.maxLength(most, rule));
}

function whole(from: number, to: number) {
  const rule = `must be a whole number from ${from} to ${to}`;
  return v.pipe(v.number(rule), v.integer(rule), v.minValue(from, rule), v.maxValue(to, rule));
}

function yes(what: string) {
  return v.literal(true, `must be true: leave it out of what ${what} not`);
}

const finite = v.pipe(v.number("must be a number"), v.finite("must be a number with an end"));
const list = `must be a list of 1 to ${MOST_WORDS} texts`;
const members = `must name 1 to ${MOST_WORDS} members with their types`;

const expectation = v.pipe(
  v.strictObject(
    {
      contains: v.optional(v.pipe(v.array(text(MOST_WORD), list), v.minLength(1, list), v.maxLength(MOST_WORDS, list))),
      number: v.optional(
        v.strictObject(
          { value: finite, within: v.pipe(finite, v.minValue(0, "must not be negative")) },
          "must be { value, within }: the number, and how far from it is near enough",
        ),
      ),
      data: v.optional(
        v.pipe(
          v.record(text(100), v.picklist(TYPES, `must be one of ${TYPES.join(", ")}`), members),
          v.check((given) => Object.keys(given).length >= 1 && Object.keys(given).length <= MOST_WORDS, members),
        ),
      ),
      cites: v.optional(yes("does")),
      refuses: v.optional(yes("does")),
      withinMs: v.optional(whole(1, PATIENCE_MS)),
      atMostMicroUsd: v.optional(whole(0, MOST_MICRO_USD)),
    },
    "must be an object that says what must hold of the answer",
  ),
  v.check((given) => Object.keys(given).length > 0, "must say what must hold of the answer, such as contains: [a word]"),
);

const probe = v.strictObject(
  {
    skill: text(128),
    message: text(MOST_MESSAGE),
    data: v.optional(
      v.pipe(
        v.unknown(),
        v.check(isObject, "must be an object"),
        v.check((given) => JSON.stringify(given).length <= MOST_DATA, `must have at most ${MOST_DATA} characters as JSON`),
      ),
    ),
    expect: expectation,
  },
  "must be an object with skill, message and expect",
);

const count = `must be a list of at most ${MOST_PROBES} probes`;
const probes = v.pipe(v.array(probe, count), v.maxLength(MOST_PROBES, count));

/** What is wrong: the way to the field, and the end of a sentence about it. */
export interface ProbesProblem {
  readonly path: readonly (string | number)[];
  /** Such as `probes[0].expect.number.within`. */
  readonly field: string;
  readonly problem: string;
}

export type CheckedProbes =
  | { readonly ok: true; readonly probes: readonly Probe[] }
  | { readonly ok: false; readonly problem: ProbesProblem };

/**
 * @param data a list, as JSON
 * @param skills ids of the card's skills, where the card is there: a probe of any other would never run
 */
export function checkProbes(data: unknown, skills?: readonly string[]): CheckedProbes {
  const result = v.safeParse(probes, data);
  if (!result.success) {
    const [issue] = result.issues;
    return wrong(
      (issue.path ?? []).map(({ key }) => key as string | number),
      wordsOf(issue),
    );
  }
  const list: readonly Probe[] = result.output.map(asProbe);
  const stray = skills === undefined ? -1 : list.findIndex(({ skill }) => !skills.includes(skill));
  if (stray >= 0) return wrong([stray, "skill"], `must be a skill of the card: ${skills?.join(", ")}`);
  return { ok: true, probes: list };
}

/** What was checked and nothing else: members that are there without a value are left out. */
function asProbe(given: v.InferOutput<typeof probe>): Probe {
  const { skill, message, data, expect } = given;
  const present = Object.entries(expect).filter(([, value]) => value !== undefined);
  return { skill, message, ...(data !== undefined && { data: data as JsonObject }), expect: Object.fromEntries(present) };
}

function wrong(path: readonly (string | number)[], problem: string): CheckedProbes {
  const field = path.reduce<string>((way, key) => (typeof key === "number" ? `${way}[${key}]` : `${way}.${key}`), "probes");
  return { ok: false, problem: { path, field, problem } };
}

function wordsOf(issue: v.BaseIssue<unknown>): string {
  if (issue.type === "strict_object" && issue.expected === "never") return "is not known there: take it out, or see how it is spelt";
  // An object without one of its members is complained of in the object's words, at the member.
  if (issue.type === "strict_object" && issue.expected !== "Object") return "is missing";
  return issue.message;
}
