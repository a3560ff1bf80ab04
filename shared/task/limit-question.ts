/**
 * A task that stands at a limit asks: in words with numbered choices, so that any client can answer, and in its metadata for
 * those that know the extension. Reads the answer, and says what somebody needs to be allowed to give it. Pure.
 */
import { type Amount, UNITS, type Unit } from "../budget/amount.ts";
import type { JsonObject } from "./a2a-types.ts";

/**
 * `partial`: end with what there is. `other`: another agent instead. `allow`: this once, past the limit. `again`: somebody has
 * lifted the limit elsewhere. `raise`: lift the task's own.
 */
export type LimitChoice = "partial" | "other" | "allow" | "again" | "raise";

export type LimitQuestion = {
  readonly policy: string;
  readonly reason: string;
  /** What stands in the way, in whole sentences. */
  readonly words: string;
  readonly choices: readonly LimitChoice[];
  /** For `other`: which one. */
  readonly other?: string;
  /** What would meet the limit instead, for programs; in words it is part of `words`. */
  readonly arrangement?: object;
  /** For `raise`: by how much at least, and how far a caller may go without the scope "operate". */
  readonly raise?: { readonly unit: Unit; readonly by: number; readonly callerMax: number };
};

export type LimitAnswer =
  | { readonly choice: Exclude<LimitChoice, "raise"> }
  | { readonly choice: "raise"; readonly unit: Unit; readonly by: number }
  | { readonly choice: "unclear" };

/** Whatever the unit: a million dollars, or more tokens than anybody has. */
const MOST_RAISED = 1e12;

/** The question as a person reads it. */
export function wordsOfLimit({ words, choices, other, raise }: LimitQuestion): string {
  const list = choices.map((choice, index) => `${index + 1}. ${choice}: ${meaningOf(choice, other, raise)}`);
  return `${words}\n\n${list.join("\n")}\n\nAnswer with a number or its word.`;
}

function meaningOf(choice: LimitChoice, other: string | undefined, raise: LimitQuestion["raise"]): string {
  switch (choice) {
    case "partial":
      return "end here, with what there is";
    case "other":
      return other === undefined ? "use another agent" : `use ${other} instead`;
    case "allow":
      return "go past the limit this once (needs the scope approve)";
    case "again":
      return "try again, when an operator has raised the limit";
    case "raise":
      return raise === undefined
        ? "raise the limit"
        : `raise the limit of this task by ${wordsOfUnit(raise.unit, raise.by)}, or say by how many ${raise.unit}: "raise ${raise.by * 2}"`;
  }
}

/** The same for programs: the member `limit` of the extension's metadata. */
export function limitMetadata({ words: _, ...rest }: LimitQuestion): JsonObject {
  return JSON.parse(JSON.stringify(rest)) as JsonObject;
}

/** @param limit as `limitMetadata` wrote it */
export function readLimitAnswer(text: string, limit: JsonObject): LimitAnswer {
  const choices = (Array.isArray(limit["choices"]) ? limit["choices"] : []) as LimitChoice[];
  const said = text
    .trim()
    .toLowerCase()
    .replace(/[."!]+$|^"/g, "");
  const number = /^(\d)[.)]?$/.exec(said)?.[1];
  const [word = "", amount] = number ? [choices[Number(number) - 1]] : said.split(/\s+/);
  const choice = choices.find((each) => each === word);
  if (choice === undefined) return { choice: "unclear" };
  if (choice !== "raise") return { choice };
  const raise = limit["raise"] as { unit: Unit; by: number } | undefined;
  if (!raise || !UNITS.includes(raise.unit)) return { choice: "unclear" };
  const by = amount === undefined ? raise.by : Number(amount);
  return Number.isSafeInteger(by) && by > 0 && by <= MOST_RAISED ? { choice, unit: raise.unit, by } : { choice: "unclear" };
}

/**
 * What the one who answers needs beyond "call": to go past a limit takes somebody who may approve, and to raise one further
 * than the contract lets its caller, an operator.
 */
export function scopeForLimitAnswer(text: string, limit: JsonObject): "approve" | "operate" | undefined {
  const answer = readLimitAnswer(text, limit);
  if (answer.choice === "allow") return "approve";
  if (answer.choice !== "raise") return undefined;
  const raise = limit["raise"] as { callerMax: number } | undefined;
  return answer.by > (raise?.callerMax ?? 0) ? "operate" : undefined;
}

/** An amount as a person reads it: the units that there are some of. */
export function wordsOfAmount(amount: Partial<Amount>): string {
  const words = UNITS.flatMap((unit) => (amount[unit] ? [wordsOfUnit(unit, amount[unit])] : []));
  return words.length > 0 ? words.join(", ") : "nothing";
}

export function wordsOfUnit(unit: Unit, value: number): string {
  switch (unit) {
    case "microUsd":
      return `$${(value / 1e6).toFixed(value < 10_000 ? 6 : 2)}`;
    case "tokensIn":
      return `${value} tokens in`;
    case "tokensOut":
      return `${value} tokens out`;
    case "calls":
      return `${value} call${value === 1 ? "" : "s"}`;
    case "wallMs":
      return `${(value / 1000).toFixed(1)} s of work`;
  }
}
