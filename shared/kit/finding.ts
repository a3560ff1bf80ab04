/**
 * A finding: one thing an agent established, with where it is from. Agents of the mesh hand findings to each other in a
 * data part `{ "findings": [...] }`, beside the text a person reads; an agent that knows nothing of it reads the text.
 */
import * as v from "valibot";
import type { Part } from "../task/a2a-types.ts";

const finding = v.object({
  /** What was established, in words that can be quoted. */
  text: v.string(),
  source: v.optional(
    v.object({
      /** The document's name, or what was done ("calculation"). */
      document: v.string(),
      /** Where in it: a line, a heading, a page, an expression. */
      position: v.string(),
      /** Opens the place, where there is something to open. */
      uri: v.optional(v.string()),
      /** How well it fits the question, 0 to 1. */
      score: v.optional(v.number()),
    }),
  ),
  /** `agent/skill` that established it. */
  by: v.optional(v.string()),
});

export type Finding = v.InferOutput<typeof finding>;

const envelope = v.object({ findings: v.array(finding) });

/** The findings in a message's or an artifact's parts, in order. Other data parts are passed over. */
export function findingsOf(parts: readonly Part[]): Finding[] {
  return parts.flatMap((part) => {
    const result = v.safeParse(envelope, part.data);
    return result.success ? result.output.findings : [];
  });
}

export function findingsPart(findings: readonly Finding[]): Part {
  return { data: JSON.parse(JSON.stringify({ findings })), mediaType: "application/json" };
}
