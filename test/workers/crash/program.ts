/**
 * Programs as data, and the skill that does what one says. Every act has a place of its own in its program, from which its name and
 * its result are made, so that a result tells whether all of it was done, and nothing of it twice.
 */
import { completed, type Json, type SkillContext, type SkillPath } from "../../../shared/kit/skill.ts";
import { textOf } from "../../../shared/task/a2a-types.ts";

export type Act =
  | { readonly does: "step" | "emit" | "progress" }
  /** Micro-USD. */
  | { readonly does: "spend"; readonly microUsd: number }
  | { readonly does: "ask"; readonly choices?: readonly string[] }
  | { readonly does: "approve" }
  | { readonly does: "call"; readonly to: SkillPath; readonly acts: readonly Act[] }
  | { readonly does: "together"; readonly branches: readonly (readonly Act[])[] };

interface Written {
  /** Where it stands in the program that it is a part of. */
  readonly place: string;
  readonly acts: readonly Act[];
}

/** @returns as the skill reads it */
export function written(program: Written): string {
  return JSON.stringify(program);
}

/** The skill: it does what its message says, and tells what came of each act. */
export async function perform(context: SkillContext) {
  const { place, acts } = JSON.parse(context.text) as Written;
  return completed(JSON.stringify(await all(context, acts, place)));
}

async function all(context: SkillContext, acts: readonly Act[], place: string): Promise<Json[]> {
  const results: Json[] = [];
  for (const [index, act] of acts.entries()) results.push(await one(context, act, `${place}.${index}`));
  return results;
}

async function one(context: SkillContext, act: Act, place: string): Promise<Json> {
  switch (act.does) {
    case "step":
      return context.step(place, () => `did ${place}`);
    case "emit":
      context.emit({ artifactId: `at ${place}`, parts: [{ text: place }] });
      return null;
    case "progress":
      context.progress(`at ${place}`);
      return null;
    case "spend":
      await context.spend(place, { microUsd: act.microUsd });
      return act.microUsd;
    case "ask":
      return context.ask(`What at [${place}]?`, act.choices ? { choices: act.choices } : {});
    case "approve": {
      const approval = await context.approve({ description: `May it act at [${place}]?`, args: { place } });
      return approval.approved ? "acted" : `held back: ${approval.reason}`;
    }
    case "call": {
      const result = await context.delegate(act.to, written({ place, acts: act.acts }));
      if (!result.ok) return result.message;
      // Beside what it emitted on the way.
      const told = result.artifacts.find(({ artifactId }) => artifactId === "result");
      return JSON.parse(textOf(told?.parts ?? [])) as Json;
    }
    case "together":
      return Promise.all(act.branches.map((acts, index) => all(context, acts, `${place}/${index}`)));
  }
}

/** What is said to a question of a program: the same whenever it is asked, and not the same for all. */
export function answerInPlace(question: string): string {
  const place = /\[([\d./]+)\]/.exec(question)?.[1] ?? "";
  if (question.includes("May it act")) {
    const name = /\b(?:yes|approve) ([0-9a-f]{8})\b/.exec(question)?.[1];
    return [place.length % 4 === 3 ? "no" : "yes", name].filter(Boolean).join(" ");
  }
  return question.includes("left") ? "left" : `this at ${place}`;
}
