/**
 * Finds the value of a name in what other agents established: `floor: 0.75`, `floor = 0.75`, `a floor of 0.75`, `the floor
 * is 75%`, `a 75% floor`. Reads only; the finding that was used is handed on as a source.
 */
import type { Finding } from "../../../shared/kit/finding.ts";
import { PLAIN_UNIT, quantity, type Value } from "./engine.ts";
import { show } from "./show.ts";

export interface StatedValue {
  readonly name: string;
  /** A number, or a quantity where a unit stands behind it. */
  readonly value: Value;
  /** The words that state it. */
  readonly said: string;
  readonly finding: Finding;
  /** Other findings that state something else for the same name; not used, but told. */
  readonly others: readonly { readonly said: string; readonly finding: Finding }[];
}

const NUMBER = String.raw`[-+]?[$€£]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:[eE][-+]?\d+)?(?:\s?%|\s?percent\b|\s?${PLAIN_UNIT})?`;

/** The best-scored finding that states the name wins; among equals the first. */
export function statedValue(name: string, findings: readonly Finding[]): StatedValue | undefined {
  const words = wordsOf(name);
  if (words.length === 0) return undefined;
  const best = findings
    .map((finding, at) => ({ finding, at, score: finding.source?.score ?? 0 }))
    .sort((a, b) => b.score - a.score || a.at - b.at);
  for (const pattern of patterns(words)) {
    const stated = best.flatMap(({ finding }) => {
      const match = pattern.exec(finding.text);
      return match?.[1] === undefined ? [] : [{ value: quantity(match[1].replace(/\s?percent/i, "%")), said: match[0].trim(), finding }];
    });
    const first = stated[0];
    if (first) return { name, ...first, others: stated.filter((each) => show(each.value) !== show(first.value)) };
  }
  return undefined;
}

/** `maxHops`, `max_hops` and `max hops` are one name. */
function wordsOf(name: string): string[] {
  return name
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .split(/[\s_-]+/)
    .filter((word) => word !== "" && !/^(the|a|an|its|our|this|that)$/i.test(word));
}

/** From a plain statement to the looser adjective, so that "a 0.9 floor" never outbids "floor: 0.75". */
function patterns(words: readonly string[]): RegExp[] {
  const name = `(?<![\\p{L}\\p{N}_])${words.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("[\\s_-]*")}`;
  const mark = "[\"'`*_]*";
  const number = `${mark}(${NUMBER})(?![\\p{L}\\p{N}_]|[.,]\\d)`;
  return [
    new RegExp(`${name}${mark}\\s*(?:[:=]|:=|==)\\s*${number}`, "iu"),
    new RegExp(
      `${name}${mark}\\s+(?:is|of|was|are|equals|stands at|is set to|is currently|defaults to|\\|)\\s+(?:about |exactly |at )?${number}`,
      "iu",
    ),
    new RegExp(`${name}${mark}\\s*[(|]\\s*${number}`, "iu"),
    new RegExp(`(?<![\\p{L}\\p{N}_.])${mark}(${NUMBER})${mark}[ -]${name}(?![\\p{L}\\p{N}_])`, "iu"),
  ];
}

/** "chain-cap.v1.yaml, line 4", as far as the finding says. */
export function placeOf({ source, by }: Finding): string {
  if (!source) return by ? `a finding by ${by}` : "a finding of this message";
  return source.position === "" ? source.document : `${source.document}, ${source.position}`;
}
