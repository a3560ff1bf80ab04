/**
 * Lays out what was chosen as Markdown: the direct answer, then details, then a numbered list of sources. Pure. Every
 * statement is followed by its source's number; equal sources share a number, and only what is used is listed.
 */
import type { Finding } from "../../shared/kit/finding.ts";
import type { Choice } from "./choose.ts";
import type { Question, QuestionPart } from "./question.ts";
import type { Statement } from "./statement.ts";

export interface Answer {
  readonly markdown: string;
  /** The findings that are quoted or pointed at, in the order of their sources' numbers. */
  readonly used: readonly Finding[];
}

export function layOut(question: Question, choice: Choice): Answer {
  const sources = numberedSources();
  const report = question.form === "report";
  const heading = (text: string) => (report ? `## ${text}` : `**${text}**`);
  const cited = (statement: Statement) => withCitation(statement, sources.number(statement.finding));
  const items = (statements: readonly Statement[]) => statements.map((each) => `- ${cited(each)}`).join("\n");

  const blocks: string[] = report ? [`# ${question.title || "Report"}`, heading("In short")] : [];
  if (!choice.answers) blocks.push("No finding answers this. What comes nearest:");
  blocks.push(...choice.direct.map(cited));
  if (choice.places.length > 0)
    blocks.push(`Written in ${choice.places.map(({ finding }) => `${labelOf(finding)} [${sources.number(finding)}]`).join("; ")}.`);
  for (const part of choice.unanswered) blocks.push(heading(partTitle(part)), "No finding answers this.");

  // One part alone would repeat the title: its statements are told apart by where they are from.
  const byPart = choice.details.length > 1;
  if (report && !byPart)
    for (const [document, statements] of byDocument(choice.details.flatMap((each) => each.statements)))
      blocks.push(heading(document), items(statements));
  else
    for (const { part, statements } of choice.details)
      blocks.push(heading(byPart && part ? partTitle(part) : "Details"), items(statements));

  return { markdown: [...blocks, heading("Sources"), sources.list()].join("\n\n"), used: sources.used() };
}

function numberedSources() {
  const numbers = new Map<string, { readonly number: number; readonly entry: string; readonly findings: Set<Finding> }>();
  return {
    number(finding: Finding): number {
      const key = JSON.stringify([labelOf(finding), finding.source?.uri ?? ""]);
      const known = numbers.get(key) ?? { number: numbers.size + 1, entry: entryOf(finding), findings: new Set<Finding>() };
      numbers.set(key, known);
      known.findings.add(finding);
      return known.number;
    },
    list: () => [...numbers.values()].map(({ number, entry }) => `${number}. ${entry}`).join("\n"),
    used: () => [...numbers.values()].flatMap(({ findings }) => [...findings]),
  };
}

/** The number stands before the full stop, so that it belongs to its sentence for whoever reads on. */
function withCitation({ text, kind, finding }: Statement, number: number): string {
  if (kind === "block") {
    // A table or a list keeps its lines: its number stands behind the line that opens it.
    const [opening = "", ...lines] = text.split("\n");
    if (!/^\s*(?:\||[-*+]\s)/.test(opening)) return [`${opening} [${number}]`, ...lines].join("\n");
    return `${finding.source?.document ?? finding.by ?? "Result"} [${number}]:\n\n${text}`;
  }
  const end = kind === "sentence" ? (text.match(/[.!?]+$/)?.[0] ?? "") : "";
  return `${text.slice(0, text.length - end.length)} [${number}]${end}`;
}

function labelOf({ source, by }: Finding): string {
  if (!source) return by ?? "a finding without a source";
  const label = source.position === "" ? source.document : `${source.document}, ${source.position}`;
  return label.replace(/\s+/g, " ");
}

function entryOf(finding: Finding): string {
  const label = labelOf(finding);
  const uri = finding.source?.uri;
  // A finding may come from anywhere: a link that runs something when it is opened is not made into one.
  if (uri === undefined || !/^(?:https?:|file:|(?![a-z][a-z0-9+.-]*:))/i.test(uri)) return label;
  return `[${label.replace(/[[\]]/g, "\\$&")}](${uri.replace(/[\s()<>]/g, (char) => `%${char.charCodeAt(0).toString(16)}`)})`;
}

function byDocument(statements: readonly Statement[]): Map<string, Statement[]> {
  const ordered = [...statements].sort((one, other) => one.order - other.order);
  return Map.groupBy(ordered, ({ finding }) => finding.source?.document ?? finding.by ?? "Without a source");
}

/** "How many may it have?", but "What a home is": a question inside an order keeps its full stop. */
function partTitle({ text, asks }: QuestionPart): string {
  const direct =
    /^(?:in )?(?:(?:what|which|when|where|who|why|how)\b.{0,60}?\s)?(?:is|are|was|were|do|does|did|can|could|may|must|should|has|have|will)\s(?=\S)/i;
  const inside = /^(?:what|which|when|where|who|why|how(?: many| much)?)\s(?:the|a|an|each|one|this|that|it|they)\s/i;
  return asks && direct.test(text) && !inside.test(text) ? `${text}?` : text;
}
