/**
 * The skill `ingest`: reads each document of a message, cuts it into passages and keeps it in the caller's corpus. One
 * bad document does not cost the good ones: what was refused is listed with its reason.
 */
import { completed, failed, type JsonObject, type Outcome, rejected, type SkillContext } from "../../shared/kit/skill.ts";
import { type RawDocument, readDocument } from "./document.ts";
import { fetchDocument } from "./fetch-document.ts";
import { documentsOf, type OfferedDocument } from "./message-documents.ts";
import { type Origin, originIn, originOfTask } from "./origin.ts";
import { corpusOf, type ResearcherEnv } from "./researcher-env.ts";

/** What the log keeps of a document: never its content. `unreachable` means that trying again could help. */
type Result =
  | { outcome: "kept"; document: string; passages: number; replaced: boolean }
  | { outcome: "refused" | "unreachable"; document: string; reason: string };

export async function ingest(ctx: SkillContext<ResearcherEnv>): Promise<Outcome> {
  const offer = await documentsOf(ctx.parts);
  if (offer.documents.length + offer.refused.length === 0)
    return rejected("there is no document in the message: send one as a text, raw or url part, with its filename");

  const origin = originIn(ctx.parts);
  if (!origin.ok) return rejected(origin.reason);

  // First, so that what cannot be read today is not answered from as it was yesterday.
  const { name, replaceAll } = origin;
  const forgotten = name !== undefined && replaceAll ? await ctx.step("forget", () => corpusOf(ctx).forget(name)) : [];
  const results: Result[] = offer.refused.map((each) => ({ outcome: "refused", ...each }));
  for (const [i, document] of offer.documents.entries()) {
    ctx.signal.throwIfAborted();
    ctx.progress(`Reading ${document.name} (${i + 1} of ${offer.documents.length})`);
    // A step each: after a crash, the documents already kept are not fetched and read again.
    results.push(await ctx.step(`ingest ${i + 1}`, () => keep(ctx, document, origin)));
  }
  return outcomeOf(results, { name, names: forgotten });
}

async function keep(
  ctx: SkillContext<ResearcherEnv>,
  { name, uri, url, mediaType, content }: OfferedDocument,
  origin: Origin,
): Promise<Result> {
  const refuse = (reason: string, outcome: "refused" | "unreachable" = "refused"): Result => ({ outcome, document: name, reason });

  let raw: RawDocument;
  if (url === undefined) {
    const given = typeof content === "function" ? content() : content;
    if (given === undefined) return refuse("is not base64: encode the file's bytes as base64 in the raw part");
    raw = { name, mediaType, content: given };
  } else {
    const fetched = await fetchDocument(url, { signal: ctx.signal, allowPrivate: ctx.env.SKEIN_LOCAL === "1" });
    if (!fetched.ok) return refuse(fetched.reason, fetched.kind);
    raw = { name, mediaType: mediaType ?? fetched.mediaType, content: fetched.bytes };
  }

  const read = await readDocument(raw, ctx.signal);
  if (!read.ok) return refuse(read.reason);
  const passages = read.passages.map(({ text, position, lines }) => ({ text, position, ...(lines && { lines }) }));
  const stored = await corpusOf(ctx).replace({ name, uri, ...bringer(ctx, origin), passages });
  return { outcome: "kept", document: name, passages: stored.passages, replaced: stored.replaced };
}

/** Whoever keeps bringing a document has it kept; one that goes with a task takes no other one with it. */
function bringer({ taskId }: SkillContext<ResearcherEnv>, { name, withTask }: Origin) {
  return withTask ? { origin: originOfTask(taskId), leavesOrigin: true } : { origin: name };
}

function outcomeOf(results: readonly Result[], forgotten: { name: string | undefined; names: readonly string[] }): Outcome {
  const kept = results
    .filter((result) => result.outcome === "kept")
    .map(({ document, passages, replaced }) => ({ document, passages, replaced: replaced || forgotten.names.includes(document) }));
  const refused = results.filter((result) => result.outcome !== "kept");
  const gone = forgotten.names.filter((name) => !kept.some(({ document }) => document === name));
  const forgot = gone.length > 0 ? `Forgot ${count(gone.length, "earlier document")} of "${forgotten.name}".` : "";
  const reasons = refused.map(({ document, reason }) => `- ${document} ${reason}`);
  if (kept.length === 0) {
    const text = [forgot, `No document could be ingested:\n${reasons.join("\n")}`].filter(Boolean).join("\n");
    return refused.some((result) => result.outcome === "unreachable") ? failed(text) : rejected(text);
  }

  const passages = kept.reduce((sum, document) => sum + document.passages, 0);
  const replaced = kept.filter((document) => document.replaced).length;
  const ingested =
    `Ingested ${count(kept.length, "document")} in ${count(passages, "passage")}` +
    (replaced > 0 ? `, ${replaced} of them in place of an earlier version.` : ".");
  const summary = [ingested, forgot].filter(Boolean).join(" ");
  const text = reasons.length === 0 ? summary : `${summary}\nRefused ${count(reasons.length, "document")}:\n${reasons.join("\n")}`;
  const data: JsonObject = {
    documents: kept,
    refused: refused.map(({ document, reason }) => ({ document, reason })),
    ...(gone.length > 0 && { forgotten: gone }),
  };
  return completed({ artifacts: [{ name: "ingested", parts: [{ text }, { data, mediaType: "application/json" }] }], text: summary });
}

function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? "" : "s"}`;
}
