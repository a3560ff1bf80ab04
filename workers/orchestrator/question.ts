/**
 * Asking back about one goal: the question with its choices, and what an answer means. Pure. An answer that picks nothing
 * is the goal in other words.
 */
import type { Goal } from "../../shared/control/state.ts";
import type { Candidate, DispatchDecision } from "../../shared/policy/dispatch.ts";

const CHOICES = 6;

export type Answer =
  | { readonly kind: "choice"; readonly choice: Candidate }
  | { readonly kind: "skip" }
  | { readonly kind: "words"; readonly text: string };

/** What may be chosen: the equal ones; or, when nothing fits, what came nearest and then what else there is. */
export function choicesFor(goal: Goal, decision: DispatchDecision & { outcome: "ask" }): string[] {
  if (decision.reason === "two-fit-equally") return decision.between.map(keyOf);
  return [...new Set([...goal.candidates.map(keyOf), ...goal.surface])].slice(0, CHOICES);
}

/** @param names what the cards call their skills, by `agent/skill` */
export function questionFor(
  goal: Goal,
  reason: "no-skill-fits" | "two-fit-equally",
  choices: readonly string[],
  names: Record<string, string>,
): string {
  const opening =
    reason === "no-skill-fits" ? `No skill here plainly fits "${goal.text}".` : `Several skills fit "${goal.text}" equally well.`;
  const list = choices.map((key, index) => `${index + 1}. ${key}: ${names[key] ?? "no name"}`).join("\n");
  return `${opening} Which one is meant?\n\n${list}\n\nAnswer with a number or a name, say it in other words, or "skip" to leave it out.`;
}

export function readAnswer(text: string, choices: readonly string[]): Answer {
  const said = text.trim();
  const plain = said.toLowerCase().replace(/[."]+$|^"/g, "");
  if (/^(?:skip|none|no|cancel|leave it(?: out)?)$/.test(plain) || plain === "") return { kind: "skip" };
  const number = /^(?:no\.\s*|number\s+|#)?(\d{1,2})[.)]?$/.exec(plain)?.[1];
  const picked = number ? choices[Number(number) - 1] : (choices.find((key) => key === plain) ?? onlyOne(choices, plain));
  if (!picked) return { kind: "words", text: said };
  const [agent = "", skill = ""] = picked.split("/", 2);
  return { kind: "choice", choice: { agent, skill, score: 1 } };
}

/** The agent's or the skill's name alone is enough when it means one choice. */
function onlyOne(choices: readonly string[], name: string): string | undefined {
  const meant = choices.filter((key) => key.split("/").includes(name));
  return meant.length === 1 ? meant[0] : undefined;
}

function keyOf({ agent, skill }: Candidate): string {
  return `${agent}/${skill}`;
}
