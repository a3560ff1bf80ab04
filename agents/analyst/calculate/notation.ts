/**
 * The many ways people write the same formula, made one: signs, number words, words between operands. Knows nothing of
 * whole phrases (phrases.ts).
 */

const SMALL =
  "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty".split(
    " ",
  );
const TENS = ["thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];
const NUMBER_WORDS = new Map([
  ...SMALL.map((word, at): [string, number] => [word, at]),
  ...TENS.map((word, at): [string, number] => [word, at * 10 + 30]),
]);
const SCALES: Readonly<Record<string, string>> = { hundred: "e2", thousand: "e3", million: "e6", billion: "e9" };
const ORDINALS = "zeroth first second third fourth fifth sixth seventh eighth ninth tenth".split(" ");

/** Signs and spellings; safe on a whole sentence. */
export function plainSigns(text: string): string {
  return (
    text
      .replace(/[×·⋅∙]/g, "*")
      .replace(/÷/g, "/")
      .replace(/[−–—]/g, "-")
      .replace(/≥/g, ">=")
      .replace(/≤/g, "<=")
      .replace(/≠/g, "!=")
      .replace(/π/g, "pi")
      .replace(/²/g, "^2")
      .replace(/³/g, "^3")
      .replace(/√\s*(\d+(?:\.\d+)?)/g, "sqrt($1)")
      .replace(/√/g, "sqrt")
      .replace(/\*\*(?=\s*[\d(-])/g, "^")
      .replace(/[“”"`]/g, " ")
      .replace(/[‘’]/g, "'")
      .replace(/[$€£](?=\s?\d)/g, "")
      .replace(/(?:°|\bdegrees?\s+)\s*(?:C\b|celsius\b)/gi, " degC")
      .replace(/(?:°|\bdegrees?\s+)\s*(?:F\b|fahrenheit\b)/gi, " degF")
      .replace(/\bmph\b/g, "mi/h")
      .replace(/\b(?:kph|kmh)\b/g, "km/h")
      .replace(/\bper\s?cent\b/gi, "%")
      .replace(/(\d)\s+%(?!\s*\d)/g, "$1%")
      // Thousands: only where a comma cannot be separating the values of a function.
      .replace(/(?<![\d.,(])\d{1,3}(?:,\d{3})+(?![\d,])/g, (number) => number.replaceAll(",", ""))
      .replace(/(\d)\s*[x](?=\s*\d)/g, "$1 * ")
  );
}

/** "five" -> "5", "1.5 million" -> "1.5e6", "5th" and "fifth" stay for phrases. */
export function digitsForWords(text: string): string {
  return text
    .replace(/\b[a-z]+(?:-[a-z]+)?\b/gi, (word) => {
      const [tens, ones] = word.toLowerCase().split("-", 2);
      const [high, low] = [NUMBER_WORDS.get(tens ?? ""), ones === undefined ? 0 : NUMBER_WORDS.get(ones)];
      return high === undefined || low === undefined || (ones !== undefined && high < 20) ? word : String(high + low);
    })
    .replace(/(\d)\s+(hundred|thousand|million|billion)\b/gi, (_, digit: string, scale: string) => digit + SCALES[scale.toLowerCase()]);
}

/** "third" -> 3, "5th" -> 5; undefined when it is no ordinal. */
export function ordinal(word: string): number | undefined {
  const at = ORDINALS.indexOf(word.toLowerCase());
  if (at > 0) return at;
  const match = /^(\d+)(?:st|nd|rd|th)$/i.exec(word);
  return match ? Number(match[1]) : undefined;
}

/** Words that stand between two operands. */
export function operatorsForWords(text: string): string {
  return text
    .replace(/\b(?:raised\s+)?to\s+the\s+power\s+(?:of\s+)?/gi, "^")
    .replace(/\b(?:raised\s+)?to\s+the\s+(\w+)\s+power\b/gi, (all, word: string) =>
      ordinal(word) === undefined ? all : `^${ordinal(word)}`,
    )
    .replace(/\braised\s+to\s+/gi, "^")
    .replace(/\s+squared\b/gi, "^2")
    .replace(/\s+cubed\b/gi, "^3")
    .replace(/\bmultiplied\s+(?:by|with)\b/gi, "*")
    .replace(/\bdivided\s+by\b/gi, "/")
    .replace(/\bplus\b/gi, "+")
    .replace(/\bminus\b/gi, "-")
    .replace(/\btimes\b/gi, "*")
    .replace(/(?<=[\d)%]\s)over(?=\s[\d(])/gi, "/")
    .replace(/\bmod(?:ulo|ulus)?\b/gi, "mod")
    .replace(/\b(?:is\s+)?(?:greater|more|larger|bigger)\s+than\s+or\s+equal\s+to\b/gi, ">=")
    .replace(/\b(?:is\s+)?(?:less|smaller|lower)\s+than\s+or\s+equal\s+to\b/gi, "<=")
    .replace(/\b(?:is\s+)?(?:greater|more|larger|bigger)\s+than\b/gi, ">")
    .replace(/\b(?:is\s+)?(?:less|smaller|lower)\s+than\b/gi, "<")
    .replace(/\b(?:is\s+)?(?:at least|at or above|no less than)(?=\s+(?:the\s+)?[\w.(])/gi, ">=")
    .replace(/\b(?:is\s+)?(?:at most|at or below|no more than)(?=\s+(?:the\s+)?[\w.(])/gi, "<=")
    .replace(/\b(?:is\s+)?(?:above|exceeds)(?=\s+(?:the\s+)?[\w.(])/gi, ">")
    .replace(/\b(?:is\s+)?below(?=\s+(?:the\s+)?[\w.(])/gi, "<")
    .replace(/([-+*/^<>=]\s*)(?:the|its|our|an?)\s+(?=[a-z_])/gi, "$1")
    .replace(/(?<=[\d%)])\s+of\s+(?=[\d(a-z])/gi, (space, at: number, all: string) => (all[at - 1] === "%" ? " * " : space))
    .replace(/\s*\^\s*/g, "^")
    .trim();
}

/**
 * Puts the brackets that percent signs need. The parser takes `15% + 2` for a remainder; a person means (15%) + 2, and by
 * `80 - 15% + 2` that 15% of the 80 go off first. Shares among themselves are added as numbers: (10%) + (5%).
 */
export function percentBrackets(formula: string): string {
  if (/^\s*\d[\d.]*%(?:\s*[+-]\s*\d[\d.]*%)+\s*$/.test(formula)) return formula.replace(/\d[\d.]*%/g, "($&)");
  const share = /(\d[\d.]*%)(?=\s*[-+])/.exec(formula);
  if (!share) return formula;
  const before = formula.slice(0, share.index);
  const end = share.index + share[0].length;
  // Taken off or put on what stands before it: that whole sum goes into the bracket.
  const from = /[-+]\s*$/.test(before) ? startOfSum(before) : share.index;
  // Ends: a share inside its bracket is followed by ")", never by a sign again.
  return percentBrackets(`${formula.slice(0, from)}(${formula.slice(from, end)})${formula.slice(end)}`);
}

/** Back to the bracket or comma that opens the sum this position is in. */
function startOfSum(before: string): number {
  let depth = 0;
  for (let at = before.length - 1; at >= 0; at -= 1) {
    const char = before[at];
    if (char === ")" || char === "]") depth += 1;
    if (char === "(" || char === "[") depth -= 1;
    if (depth < 0 || (depth === 0 && (char === "," || char === "<" || char === ">" || char === "="))) return at + 1;
  }
  return 0;
}
