/**
 * Answers one question: reads it as a repeated factor or as formulas, computes, and writes the working. What the words
 * were taken to mean is always said, so that a wrong reading can be seen.
 */
import { type BigNumber, decimal, FormulaError, isNumber, math, type Value } from "./engine.ts";
import { evaluateFormula } from "./evaluate.ts";
import { hasWrittenFormula, readFormulas } from "./formula-in-text.ts";
import type { Names } from "./names.ts";
import type { Reading } from "./phrases.ts";
import { type Breaks, lastHolding } from "./repeated-factor.ts";
import { type RepeatedFactorQuestion, readRepeatedFactor } from "./repeated-factor-phrase.ts";
import { equation, percentForm, show } from "./show.ts";

export type Answer =
  | {
      readonly ok: true;
      readonly result: string;
      readonly expression: string;
      readonly working: readonly string[];
      readonly more?: readonly string[];
    }
  | { readonly ok: false; readonly question: string; readonly reason: string };

const MOST_SHOWN = 12;

/** Longer is no question but a document; formulas end well before. */
const LONGEST_QUESTION = 2_000;

/** No answers when the question holds no arithmetic. */
export function answerQuestion(question: string, names: Names): readonly Answer[] {
  if (question.length > LONGEST_QUESTION)
    return [
      {
        ok: false,
        question: brief(question),
        reason: `a question of ${question.length} characters is too long; the most is ${LONGEST_QUESTION}`,
      },
    ];
  // A formula that somebody wrote out is what they mean, whatever the words around it sound like.
  const written = hasWrittenFormula(question) ? readFormulas(question, names) : [];
  const repeated = written.length === 0 ? readRepeatedFactor(question) : undefined;
  if (repeated) return [refusable(question, () => repeatedFactor(repeated, names))];
  const readings = written.length > 0 ? written : readFormulas(question, names);
  return readings.map((reading) => refusable(reading.formula, () => formula(reading, names)));
}

function refusable(question: string, answer: () => Answer): Answer {
  try {
    return answer();
  } catch (error) {
    if (error instanceof FormulaError) return { ok: false, question: brief(question), reason: error.message };
    throw error;
  }
}

function brief(question: string): string {
  return question.length > 120 ? `${question.slice(0, 117)}...` : question;
}

function formula(reading: Reading, names: Names): Answer {
  const { value, steps } = evaluateFormula(reading.formula, (name) => names.value(name));
  const inputs = names.takeUsed();
  const result = equation(reading.formula, value, reading.percent ?? "natural");
  names.remember(value, result);
  const shown = steps.map((step) => equation(step.formula, step.value, false));
  const working = [
    ...(reading.note ? [reading.note] : []),
    ...inputs,
    // One step that only repeats the formula is no working.
    ...(shown.length === 1 && inputs.length === 0 && spaceless(steps[0]?.formula) === spaceless(reading.formula) ? [] : capped(shown)),
  ];
  return { ok: true, result, expression: reading.formula, working };
}

const spaceless = (text = ""): string => text.replace(/\s/g, "");

function capped(steps: readonly string[]): string[] {
  if (steps.length <= MOST_SHOWN) return [...steps];
  return [...steps.slice(0, MOST_SHOWN - 2), `and ${steps.length - MOST_SHOWN + 1} more steps`, steps.at(-1) ?? ""];
}

const HOLDS: Readonly<Record<Breaks, string>> = { "<": "at or above", "<=": "above", ">": "at or below", ">=": "below" };
const KEPT: Readonly<Record<Breaks, string>> = { "<": ">=", "<=": ">", ">": "<=", ">=": "<" };
/** What a bound may be called where the question only says that there is one. */
const USUAL_BOUNDS = {
  falling: ["floor", "minimum", "threshold", "lower bound", "lower limit"],
  rising: ["ceiling", "cap", "maximum", "upper bound", "upper limit"],
};

function repeatedFactor(question: RepeatedFactorQuestion, names: Names): Answer {
  const { unit, breaks, wanted } = question;
  const share = numberFrom(question.factor, names, `say the factor of each of the ${unit}: "how many ${unit} of 95% each ..."`);
  const factor = question.change === "growth" ? share.add(1) : question.change === "loss" ? math.bignumber(1).sub(share) : share;
  const start = question.start === undefined ? math.bignumber(1) : numberFrom(question.start, names, "");
  const bound = question.threshold ?? usualBound(breaks, names);
  const threshold = question.relative ? start.mul(decimal(bound)) : numberFrom(bound, names, "");

  const { n, estimate } = lastHolding({ start, factor, breaks, threshold });
  const each = `of ${question.factor}${question.change === "plain" ? "" : ` ${question.change}`} each`;
  const write = (times: number): string => `${start.eq(1) ? "" : `${show(start)} * `}${show(factor)}^${times}`;
  const at = (times: number): BigNumber => start.mul(factor.pow(times));
  const first = wanted === "first-breaking";
  const count = first ? n + 1 : n;
  const edge = `${HOLDS[breaks]} ${show(threshold)}`;
  const product = `${show(at(count))}${percentForm(at(count))}`;
  const counted = `${count} ${count === 1 ? unit.replace(/s$/, "") : unit} ${each}`;
  const result = first
    ? `${counted}: the first at which the product is no longer ${edge}; the product is ${product}`
    : `${counted} stay${count === 1 ? "s" : ""} ${edge}: the product is ${product}`;
  const cap = ["max", "maximum", "most"].map((most) => `${most} ${unit}`).find((name) => names.isStated(name));
  const limit = cap === undefined ? undefined : plainNumber(names.value(cap));
  return {
    ok: true,
    result: limit?.lt(count) ? `${result}. But at most ${show(limit)} ${unit} are allowed: that limit is met first` : result,
    expression: write(count),
    more: [equation(write(count), at(count))],
    working: [
      `rule: ${write(0).replace(/0$/, "n")}, and the ${first ? "smallest n that breaks" : "largest n that keeps"} ${write(0).replace(/0$/, "n")} ${KEPT[breaks]} ${show(threshold)}`,
      ...names.takeUsed(),
      ...(question.change === "plain" ? [] : [`${question.change} of ${question.factor} is a factor of ${show(factor)}`]),
      ...(estimate === undefined
        ? []
        : [`ln(${show(threshold.div(start))}) / ln(${show(factor)}) ≈ ${estimate.toFixed(4)}, then checked exactly:`]),
      `${equation(write(n), at(n))}, which is ${KEPT[breaks]} ${show(threshold)}: holds`,
      `${equation(write(n + 1), at(n + 1))}, which is not: breaks it`,
    ],
  };
}

function usualBound(breaks: Breaks, names: Names): string {
  const usual = USUAL_BOUNDS[breaks === "<" || breaks === "<=" ? "falling" : "rising"];
  const stated = usual.find((name) => names.isStated(name));
  if (stated) return stated;
  throw new FormulaError(
    `no bound is given. Say it ("... stay at or above 75%"), or send a finding that states a ${usual.slice(0, 3).join(", a ")}`,
  );
}

/** A number as written, or the value of a name. */
function numberFrom(written: string | undefined, names: Names, help: string): BigNumber {
  if (written === undefined) throw new FormulaError(help);
  if (/^[-+$€£]?[\d.]/.test(written)) return decimal(written);
  const value = names.value(written) ?? lastWord(written, names);
  if (value && isNumber(value)) return value;
  if (value) throw new FormulaError(`"${written}" is ${show(value)}, a quantity with a unit, where a plain number is needed`);
  throw new FormulaError(
    `"${written}" is not known. Say what it is in the message ("${written} = 0.75"), or send a finding that states it ("${written}: 0.75")`,
  );
}

function plainNumber(value: Value | undefined): BigNumber | undefined {
  return value !== undefined && isNumber(value) ? value : undefined;
}

/** "reliability floor" is answered by a finding that says "floor: 0.75". */
function lastWord(written: string, names: Names): Value | undefined {
  const word = /[ _-](\w+)$/.exec(written)?.[1];
  return word ? names.value(word) : undefined;
}
