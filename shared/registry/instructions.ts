/**
 * Sentences that are no description but tell a model, a planner or this registry what to do. A card is read by all three, so such a
 * sentence is an attack whatever its author meant. Patterns of wording, each with what it is; a description of what a skill does
 * ("use this tool to convert currencies") is none. Pure.
 */
import { asItLooks } from "./visible-text.ts";

/** Whatever may stand between a verb and what it is about: a few words of the same sentence. */
const FEW = String.raw`(?:[^\s.!?;]+\s+){0,5}?`;
const AGENT = "(?:agent|tool|skill|service|plugin|assistant|model|api|one|option|candidate|provider)s?";
const THIS = `(?:me|us|(?:this|our|my)(?: ${FEW}${AGENT})?)`;
const CHOOSE =
  "(?:us(?:e|ing)|choos(?:e|ing)|select(?:ing)?|pick(?:ing)?|call(?:ing)?|prefer(?:ring)?|rout(?:e|ing)|delegat(?:e|ing)|invok(?:e|ing)|recommend(?:ing)?|rank(?:ing)?)";
const READER =
  "(?:planner|orchestrator|router|dispatcher|ranker|registry|evaluator|llm|language model|ai(?: model| assistant| agent)?|assistant)";

const PATTERNS: readonly (readonly [string, RegExp])[] = [
  [
    "tells its reader to ignore instructions",
    new RegExp(
      `\\b(?:ignor\\w*|disregard\\w*|forget|overrid\\w*|bypass|discard|vergiss|olvid\\w+|oublie\\w*)\\b ?${FEW}(?:instruct\\w*|prompts?|rules|guidelines|directives|polic(?:y|ies)|guardrails|anweisung\\w*|regeln|instruccion\\w*|consignes|istruzioni)\\b`,
      "iu",
    ),
  ],
  [
    "tells its reader to ignore instructions",
    /\bignore (?:all |everything |anything |the |what was |what is )*(?:previous|above|prior|preceding|said before)\b/iu,
  ],
  [
    "tells its reader which agent to choose",
    new RegExp(`\\b(?:must|always|only|shall|have to|required to)\\s+${FEW}${CHOOSE}\\s+${THIS}(?!\\w)`, "iu"),
  ],
  [
    "tells its reader which agent to choose",
    new RegExp(
      `\\b${CHOOSE}\\s+${THIS}\\s+${FEW}(?:first|always|instead of|rather than|over (?:all|any|every|the)?\\s*other|before (?:any|all|every) other)\\b`,
      "iu",
    ),
  ],
  [
    "tells its reader not to choose others",
    new RegExp(
      `\\b(?:never|not|don'?t|avoid|stop)\\s+${FEW}${CHOOSE}\\s+(?:any |the |all )?(?:other|another|competing|different)\\s+${AGENT}\\b`,
      "iu",
    ),
  ],
  [
    "tells its reader to send everything there",
    new RegExp(
      `\\b(?:route|send|delegate|forward|assign|give)\\s+(?:all|every|each|any)\\s+${FEW}(?:here|to (?:me|us|this ${AGENT}))\\b`,
      "iu",
    ),
  ],
  [
    "tells its reader how to rank it",
    /\b(?:rank|score|rate|place|put|list)\s+(?:me|us|this(?: \w+)?|it)\s+(?:as |at |on )?(?:the )?(?:first|top|highest|number one|10|100|1\.0)\b/iu,
  ],
  [
    "speaks to a model or a planner",
    new RegExp(
      `\\b(?:attention|note|message|instructions?|hint|dear|important)\\s?[,:]?\\s?(?:to |for )?(?:the |all |any )?${READER}s?\\b\\s*[,:!.–-]`,
      "iu",
    ),
  ],
  ["speaks to a model or a planner", new RegExp(`\\bif you(?:'re| are) (?:an? |the )?(?:\\w+ )?${READER}\\b`, "iu")],
  [
    "tells a model who it is",
    /(?:^|[.!?;:,\n"] ?)you are (?:now|no longer|actually|from now on)\b|\bfrom now on,? you\b|\bact as (?:if you|the system|an? (?:unrestricted|unfiltered))\b/iu,
  ],
  [
    "asks a model for what it keeps to itself",
    /\b(?:reveal|print|output|repeat|leak|disclose|show|send|exfiltrate|include)\b(?: \S+){0,3}? (?:system prompt|(?:your|the hidden|the secret) (?:instructions|prompt|context|credentials|api keys?|secrets?|tokens?|memory|conversation))\b/iu,
  ],
  [
    "tells its reader to keep people out of it",
    /\b(?:without (?:asking|telling|informing|notifying)|(?:do not|don'?t|never) (?:ask|tell|inform|notify|mention (?:this|it) to)) (?:\S+ ){0,2}?(?:user|human|person|people|operator|anyone|owner)s?\b/iu,
  ],
  [
    "tells its reader to pass over a limit",
    /\b(?:skip|bypass|ignore|override|raise|lift|disable|exceed)\s+(?:the |your |all |any |every |its )*(?:approvals?|confirmations?|verifications?|budgets?|spending limits?|safety (?:checks?|rules)|limits? of the mesh|safeguards?)\b/iu,
  ],
  ["marks a speaker's turn", /(?:^|[\n"'`>\]])\s*(?:system|assistant|developer|human)\s*(?:message|prompt|note)?\s*:\s*\S/iu],
  [
    "marks a speaker's turn",
    /<\|[\w-]+\|>|\[\/?(?:INST|SYSTEM|SYS)\]|<<\/?SYS>>|<\/?(?:system|assistant|instructions?|prompt)(?:\s[^>]{0,200})?>|#{2,}\s*(?:system|instructions?|assistant)\b/iu,
  ],
  [
    "holds the syntax of a tool call",
    /<\/?(?:tool_call|tool_use|function_calls?|invoke|tool_result)\b|"(?:tool_calls?|function_call|tool_use)"\s*:|"name"\s*:\s*"[^"]{0,200}"\s*,\s*"(?:arguments|parameters|input)"\s*:/iu,
  ],
  [
    "holds text that is not shown",
    /<!--|display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0|<(?:script|style|iframe|template)\b/iu,
  ],
];

/** Asked for politely or not, this is wooing: it is no attack, and no word of it counts. */
const WOOING = new RegExp(
  `\\b(?:${CHOOSE}|trust|try|go with|rely on)\\s+(?:me|us|(?:this|our|my) ${AGENT})(?!\\w)(?!\\s+(?:to|for|when|if|with|as|in)\\b)`,
  "iu",
);

/** @returns what a text tells its reader to do, in words, and the sentence; undefined where it only describes */
export function instructionIn(text: string): { readonly what: string; readonly said: string } | undefined {
  for (const reading of readingsOf(text))
    for (const [what, pattern] of PATTERNS) {
      const said = pattern.exec(reading)?.[0];
      if (said !== undefined) return { what, said: said.trim() };
    }
  return undefined;
}

/** A text without the sentences that speak to whoever chooses. */
export function withoutInstructions(text: string): string {
  const sentences = text.match(/[^.!?\n]+[.!?\n]*/gu) ?? [];
  return sentences.filter((sentence) => !WOOING.test(sentence) && instructionIn(sentence) === undefined).join(" ");
}

/** As it stands, and as it would be read: with look-alikes, digits for letters, or single letters spaced out. */
function readingsOf(text: string): readonly string[] {
  const looks = asItLooks(text).replace(/[^\S\n]+/gu, " ");
  const spelt = looks.replace(/(?<![\p{L}\p{N}])(?:\p{L}[ .*_-]){4,}\p{L}(?![\p{L}\p{N}])/gu, (row) => row.replace(/[ .*_-]/gu, ""));
  const lettered = spelt.replace(/\S+/gu, (word) =>
    word.replace(/[013457@$](?=\p{L})|(?<=\p{L})[013457@$]/gu, (digit) => LETTERS[digit] ?? digit),
  );
  const joined = lettered.replace(/[_-]+/gu, " ");
  return [...new Set([looks, spelt, lettered, joined])];
}

const LETTERS: Readonly<Record<string, string>> = { "0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "t", "@": "a", $: "s" };
