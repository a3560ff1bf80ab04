/**
 * The skill `search`: the passages of the caller's corpus that fit a question best, as they were written, with document,
 * position and score. It only reads, so it needs no durable step: a second run finds the same.
 */
import * as v from "valibot";
import { findingsPart } from "../../shared/kit/finding.ts";
import { completed, type Outcome, type Part, rejected, type SkillContext } from "../../shared/kit/skill.ts";
import type { Hit } from "./ranking.ts";
import { corpusOf, type ResearcherEnv } from "./researcher-env.ts";

const MOST_PASSAGES = 50;
const settings = v.looseObject({ limit: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MOST_PASSAGES)), 5) });

export async function search(ctx: SkillContext<ResearcherEnv>): Promise<Outcome> {
  const limit = limitOf(ctx.parts);
  if (limit === undefined) return rejected(`"limit" must be a whole number from 1 to ${MOST_PASSAGES}`);
  if (ctx.text.trim() === "") return rejected("there is no question in the message: write in a text part what to look for");

  const reply = await corpusOf(ctx).search(ctx.text, limit);
  if (!reply.ok)
    return reply.reason === "empty-corpus"
      ? rejected("no documents yet: send some to the skill ingest first, as text, raw or url parts with a filename")
      : rejected("the question has no word to look for: use words that the documents would hold");
  if (reply.hits.length === 0)
    return rejected(
      `no passage about ${reply.terms.slice(0, 8).join(", ")} in ${count(reply.documents, "document")}: ingest documents that speak of it, or ask with other words`,
    );

  const summary = `${count(reply.hits.length, "passage")} from ${count(reply.documents, "document")}`;
  const parts: Part[] = [{ text: [`${summary}:`, ...reply.hits.map(readable)].join("\n\n") }, findingsPart(reply.hits.map(findingOf))];
  return completed({ artifacts: [{ name: "passages", parts }], text: summary });
}

/** Findings and other data that come with the question are passed over. */
function limitOf(parts: readonly Part[]): number | undefined {
  const given = parts.map((part) => part.data).filter((data) => typeof data === "object" && data !== null && "limit" in data);
  const result = v.safeParse(settings, given[0] ?? {});
  return result.success ? result.output.limit : undefined;
}

function readable({ document, position, score, text, uri }: Hit, i: number): string {
  return `${i + 1}. ${document}, ${position} (${score.toFixed(2)})${uri === null ? "" : ` ${uri}`}\n${text.replace(/^(?=.)/gm, "   ")}`;
}

function findingOf({ text, document, position, uri, score }: Hit) {
  return { text, source: { document, position, ...(uri !== null && { uri }), score }, by: "researcher/search" };
}

function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? "" : "s"}`;
}
