/**
 * Holds an agent's answer against what its probe expects: each part by itself, with a reason in words. Pure; the answer may be
 * anything at all. What a part means is in probe.ts.
 */
import { isObject, type JsonObject, type Part, textOf } from "../task/a2a-types.ts";
import { type Answer, readAnswer } from "./answer.ts";
import { firstNewNumber, numbersIn } from "./numbers.ts";
import type { Expectation, Probe } from "./probe.ts";

export interface Judged {
  /** `answer`: that there is one, and of the kind that was expected. */
  readonly what: keyof Expectation | "answer";
  readonly holds: boolean;
  /** The end of a sentence about the agent. */
  readonly why: string;
}

/** What came back, and how long it took. */
export interface Answered {
  /** A Task or a Message (A2A 1.0, 4.1.1 and 4.1.4), as JSON. */
  readonly answer: unknown;
  /** Milliseconds. */
  readonly ms: number;
}

/** Of an agent's own words, in a reason. */
const MOST_QUOTED = 160;
/** Of all its reasons together. */
const MOST_WORDS = 600;

/** @returns one for the answer itself, and one for each thing expected of it; only the first when there is nothing to look at */
export function judge({ message, expect }: Pick<Probe, "message" | "expect">, { answer, ms }: Answered): readonly Judged[] {
  const read = readAnswer(answer);
  if (!read) return [{ what: "answer", holds: false, why: "gave what is neither a task nor a message of A2A 1.0" }];
  const kind = expect.refuses ? judgeRefusal(read) : judgeCompletion(read);
  if (!kind.holds) return [kind];
  const text = [textOf(read.parts), read.words].filter((each) => each !== "").join("\n\n");
  const { contains, number, data, cites, withinMs, atMostMicroUsd } = expect;
  return [
    kind,
    ...(contains === undefined ? [] : [judgeContains(contains, text)]),
    ...(number === undefined ? [] : [judgeNumber(number, text, message)]),
    ...(data === undefined ? [] : [judgeData(data, read.parts)]),
    ...(cites === undefined ? [] : [judgeCites(read.parts)]),
    ...(withinMs === undefined ? [] : [judgeTime(withinMs, ms)]),
    ...(atMostMicroUsd === undefined ? [] : [judgeCost(atMostMicroUsd, read.microUsd)]),
  ];
}

/** Says no before it begins a task: parameters, operation or media type are not taken. (JSON-RPC 2.0, 5.1; A2A 1.0, 5.4) */
const REFUSING_CODES = [-32602, -32004, -32005];

/** What is said with an error in place of an answer. @param code of JSON-RPC */
export function judgeError({ expect }: Pick<Probe, "expect">, { code, message }: { code: number; message: string }): readonly Judged[] {
  const holds = expect.refuses === true && REFUSING_CODES.includes(code) && message !== "";
  return [{ what: expect.refuses ? "refuses" : "answer", holds, why: `answered with error ${code}: ${quoted(message)}` }];
}

/** Whether all of it holds, and in words what does not. */
export function verdict(judged: readonly Judged[]): { readonly ok: boolean; readonly why: string } {
  const failed = judged.filter(({ holds }) => !holds);
  if (failed.length === 0) return { ok: true, why: "all that was expected holds" };
  return { ok: false, why: brief(failed.map(({ why }) => why).join("; "), MOST_WORDS) };
}

/** The agent's words in a reason: short, and on one line. */
function quoted(words: string): string {
  return `"${brief(words, MOST_QUOTED)}"`;
}

function judgeCompletion({ state, words }: Answer): Judged {
  const said = words === "" ? "" : `: ${quoted(words)}`;
  const answer = (holds: boolean, why: string): Judged => ({ what: "answer", holds, why });
  switch (state) {
    case undefined:
    case "TASK_STATE_COMPLETED":
      return answer(true, "answered");
    case "TASK_STATE_REJECTED":
      return answer(false, `refused to answer${said}`);
    case "TASK_STATE_FAILED":
      return answer(false, `failed${said}`);
    case "TASK_STATE_CANCELED":
      return answer(false, `canceled its task${said}`);
    case "TASK_STATE_INPUT_REQUIRED":
    case "TASK_STATE_AUTH_REQUIRED":
      return answer(false, `asked back in place of answering${said}`);
    default:
      return answer(false, `answered with a task that has not ended (${brief(state, 40)})`);
  }
}

function judgeRefusal({ state, words }: Answer): Judged {
  const refusal = (holds: boolean, why: string): Judged => ({ what: "refuses", holds, why });
  switch (state) {
    case "TASK_STATE_REJECTED":
    case "TASK_STATE_INPUT_REQUIRED":
    case "TASK_STATE_AUTH_REQUIRED":
      return refusal(true, "refused");
    case "TASK_STATE_FAILED":
      return words === "" ? refusal(false, "failed without a reason, which is no refusal") : refusal(true, "refused");
    case undefined:
    case "TASK_STATE_COMPLETED":
      return refusal(false, "did what it has to refuse");
    default:
      return refusal(false, `neither did nor refused it (${brief(state, 40)})`);
  }
}

function judgeContains(wanted: readonly string[], text: string): Judged {
  // Capitals, because small letters depend on what stands around them: a sigma at the end of a word is another letter.
  const all = text.toUpperCase();
  const missing = wanted.filter((each) => !all.includes(each.toUpperCase()));
  const why = missing.length === 0 ? "says it" : `does not say ${missing.map(quoted).join(", ")}`;
  return { what: "contains", holds: missing.length === 0, why };
}

function judgeNumber({ value, within }: NonNullable<Expectation["number"]>, text: string, asked: string): Judged {
  const near = (number: number) => Math.abs(number - value) <= within;
  const found = firstNewNumber(numbersIn(text), numbersIn(asked), near);
  if (found === undefined) return { what: "number", holds: false, why: `names no number, where ${value} was expected` };
  return { what: "number", holds: near(found), why: `says ${found}, and ${value} was expected, give or take ${within}` };
}

function judgeData(wanted: NonNullable<Expectation["data"]>, given: readonly Part[]): Judged {
  const objects = given.flatMap(({ data }) => (isObject(data) ? [data] : []));
  const wrong = (data: JsonObject) =>
    Object.entries(wanted).filter(([key, type]) => !Object.hasOwn(data, key) || typeOf(data[key]) !== type);
  if (objects.some((data) => wrong(data).length === 0)) return { what: "data", holds: true, why: "has the data" };
  const [nearest] = objects.map(wrong).sort((one, other) => one.length - other.length);
  const lacking = (nearest ?? Object.entries(wanted)).map(([key, type]) => `"${brief(key, 40)}" (${type})`).join(", ");
  return {
    what: "data",
    holds: false,
    why: nearest ? `has no data part with ${lacking}` : `has no data part, where ${lacking} was expected`,
  };
}

function judgeCites(given: readonly Part[]): Judged {
  const findings = given.flatMap(({ data }) => (isObject(data) && Array.isArray(data["findings"]) ? data["findings"] : []));
  const holds = findings.some((finding) => {
    if (!isObject(finding) || !isObject(finding["source"])) return false;
    const { document } = finding["source"];
    return typeof finding["text"] === "string" && typeof document === "string" && document.trim() !== "";
  });
  return {
    what: "cites",
    holds,
    why: holds ? "cites a source" : 'has no finding with a source ({ "findings": [{ "text", "source": … }] })',
  };
}

function judgeTime(most: number, ms: number): Judged {
  return { what: "withinMs", holds: ms <= most, why: `took ${Math.round(ms)} ms, where ${most} ms were allowed` };
}

function judgeCost(most: number, microUsd: number | undefined): Judged {
  if (microUsd === undefined)
    return { what: "atMostMicroUsd", holds: false, why: `does not say what it cost, where ${most} micro-USD were allowed` };
  return { what: "atMostMicroUsd", holds: microUsd <= most, why: `cost ${microUsd} micro-USD, where ${most} were allowed` };
}

function typeOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}

function brief(text: string, most: number): string {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length > most ? `${line.slice(0, most - 1).trimEnd()}…` : line;
}
