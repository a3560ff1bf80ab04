/**
 * Sentences that are no description but tell a model, a planner or this registry what to do. A card is read by all three, so such a
 * sentence is an attack whatever its author meant; a description of what a skill does ("use this tool to convert currencies") is none.
 * The wordings themselves are in instruction-patterns.ts. Pure.
 */
import { INSTRUCTIONS, WOOING } from "./instruction-patterns.ts";
import { asItLooks } from "./visible-text.ts";

/** @returns what a text tells its reader to do, in words, and the sentence; undefined where it only describes */
export function instructionIn(text: string): { readonly what: string; readonly said: string } | undefined {
  for (const reading of readingsOf(text))
    for (const [what, pattern] of INSTRUCTIONS) {
      const said = pattern.exec(reading)?.[0];
      if (said !== undefined) return { what, said: said.trim() };
    }
  return undefined;
}

/** A text without the sentences that speak to whoever chooses. */
export function withoutInstructions(text: string): string {
  const sentences = text.match(/[^.!?\n]+[.!?\n]*/gu) ?? [];
  return sentences.filter((sentence) => !WOOING.test(sentence.toLowerCase()) && instructionIn(sentence) === undefined).join(" ");
}

/** As it stands, and as it would be read: with look-alikes, digits for letters, or single letters spaced out. */
function readingsOf(text: string): readonly string[] {
  const looks = asItLooks(text)
    .toLowerCase()
    .replace(/[^\S\n]+/gu, " ");
  const spelt = looks.replace(/(?<![\p{L}\p{N}])(?:\p{L}[ .*_-]){4,}\p{L}(?![\p{L}\p{N}])/gu, (row) => row.replace(/[ .*_-]/gu, ""));
  const lettered = spelt.replace(/\S+/gu, (word) =>
    word.replace(/[013457@$](?=\p{L})|(?<=\p{L})[013457@$]/gu, (digit) => LETTERS[digit] ?? digit),
  );
  const joined = lettered.replace(/[_-]+/gu, " ");
  return [...new Set([looks, spelt, lettered, joined])];
}

const LETTERS: Readonly<Record<string, string>> = { "0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "t", "@": "a", $: "s" };
