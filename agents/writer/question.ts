/**
 * Reads what is asked: the parts of a question, what each part is after, and whether an answer or a report is wanted. Pure.
 */
import { type Terms, termsOf } from "./terms.ts";

export interface Question {
  readonly form: "answer" | "report";
  readonly title: string;
  readonly parts: readonly QuestionPart[];
  /** The words of the whole question: they tell what "it" and "that" in one part refer to. */
  readonly terms: Terms;
}

export interface QuestionPart {
  readonly text: string;
  /** Only a question can go unanswered; "the chain and its limits" is a subject. */
  readonly asks: boolean;
  /** `quantity` wants a number, `place` wants to know where something is written. */
  readonly wants: "quantity" | "place" | "anything";
  readonly terms: Terms;
}

const MAX_PARTS = 6;
/** Nobody asks at such length; what comes behind is material in the wrong place. */
const MAX_CHARS = 4_000;

const ASKING = "(?:how|what|which|when|where|who|why|whether)";
const ASKS = new RegExp(`^(?:in )?${ASKING}\\b|^(?:is|are|was|were|do|does|did|can|may|must|should|has|have)\\b`, "i");
const QUANTITY =
  /\bhow (?:many|much|long|often|far|large|high|low)\b|\b(?:product|sum|total|average|percentage|number|amount|count|rate|share|limit|maximum|minimum)\b/i;
const WRITTEN = /\b(?:written|stated|said|says?|defined|documented|described|specified|set|found|come from|stands?)\b/gi;
const PLACE = new RegExp(`\\bwhere\\b.*${WRITTEN.source}|\\bin which (?:document|file|section)\\b`, "i");
const REPORT = /\b(?:report|overview|briefing|dossier|write[ -]?up|handbook|analysis)\b/i;

/** "Write a report on", "please", "with numbered sources": words about the text that is wanted, not about its subject. */
const INSTRUCTION =
  /^(?:please\s+|can you\s+|could you\s+)*(?:write|compose|prepare|draft|create|give me|make|produce|summari[sz]e|explain|answer|report)(?: up)?\b(?:\s+(?:me|us))?(?:\s+(?:a|an|the|this|these|it))*(?:\s+(?:short|brief|long|full|detailed|structured))*(?:\s+(?:report|overview|briefing|dossier|summary|answer|text|write-?up|findings?|question))*(?:\s+(?:on|about|of|to|for|from|in|that|which))*\s*:?\s*/i;
/** "What the documents say about approvals" is about approvals. */
const WHAT_IS_SAID = /^what (?:\S+ ){1,3}(?:says?|said|states?|tells? us|knows?|writes?) (?:about|on|of) /i;
/** Said to whoever looks, not of the thing looked for. */
const LOOKING = /^(?:find(?: out)?|look up|search for|tell me|show(?: me)?)\s+/i;
/** What a request asks of other agents behind the question: "…, then check it and send it to https://…". */
const OTHER_ORDERS =
  /[,;.]?\s*\b(?:and |then )+(?:(?:write|compose|make|give me)(?: (?:a|an|me|the|short|brief|long|full))* (?:report|answer|summary|overview|text)|(?:check|verify|review|post|send|deliver|notify|alert)\b[^?!;]*)\s*[.!]?$/i;
const MANNER =
  /[,;]?\s*\b(?:with|and) (?:headings|(?:numbered )?sources|citations|references)(?: and (?:headings|sources|citations))?\b|\bin (?:a few|one|two|three|\d+) (?:sentences|words|lines|paragraphs)\b/gi;

export function readQuestion(text: string): Question {
  const asked = text
    .slice(0, MAX_CHARS)
    .replace(/[^\S\n]+/g, " ")
    .trim();
  const subject = asked.replace(MANNER, "").replace(OTHER_ORDERS, "").trim().replace(INSTRUCTION, "").replace(WHAT_IS_SAID, "").trim();
  const parts = partsOf(subject).slice(0, MAX_PARTS).map(partFrom);
  const title =
    subject
      .replace(LOOKING, "")
      .split("\n", 1)[0]
      ?.replace(/[\s.?!:]+$/, "") ?? "";
  return {
    form: REPORT.test(asked) && !asked.endsWith("?") ? "report" : "answer",
    title: title.charAt(0).toUpperCase() + title.slice(1, 120),
    parts,
    terms: new Set(parts.flatMap((part) => [...part.terms])),
  };
}

/** Splits at sentence ends, list items, and where a comma or an "and" is followed by a word that asks. */
function partsOf(text: string): string[] {
  return text
    .split(
      new RegExp(
        `(?<=[?!;])\\s+|(?<=[a-z]{2}\\.)\\s+(?=[A-Z])|\\n+|,\\s*(?:and|then|or)?\\s*(?=${ASKING}\\b)|\\s+(?:and|then)\\s+(?=(?:in\\s+)?${ASKING}\\b)`,
        "i",
      ),
    )
    .map((part) =>
      part
        .replace(/^\s*(?:[-*+]|\d+[.)]|(?:(?:and|then|find(?: out)?|look up|search for|tell me|show(?: me)?|calculate|compute)\b))\s*/i, "")
        .replace(/[\s.?!,;:]+$/, ""),
    )
    .filter((part) => /[\p{L}\p{N}]/u.test(part));
}

function partFrom(text: string): QuestionPart {
  const wants = PLACE.test(text) ? "place" : QUANTITY.test(text) ? "quantity" : "anything";
  // "Where is it written" asks about the place: the word itself stands in no answer.
  const terms = termsOf(wants === "place" ? text.replace(WRITTEN, "") : text);
  return { text: text.charAt(0).toUpperCase() + text.slice(1), asks: ASKS.test(text), wants, terms };
}
