/**
 * An action in the world as people approve it: named by the digest of what exactly is done, so that a yes is good for that and
 * nothing else; what is asked; and how an answer in words is read. Pure.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import type { Principal } from "../auth/principal.ts";
import type { Json, JsonObject } from "./a2a-types.ts";

export type Approval =
  /** `by`: the people who said so; absent where the rules let the action go ahead by itself. */
  | { readonly approved: true; readonly digest: string; readonly by?: readonly Principal[] }
  | { readonly approved: false; readonly digest: string; readonly reason: string };

/** What somebody says about an action. */
export type Verdict = { readonly approved: true } | { readonly approved: false; readonly reason: string };

export type ExactAction = {
  /** `agent/skill` that will do it. */
  readonly whose: string;
  /** Its name in the program, or what is said of it where it has none. */
  readonly what: string;
  readonly args: JsonObject;
};

/** Hex digits by which an answer in words names an action. */
const NAME_DIGITS = 8;
export const NO_REASON = "no reason given";

/** @returns SHA-256 in hex, equal for equal actions in whatever order the members of their arguments come */
export function digestOfAction({ whose, what, args }: ExactAction): string {
  // JSON keeps lone surrogates apart by escaping them, which UTF-8 would not.
  return bytesToHex(sha256(utf8ToBytes(JSON.stringify(inOrder({ whose, what, args })))));
}

/** How a person names an action whose digest is this. */
export function actionName(digest: string): string {
  return digest.slice(0, NAME_DIGITS);
}

/**
 * @param args exactly those that the action will be done with
 * @param digest given where a yes must name the action, because the task has asked something before
 */
export function approvalQuestion(description: string, args: JsonObject, digest?: string): string {
  const name = digest === undefined ? "" : ` ${actionName(digest)}`;
  return `${description}\n\n${JSON.stringify(args, null, 2)}\n\nAnswer "yes${name}" to approve exactly this, or "no${name}" and why to reject it.`;
}

const ANSWER = /^(yes|approved?|no|reject(?:ed)?)\b[\s,:]*(?:([0-9a-f]{8})\b)?[\s,:.!-]*([\s\S]*)$/i;

/**
 * Only a plain yes approves; silence, doubt and conditions do not.
 * @returns also the name of the action that the words speak of, where they begin with one; and whether they say yes or no at all
 */
export function readVerdict(answer: string): Verdict & { readonly names?: string; readonly plain: boolean } {
  const text = answer.trim();
  const [, word = "", name, rest = ""] = ANSWER.exec(text) ?? [];
  const names = name === undefined ? {} : { names: name.toLowerCase() };
  const saysYes = /^(yes|approved?)$/i.test(word);
  if (saysYes && rest === "") return { approved: true, plain: true, ...names };
  const reason = (word === "" || saysYes ? text : rest) || NO_REASON;
  return { approved: false, reason, plain: word !== "" && !saysYes, ...names };
}

function inOrder(value: Json): Json {
  if (Array.isArray(value)) return value.map(inOrder);
  if (typeof value !== "object" || value === null) return value;
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return Object.fromEntries(members.map(([name, each]) => [name, inOrder(each)]));
}
