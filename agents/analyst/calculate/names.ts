/**
 * What the names in a request stand for: first what the request itself gives, then what the findings sent with it state.
 * Remembers which findings were used, so that the answer can name its sources. Lives for one request.
 */
import type { Finding } from "../../../shared/kit/finding.ts";
import { isUnit, isUnitName, PLAIN_UNIT, quantity, type Value } from "./engine.ts";
import { nameKey } from "./questions.ts";
import { show } from "./show.ts";
import { placeOf, type StatedValue, statedValue } from "./stated-value.ts";

/** Longer is no name, and a pattern made of it would not compile. */
const LONGEST_NAME = 60;
/** Words for what was worked out before, as long as nothing else is called so. */
const FORMER_RESULT =
  /^(?:it|that|this|(?:the )?(?:former |last |previous )?(?:result|product|sum|total|difference|quotient|outcome|answer|value))$/i;
/** How a calculation ends: "12*7 = 84", "1/3 ≈ 0.333 (33.33%)". */
const RESULT = new RegExp(String.raw`^[^\n]*[=≈]\s*(-?\d[\d.]*(?:e[-+]?\d+)?(?:\s?${PLAIN_UNIT})?)(?:\s*\([\d.]+%\))?\s*(?:\n|$)`);
/** Each is searched for in every finding. */
const MOST_NAMES = 100;

export class Names {
  readonly #given: ReadonlyMap<string, string>;
  readonly #findings: readonly Finding[];
  readonly #stated = new Map<string, StatedValue | undefined>();
  readonly #used = new Map<string, string>();
  readonly #sources = new Set<Finding>();
  #result: { readonly value: Value; readonly said: string } | undefined;

  constructor(given: ReadonlyMap<string, string>, findings: readonly Finding[]) {
    this.#given = given;
    this.#findings = findings;
  }

  isStated(name: string): boolean {
    return this.#given.has(nameKey(name)) || this.#find(name) !== undefined || this.#former(name) !== undefined;
  }

  /** What "it" and "the result" mean from here on. */
  remember(value: Value, said: string): void {
    this.#result = { value, said };
  }

  /** Whether what is stated has a unit. */
  isQuantity(name: string): boolean {
    const given = this.#given.get(nameKey(name));
    const value = given === undefined ? (this.#find(name) ?? this.#former(name))?.value : quantity(given);
    return value !== undefined && isUnit(value);
  }

  /** The value, noting where it is from; `undefined` when nobody states it. */
  value(name: string): Value | undefined {
    const given = this.#given.get(nameKey(name));
    if (given !== undefined) {
      this.#used.set(name, `${name} = ${given}, as the request says`);
      return quantity(given);
    }
    const stated = this.#find(name);
    if (!stated) {
      const former = this.#former(name);
      if (former) this.#used.set(name, `${name} = ${show(former.value)}, the result before: "${former.said}"`);
      return former?.value;
    }
    this.#used.set(name, this.#sentence(name, stated));
    this.#sources.add(stated.finding);
    return stated.value;
  }

  /** What was used since the last call, for the working of one formula. */
  takeUsed(): string[] {
    const used = [...this.#used.values()];
    this.#used.clear();
    return used;
  }

  /** Every finding that gave a value. */
  get sources(): Finding[] {
    return [...this.#sources];
  }

  #find(name: string): StatedValue | undefined {
    const key = nameKey(name);
    // A short unit (m, km, in) in a text is nearly always the unit.
    if (isUnitName(name) && name.length < 3) return undefined;
    if (name.length > LONGEST_NAME) return undefined;
    if (!this.#stated.has(key) && this.#stated.size >= MOST_NAMES) return undefined;
    if (!this.#stated.has(key)) this.#stated.set(key, statedValue(name.replace(/_/g, " "), this.#findings));
    return this.#stated.get(key);
  }

  /** The last result of this message; else the last that another agent worked out: no passage that was quoted. */
  #former(name: string): { readonly value: Value; readonly said: string } | undefined {
    if (!FORMER_RESULT.test(name.replace(/_/g, " "))) return undefined;
    const results = this.#findings.flatMap(({ text, source }) => {
      const value = source?.uri === undefined && source?.score === undefined ? RESULT.exec(text)?.[1] : undefined;
      return value === undefined ? [] : [{ value: quantity(value), said: text.split("\n", 1)[0] ?? "" }];
    });
    return this.#result ?? results.at(-1);
  }

  #sentence(name: string, { value, said, finding, others }: StatedValue): string {
    const differing = others.slice(0, 3).map((other) => `"${other.said}" in ${placeOf(other.finding)}`);
    const doubt = differing.length > 0 ? `; not used, because scored lower or found later: ${differing.join("; ")}` : "";
    return `${name} = ${show(value)}, from ${placeOf(finding)}: "${said}"${doubt}`;
  }
}
