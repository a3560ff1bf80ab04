/**
 * Finds the formula in a sentence: "what is 0.95^5 as a percentage?", "then calculate 12*7". Words that are no part of a
 * formula are left out; a sentence without arithmetic gives nothing. Decides only what is asked, computes nothing.
 */
import { constant, isUnitName } from "./engine.ts";
import { FUNCTIONS } from "./functions.ts";
import { digitsForWords, operatorsForWords, percentBrackets } from "./notation.ts";
import { type Reading, readPhrase } from "./phrases.ts";

/** What is known of a name: a variable of the request, or something a finding states. */
export interface Known {
  isStated(name: string): boolean;
  /** Whether it has a unit of its own. */
  isQuantity(name: string): boolean;
}

const LEAD_IN =
  /^(?:and|then|so|now|also|finally|next|please|ok|okay|hi|hello|(?:from|with) (?:that|this|these|those|them|it)|(?:can|could|would) you|i (?:want|need|would like) to(?: know)?|tell me|show me|give me|let me know|find out|find|work out|figure out|calculate|compute|evaluate|determine|solve|do the (?:math|maths) (?:for|on)|what'?s|what (?:is|are|would be|will be|does|do)(?: the (?:value|result|answer) (?:of|to|for))?|how much (?:is|are|does|do)|how big is|is|are|that|whether|if|the (?:value|result) of|result of)\b[\s,:]*/i;
const PERCENT_TAIL =
  /[\s,]*\b(?:(?:expressed |written |given )?(?:as|in|to) (?:an? )?(?:percent(?:age)?|%)(?: form)?|as well as (?:in )?percent(?:age)?)$/i;
const POLITE_TAIL = /[\s,]*(?:\b(?:please|thanks|thank you|exactly|equal(?: to)?|make|cost|come to|be)|[?.,:;=]|(?<=[a-z]\s*)!)$/i;

/** @param clause one clause, with plain signs (notation.ts) */
export function readFormulas(clause: string, known: Known): readonly Reading[] {
  let text = clause.trim();
  // No formula here, but refused by name later: better than reading the two halves as calls.
  if (/^[a-z]\w*\s*\([\w\s,]*\)\s*=(?!=)/i.test(text)) return [{ formula: text }];
  // A question about percent is read before its question word is taken for a lead-in.
  for (let percent = false; ; ) {
    const rest = text.replace(POLITE_TAIL, "").trim();
    const tail = rest.replace(PERCENT_TAIL, "").replace(/^(.+)%age of$/i, "$1");
    percent ||= tail !== rest;
    const readings = readWhole(tail, known) ?? readBehindColon(tail, known);
    if (readings) return readings.map((reading) => finish(reading, percent));
    const next = tail.replace(LEAD_IN, "");
    if (next === text) return runsIn(next, known).map((formula) => finish({ formula }, percent));
    text = next;
  }
}

function finish(reading: Reading, percent: boolean): Reading {
  const formula = percentBrackets(reading.formula.trim()).replace(/(?<![<>=!])=(?!=)/g, "==");
  return percent ? { ...reading, formula, percent } : { ...reading, formula };
}

/** The whole text as one phrase or one formula. */
function readWhole(text: string, known: Known): readonly Reading[] | undefined {
  const phrase = readPhrase(text)?.map((reading) => ({ ...reading, ...withUnitBehind(reading.formula, known) }));
  if (phrase?.every(({ formula }) => isFormula(formula, known))) return phrase;
  const formula = withUnitBehind(operatorsForWords(digitsForWords(text)), known);
  if (isFormula(formula.formula, known)) return [formula];
  const name = /^(?:the\s+)?([\p{L}_][\p{L}\p{N}_]*(?:[ -][\p{L}_][\p{L}\p{N}_]*){0,3})$/u.exec(text)?.[1];
  if (name && known.isStated(name)) return [{ formula: name.replace(/[ -]+/g, "_") }];
  return undefined;
}

/** "How long it may take at most: a * b / 1000": what stands behind the colon is meant. */
function readBehindColon(text: string, known: Known): readonly Reading[] | undefined {
  const behind = /^[^:]*\p{L}[^:]*:\s+([^:]+)$/u.exec(text)?.[1];
  return behind === undefined || !hasWrittenFormula(behind) ? undefined : readWhole(behind.trim(), known);
}

/** Whether a formula stands there in signs, with names or several operators: a bound such as "above 3/4" is none. */
export function hasWrittenFormula(text: string): boolean {
  const product = /(?:[\p{L}_)]\w*\s*[*^×÷]\s*[\w(]|[\w)%]\s*[*^×÷]\s*[\p{L}_(])|[\w)]\s+[/+]\s+[\p{L}_(]|[\p{L}_)]\w*\s+[/+]\s+[\w(]/u;
  const several = /\d\s*[*/+^×÷]\s*\d[\d.]*%?\s*[-*/+^×÷]\s*\d/;
  return product.test(text) || several.test(text);
}

const UNITS_BEHIND = /^(.*\S)\s+([A-Za-z]+)\s+(?:to|into|in)\s+([A-Za-z/]+)$/;
const UNIT_BEHIND = /^(.*\S)\s+([A-Za-z]+)$/;
const UNIT_WANTED = /^(.*\S)\s+(?:to|into|in)\s+([A-Za-z/]+)$/;

/**
 * "maxAttempts * deadlineMs / 1000 seconds": the unit behind a formula of plain numbers is that of its result, not of its
 * last number. Names that have units of their own are converted instead.
 */
function withUnitBehind(formula: string, known: Known): Reading {
  const both = UNITS_BEHIND.exec(formula);
  const [, head = "", unit = "", wanted] = (both && isUnitName(both[2] ?? "") ? both : UNIT_BEHIND.exec(formula)) ?? [];
  const names = (text: string) => tokens(text).filter(({ kind, text: name }) => kind === "name" && !OPERATOR.test(name));
  const isPlain = (text: string) =>
    computes(tokens(text)) && names(text).every(({ text: name }) => known.isStated(name) || !isUnitName(name)) && isFormula(text, known);
  const measured = (text: string) => names(text).some(({ text: name }) => known.isQuantity(name));
  if (isUnitName(unit) && unit !== "to" && unit !== "in" && isPlain(head)) {
    const last = tokens(head).at(-1);
    if (measured(head)) return { formula: `(${head}) to ${wanted ?? unit}` };
    // "2 * 30 km" is the same either way, and stays as it was written.
    if (/\//.test(head) || last?.kind === "name" || last?.text === ")")
      return { formula: `(${head}) ${unit}${wanted ? ` to ${wanted}` : ""}`, note: `"${unit}" is taken for the unit of ${head}` };
  }
  const [, whole = "", target = ""] = UNIT_WANTED.exec(formula) ?? [];
  return isUnitName(target) && isPlain(whole) && measured(whole) ? { formula: `(${whole}) to ${target}` } : { formula };
}

interface Token {
  readonly kind: "number" | "name" | "sign" | "other";
  readonly text: string;
  readonly at: number;
  /** No space before it. */
  readonly tight: boolean;
}

// Dates, versions and times are numbers to a person, not subtractions or ratios: they come first, as "other".
const TOKEN =
  /(?<other>\d{4}-\d{2}-\d{2}\S*|v?\d+(?:\.\d+){2,}\S*|(?<![([,:]\s*)\d{1,2}:\d{2}(?::\d{2})?(?!\d)|[A-Za-z]+(?:-[A-Za-z]+)+)|(?<number>(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][-+]?\d+)?(?:%(?!\d))?)|(?<name>[\p{L}_][\p{L}\p{N}_]*)|(?<sign><=|>=|==|!=|[-+*/^!<>=%()[\],:;])|(?<rest>\S)/gu;

function tokens(text: string): Token[] {
  return [...text.matchAll(TOKEN)].map((match) => {
    const { number, name, sign } = match.groups ?? {};
    const kind = number !== undefined ? "number" : name !== undefined ? "name" : sign !== undefined ? "sign" : "other";
    return { kind, text: match[0], at: match.index, tight: match.index > 0 && !/\s/.test(text[match.index - 1] ?? " ") };
  });
}

/** Every token belongs to arithmetic, and there is something to compute. */
function isFormula(text: string, known: Known): boolean {
  const all = tokens(text);
  return all.every((_, at) => belongs(all, at, known)) && computes(all) && !/[-+*/^]\s*(?:$|[),])/.test(text);
}

const OPERATOR = /^(?:[-+*/^<>=%!]|<=|>=|==|!=|mod|to)$/;

function belongs(all: readonly Token[], at: number, known: Known): boolean {
  const token = all[at];
  if (!token || token.kind === "other") return false;
  if (token.kind !== "name") return true;
  const [before, after] = [all[at - 1], all[at + 1]];
  if (after?.text === "(" && (after.tight || Object.hasOwn(FUNCTIONS, token.text))) return true;
  if (token.text === "mod" || token.text === "to" || token.text === "in")
    return before !== undefined && after !== undefined && before.text !== "(";
  if (constant(token.text) !== undefined && token.text.length > 1) return true;
  const beside = [before, after].some((each) => each !== undefined && OPERATOR.test(each.text));
  if (isUnitName(token.text) && (before?.kind === "number" || before?.text === ")" || beside)) return true;
  if (beside || known.isStated(token.text)) return before?.kind !== "name" || OPERATOR.test(before.text);
  // `2x`: written together, it is a name with a factor.
  return before?.kind === "number" && token.tight;
}

/** Something stands between two values, or a function is called. A lone number, or a name, is no request. */
function computes(all: readonly Token[]): boolean {
  const values = all.filter((token) => token.kind === "number" || (token.kind === "name" && !OPERATOR.test(token.text))).length;
  const operator = all.some(
    (token, at) => at > 0 && (OPERATOR.test(token.text) || token.text === "in") && (at < all.length - 1 || token.text === "!"),
  );
  const call = all.some((token, at) => token.kind === "name" && all[at + 1]?.text === "(");
  const share = all.length === 1 && /%$/.test(all[0]?.text ?? "");
  return (values >= 2 && operator) || call || share || (values === 1 && all.some((token) => token.text === "!"));
}

/** The longest stretches of a sentence that are formulas by themselves. */
function runsIn(sentence: string, known: Known): string[] {
  const text = operatorsForWords(sentence);
  const all = tokens(text);
  const runs: string[] = [];
  let from = 0;
  const close = (to: number): void => {
    const run = balanced(all.slice(from, to));
    if (run.length > 0 && computes(run) && run.some((token) => token.kind === "number")) {
      const last = run.at(-1) as Token;
      runs.push(text.slice((run[0] as Token).at, last.at + last.text.length));
    }
    from = to + 1;
  };
  all.forEach((token, at) => {
    const before = all[at - 1];
    const comma = token.text === "," && depthAt(all, from, at) === 0;
    // "2+2 = 4" inside prose is a statement; two values side by side are two things.
    const apart = token.kind === "number" && before?.kind === "number";
    if (comma || token.text === ":" || token.text === "=" || !belongs(all, at, known)) close(at);
    else if (apart) {
      close(at);
      from = at;
    }
  });
  close(all.length);
  return runs;
}

function depthAt(all: readonly Token[], from: number, to: number): number {
  return all
    .slice(from, to)
    .reduce((depth, { text }) => depth + (text === "(" || text === "[" ? 1 : text === ")" || text === "]" ? -1 : 0), 0);
}

/** Without operators hanging at the ends, and without brackets that have no partner. */
function balanced(run: readonly Token[]): readonly Token[] {
  let [from, to] = [0, run.length];
  while (from < to && /^(?:[*/^<>=%!),\]]|<=|>=|==|!=|mod|to|in)$/.test(run[from]?.text ?? "")) from += 1;
  while (to > from && /^(?:[-+*/^<>=(,[]|<=|>=|==|!=|mod|to|in)$/.test(run[to - 1]?.text ?? "")) to -= 1;
  const inner = run.slice(from, to);
  const depth = depthAt(inner, 0, inner.length);
  if (depth > 0 && inner[0]?.text === "(") return inner.slice(1);
  if (depth < 0 && inner.at(-1)?.text === ")") return inner.slice(0, -1);
  return inner;
}
