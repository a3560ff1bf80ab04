/**
 * The skill `documents`: what a caller has ingested, a page at a time. It reads no document and changes nothing.
 */
import * as v from "valibot";
import { completed, type JsonObject, type Outcome, rejected, type SkillContext } from "../../shared/kit/skill.ts";
import type { ListedDocument } from "./corpus-store.ts";
import { corpusOf, type ResearcherEnv } from "./researcher-env.ts";

const PAGE = 100;
const MOST = 500;

const wishes = v.object({
  limit: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MOST)), PAGE),
  after: v.optional(v.string(), ""),
});

export async function documents(ctx: SkillContext<ResearcherEnv>): Promise<Outcome> {
  const given = ctx.parts.map(({ data }) => data).find((data) => typeof data === "object" && data !== null);
  const wished = v.safeParse(wishes, given ?? {});
  if (!wished.success) return rejected(`"limit" must be a whole number from 1 to ${MOST}, and "after" the name of a document`);
  const { limit, after } = wished.output;

  const { documents: page, total } = await corpusOf(ctx).documents(after, limit);
  if (total === 0) return completed("You have no documents here. The skill ingest takes them in.");
  if (page.length === 0) return completed(`There are ${total} documents, and none after "${after}".`);

  const next = page.length === limit ? page.at(-1)?.name : undefined;
  const lines = page.map((document) => `- ${describe(document)}`);
  const more = next === undefined ? [] : [`More may follow: send a data part ${JSON.stringify({ after: next })}.`];
  const text = [`${page.length} of ${total} ${total === 1 ? "document" : "documents"}:`, ...lines, ...more].join("\n");
  const data: JsonObject = {
    documents: page.map(({ name, passages, characters, origin, uri }) => ({
      name,
      passages,
      characters,
      ...(origin !== null && { origin }),
      ...(uri !== null && { uri }),
    })),
    total,
    ...(next !== undefined && { next }),
  };
  return completed({ artifacts: [{ name: "documents", parts: [{ text }, { data, mediaType: "application/json" }] }], text });
}

function describe({ name, passages, characters, origin, uri }: ListedDocument): string {
  const size = `${passages} ${passages === 1 ? "passage" : "passages"}, ${characters} characters`;
  return [`${name}: ${size}`, ...(origin === null ? [] : [`brought by ${origin}`]), ...(uri === null ? [] : [uri])].join(", ");
}
