/**
 * What ranking reads of a card, and of a need: which words are there, and nothing of how they are praised. Each word counts once,
 * however often it is said, so neither praise nor repetition moves a score. Pure.
 */
import { stem } from "../control/terms.ts";
import { STOP_WORDS, wordsIn } from "../control/words.ts";
import { withoutInstructions } from "./instructions.ts";
import { visibleIn } from "./visible-text.ts";

/** Said of oneself: true of every agent if it says so, and thus of none. Where a need asks for it, the measured order answers. */
const PRAISE = new RegExp(
  `\\b(?:${[
    "(?:the )?(?:very |absolute )?best(?:[- ]in[- ]class|[- ]of[- ]breed|[- ]ever|[- ]rated|[- ]selling)?",
    "(?:the )?(?:most|more|highly|extremely|incredibly|absolutely|exceptionally|uniquely|amazingly) [\\p{L}-]+",
    "(?:the )?(?:greatest|finest|fastest|smartest|easiest|strongest|safest|ultimate|supreme|premier|leading|top|superior|unique)(?:[- ]\\p{L}*(?:rated|notch|tier|quality|performing|ranked|level))?",
    "(?:number|no\\.?) ?(?:one|1)",
    "(?:the )?only (?=agent|tool|skill|service|one|choice|solution)",
    "world[- ](?:class|leading|famous|best)",
    "(?:state[- ]of[- ]the[- ]art|cutting[- ]edge|next[- ]gen(?:eration)?|award[- ]winning|industry[- ]leading|enterprise[- ]grade|game[- ]chang\\p{L}+|second to none)",
    "(?:un(?:matched|paralleled|rivall?ed|beatable|surpassed|beaten|equalled|believable)|perfect(?:ly)?|flawless(?:ly)?|infallible|incomparable|invincible)",
    "(?:guarantee[ds]?|guaranteed|always|never fails?|trust(?:ed|worthy)?(?: by \\p{L}+)?|proven|certified|official(?:ly)?|verified)",
    "(?:amazing|awesome|incredible|outstanding|excellent|exceptional|extraordinary|fantastic|wonderful|brilliant|stunning|magical|superb|legendary|revolutionary|genius)(?:ly)?",
    "(?:reliable|accurate|powerful|seamless|effortless|robust|superfast|lightning[- ]fast|blazing(?:ly)?[- ]fast)(?:ly)?",
    "(?:100|99(?:[.,]\\d+)?) ?(?:%|percent)(?= (?:accura|reliab|correct|success|guarant|uptime|satisf|of the time))(?: \\p{L}+)?",
    "[45](?:[.,]\\d)? ?(?:stars?|/ ?5)|10 ?/ ?10",
  ].join("|")})(?![\\p{L}\\p{N}])`,
  "giu",
);
/** What any card calls itself and its reader: it tells nobody apart. */
const OF_ITSELF = new Set(
  "agent agents tool tools skill skills service services plugin plugins assistant ai use uses used using user users".split(" "),
);
const RANK_SIGN = /#\s?1\b(?: \p{L}+)?|\p{Extended_Pictographic}|\p{Emoji_Modifier}|\p{Regional_Indicator}|[★☆✓✔✦✪⭐]/gu;

/** A card's text without what nobody sees, what praises, and the sentences that speak to whoever chooses. */
export function plainText(text: string): string {
  return withoutPraise(withoutInstructions(visibleIn(text)));
}

/** The words of a card's text that say what it is about, as stems, each once. "getUserName" and "get_user_name" are three words. */
export function plainTerms(text: string): ReadonlySet<string> {
  return stemsIn(withoutInstructions(visibleIn(text)));
}

/** Those of a need: whoever has one may put it as an order. That the best is wanted goes without saying, and is for the order to say. */
export function needTerms(text: string): ReadonlySet<string> {
  return stemsIn(visibleIn(text));
}

function withoutPraise(text: string): string {
  return text.replace(RANK_SIGN, " ").replace(PRAISE, " ").replace(/\s+/gu, " ").trim();
}

function stemsIn(text: string): ReadonlySet<string> {
  const apart = text.replace(/(?<=[\p{Ll}\p{N}])(?=\p{Lu})/gu, " ").replace(/[_.&/]+(?=[\p{L}\p{N}])/gu, " ");
  const words = wordsIn(withoutPraise(apart)).flatMap((word) => word.split("-"));
  return new Set(words.filter((word) => word.length > 1 && !STOP_WORDS.has(word) && !OF_ITSELF.has(word)).map(stem));
}
