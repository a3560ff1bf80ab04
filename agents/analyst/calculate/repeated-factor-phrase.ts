/**
 * Reads questions about a factor applied again and again: "how many hops of 95% each stay at or above 75%", "how many
 * years of 7% growth until it doubles". Gives what is asked; names stay names, to be looked up by the caller.
 */
import { digitsForWords } from "./notation.ts";
import type { Breaks } from "./repeated-factor.ts";

export interface RepeatedFactorQuestion {
  /** What is counted: "hops". */
  readonly unit: string;
  /** As written: "95%", "0.95" or a name; undefined when the sentence has none. */
  readonly factor: string | undefined;
  /** "growth of 7%" is a factor of 1.07, "a loss of 7%" one of 0.93; plain, the share is the factor itself. */
  readonly change: "plain" | "growth" | "loss";
  readonly start: string | undefined;
  readonly breaks: Breaks;
  /** As written, a name ("floor"), or undefined when the sentence only says that there is a limit. */
  readonly threshold: string | undefined;
  /** The threshold is this many times the start ("doubles"). */
  readonly relative?: boolean;
  /** The last that still holds, or the first that breaks the bound. */
  readonly wanted: "last-holding" | "first-breaking";
}

const VALUE = String.raw`(?:\d[\d.,]*(?:e[-+]?\d+)?\s?%?)(?![\d.]*\d)`;
const NAME = String.raw`(?:the |a |an |its |our |this |that )?(?!each\b|every\b)[a-z_][\w-]*(?: (?:floor|threshold|limit|minimum|maximum|bound|cap|ceiling|target))?`;
const BOUND = String.raw`((?:(?:the |a |an |its |our )?[a-z_][\w -]{0,30}? (?:of|at|=|is) )?${VALUE}|(?:the |a |an )?${VALUE}(?= (?:floor|threshold|limit|minimum|maximum|bound|cap|ceiling|target)\b)|${NAME})`;

/** Staying on one side of the bound: [words, what breaks it]. The longer wordings come first. */
const KEEPING: readonly (readonly [string, Breaks])[] = [
  [
    "at or above|at or over|above or at|at least|no lower than|not lower than|no less than|not less than|not below|not under|not fall(?:ing)? below|not drop(?:ping)? below|never below|greater than or equal to|>=",
    "<",
  ],
  [
    "at or below|at or under|below or at|at most|no more than|not more than|no higher than|not above|not over|within|less than or equal to|<=",
    ">",
  ],
  ["strictly above|above|over|more than|greater than|higher than|>", "<="],
  ["strictly below|below|under|less than|lower than|<", ">="],
];

/** Crossing it: [words, what breaks it]. */
const CROSSING: readonly (readonly [string, Breaks])[] = [
  ["(?:falls?|drops?|goes|go|sinks?|gets?|is|are|dips?|fall(?:s|ing)?|passes) (?:below|under|beneath|lower than|less than)", "<"],
  ["(?:falls?|drops?|goes|go|sinks?|gets?|shrinks?|comes?) (?:down )?to(?: or below)?", "<="],
  [
    "(?:exceeds?|surpass(?:es)?|tops|(?:goes|go|rises?|grows?|gets?|is|climbs?|passes) (?:above|over|beyond|past|more than|higher than))",
    ">",
  ],
  ["(?:reach(?:es)?|hits?|gets? to|grows? to|rises? to)", ">="],
];

/** `undefined` when the sentence asks for something else. */
export function readRepeatedFactor(sentence: string): RepeatedFactorQuestion | undefined {
  const text = digitsForWords(sentence.trim()).replace(/\s+/g, " ");
  const asked = /\bhow (?:many|often|long|much longer)\b/i.exec(text);
  if (!asked) return undefined;
  const unit = /\bhow many (?:more |such |consecutive |successive )?(?:\d[\d.]*\s?%?[ -])?([a-z][a-z-]*)/i.exec(text)?.[1] ?? "times";
  if (/^(?:percent|rows?)$/i.test(unit)) return undefined;

  const bound = readBound(text);
  const rest = bound ? text.replace(bound.words, " ") : text;
  const start =
    /\b(?:start(?:ing|s)? (?:at|from|with|of)|beginning (?:at|with)|an? (?:initial|starting) (?:value|amount|sum) of|invest(?:ing)?|from|before|until|till)\s+(\d[\d.,]*\s?%?)/i.exec(
      rest,
    );
  const body = start ? rest.replace(start[0], " ") : rest;
  const factor = readFactor(body);
  if (!factor && !/\b(?:hops?|steps?|factors?|links?|stages?)\b/i.test(unit)) return undefined;
  if (!bound && !/\b(?:stops?|allow(?:s|ed)?|permit(?:s|ted)?|limit|possible|enough|may|can)\b/i.test(rest)) return undefined;
  if (!bound && !factor) return undefined;

  const growing = factor?.change === "growth";
  return {
    unit: unit.toLowerCase() === "times" ? "factors" : unit.toLowerCase(),
    factor: factor?.written,
    change: factor?.change ?? "plain",
    start: start?.[1]?.trim(),
    breaks: bound?.breaks ?? (growing ? ">" : "<"),
    threshold: bound?.threshold,
    ...(bound?.relative ? { relative: true } : {}),
    wanted: bound?.wanted ?? "last-holding",
  };
}

interface Bound {
  readonly words: string;
  readonly breaks: Breaks;
  readonly threshold: string;
  readonly relative?: boolean;
  readonly wanted: RepeatedFactorQuestion["wanted"];
}

function readBound(text: string): Bound | undefined {
  const multiple = /\b(before|until|till|to|for it to)?\b[^.,]{0,30}?\b(doubl|tripl|halv)(?:es?|ing|e)\b/i.exec(text);
  if (multiple) {
    const times = { doubl: "2", tripl: "3", halv: "0.5" }[multiple[2]?.toLowerCase() ?? ""] ?? "2";
    const wanted = /before/i.test(multiple[1] ?? "") ? "last-holding" : "first-breaking";
    return { words: `${multiple[2]}`, breaks: times === "0.5" ? "<=" : ">=", threshold: times, relative: true, wanted };
  }
  const verbs = "stay|stays|remain|remains|keep|keeps|hold|holds|kept|be|is|are|leave|leaves|with|staying|keeping|remaining|result";
  for (const [side, breaks] of KEEPING) {
    const match = new RegExp(`\\b(?:${verbs})\\b[^.]{0,40}?\\s((?:${side})\\s+${BOUND})`, "i").exec(text);
    // "before it is below 0.75" is a crossing, although it says "is below".
    if (match?.[2] && !/\b(?:before|until|till)\b/i.test(text.slice(0, match.index + match[0].length)))
      return { words: match[1] ?? "", breaks, threshold: bare(match[2]), wanted: "last-holding" };
  }
  for (const [side, breaks] of CROSSING) {
    const match = new RegExp(`\\b(before|until|till|so that|to|for)\\b(?:[^.]{0,60}?\\s|\\s)(${side}\\s+${BOUND})`, "i").exec(text);
    if (match?.[3])
      return {
        words: match[2] ?? "",
        breaks,
        threshold: bare(match[3]),
        wanted: /before/i.test(match[1] ?? "") ? "last-holding" : "first-breaking",
      };
  }
  for (const [side, breaks] of KEEPING) {
    const match = new RegExp(`(?:^|\\s)((?:${side})\\s+${BOUND})`, "i").exec(text);
    if (match?.[2]) return { words: match[1] ?? "", breaks, threshold: bare(match[2]), wanted: "last-holding" };
  }
  return undefined;
}

/** "a floor of 0.75" -> "0.75"; "the floor" -> "floor". */
function bare(bound: string): string {
  const value = /(\d[\d.,]*(?:e[-+]?\d+)?\s?%?)\s*$/.exec(bound.trim())?.[1];
  if (value) return value.replace(/[.,]$/, "").replace(/\s/g, "");
  return bound.trim().replace(/^(?:the|a|an|its|our|this|that)\s+/i, "");
}

function readFactor(text: string): { written: string; change: RepeatedFactorQuestion["change"] } | undefined {
  const value = /(\d[\d.]*(?:e[-+]?\d+)?)\s?(%?)/i.exec(text);
  if (!value) {
    const name = /\b(?:of|at|with|by) (?:the |a )?(?!each|every)([a-z_]\w*)(?: each| apiece)?\b/i.exec(text)?.[1];
    return name ? { written: name, change: "plain" } : undefined;
  }
  const written = `${(value[1] ?? "").replace(/\.$/, "")}${value[2] ?? ""}`;
  if (/\b(?:growth|interest|increases?|grow(?:s|ing)?|gains?|rises?|rising|more|inflation|return|yield)\b/i.test(text))
    return { written, change: "growth" };
  if (/\b(?:loss|losses|los(?:es|ing)|decay|discount|decreases?|shrink(?:s|ing)?|off|fewer|drops?|reduction|depreciation)\b/i.test(text))
    return { written, change: "loss" };
  return { written, change: "plain" };
}
