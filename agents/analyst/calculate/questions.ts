/**
 * Cuts a request into what is asked and what is given: "how many hops of 95% stay above the floor, and what is 12*7, where
 * floor = 0.75" is two questions and one given value. Order is kept; nothing is read or computed here.
 */
import { PLAIN_UNIT } from "./engine.ts";
import { plainSigns } from "./notation.ts";

export interface Questions {
  readonly asked: readonly string[];
  /** Values stated in the request itself, by name, as written. */
  readonly given: ReadonlyMap<string, string>;
}

const LONGEST_REQUEST = 20_000;

/** Where one question ends and the next begins. A dot between digits and a comma in a list do not end anything. */
const ENDS =
  /\n+|;\s*(?![^[\]]*\])|\?(?:\s+|$)|(?<![\d)])!(?:\s+|$)|\.(?:\s+|$)|,?\s+(?:and\s+)?then\s+|,?\s+(?:and\s+)(?:also\s+)?(?=(?:what(?:'s| is| are| percent)|how (?:many|much|often)|calculate|compute|convert|evaluate|where|which|increase|decrease|tell)\b)|,\s+(?=(?:what(?:'s| is| are)|how (?:many|much|often)|calculate|compute|convert|evaluate)\b)/i;

// No space at its end: the word that joins the next value needs it.
const VALUE = String.raw`[$€£]?[-+]?\d[\d.,]*(?:e[-+]?\d+)?(?:\s?%|\s?${PLAIN_UNIT}\b)?`;
const GIVEN = String.raw`(?<![\p{L}\p{N}_])((?!(?:each|every|it|that|there|what|which|where|with|given|for|if|assuming|let|set|when|and)\b)[\p{L}_][\p{L}\p{N}_]*(?: [\p{L}_][\p{L}\p{N}_]*){0,2}?)\s*(?:=|:=|\bis\b|\bbe\b|\bequals\b)\s*(${VALUE})(?=\s*(?:$|[,;.?!)]|and\b|then\b|as\b|in\b))`;

export function questionsIn(request: string): Questions {
  const given = new Map<string, string>();
  const keep = (list: string): void => {
    for (const [, name = "", value = ""] of list.matchAll(new RegExp(GIVEN, "giu")))
      given.set(nameKey(name), value.trim().replace(/[.,]$/, ""));
  };
  // "..., where n = 5 and rate is 7%" may stand behind a question or before it.
  const tail = new RegExp(
    String.raw`[\s,(]*\b(?:where|with|given(?: that)?|for|if|assuming|let|when)\s+((?:(?:\s*,\s*|\s+and\s+|\s*,\s*and\s+)?${GIVEN})+)\)?`,
    "giu",
  );
  const asked = joined(plainSigns(request.slice(0, LONGEST_REQUEST).replace(/[^\S\n]+/g, " ")).split(ENDS))
    .map((clause) =>
      clause
        .replace(tail, (list) => {
          keep(list);
          return " ";
        })
        .trim(),
    )
    .filter((clause) => {
      const whole = new RegExp(`^(?:let |set |and |with |where )?${GIVEN}\\.?$`, "iu").test(clause) && !/\bwhat\b|\bhow\b/i.test(clause);
      if (whole) keep(clause.replace(/^(?:let|set|and|with|where)\s+/i, ""));
      return !whole && /[\p{L}\p{N}]/u.test(clause);
    });
  return { asked, given };
}

/** "If each hop is 95% reliable, how many ..." is one question, cut in two at its comma. */
function joined(clauses: readonly string[]): string[] {
  const whole: string[] = [];
  let open = "";
  for (const clause of clauses) {
    const text = open === "" ? clause : `${open}, ${clause}`;
    open =
      /^\s*(?:if|when|given|starting|beginning|assuming|with|from|at|suppose)\b/i.test(text) && !/\b(?:what|how)\b/i.test(text) ? text : "";
    if (open === "") whole.push(text);
  }
  return open === "" ? whole : [...whole, open];
}

/** Names are one whatever their case and their spaces: `Max hops`, `max_hops`, `maxHops`. */
export function nameKey(name: string): string {
  return name
    .replace(/^(?:the|a|an|its|our)\s+/i, "")
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replace(/[\s-]+/g, "_")
    .toLowerCase();
}
