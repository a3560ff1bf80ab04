/**
 * Writer: composes an answer or a report from what other agents found. Extractive: every sentence is a finding's own, with
 * the number of its source. It looks nothing up and works nothing out.
 */
import card from "../../agent-cards/writer.json" with { type: "json" };
import { defineAgent } from "../../shared/kit/agent.ts";
import { findingsOf, findingsPart } from "../../shared/kit/finding.ts";
import { completed, rejected } from "../../shared/kit/skill.ts";
import { layOut } from "./answer.ts";
import { chooseStatements } from "./choose.ts";
import { readQuestion } from "./question.ts";
import { statementsOf } from "./statement.ts";

/** Ranking is quadratic in what is chosen and linear in what is read: this much takes well under a second. */
const MAX_STATEMENTS = 5_000;

export default defineAgent(card, {
  compose: ({ parts, progress }) => {
    const findings = findingsOf(parts).filter((finding) => finding.text.trim() !== "");
    if (findings.length === 0)
      return rejected(
        'There is nothing to write from. Send the question as text, and what was found as a data part { "findings": [{ "text": "…", "source": { "document": "…", "position": "…" } }] }.',
      );
    const statements = statementsOf(findings);
    if (statements.length > MAX_STATEMENTS)
      return rejected(
        `These findings hold ${statements.length} statements, ${MAX_STATEMENTS} is the most. Send the passages that fit best.`,
      );

    // The first text is the question. Further texts are other agents' answers, whose findings are in the data parts.
    const question = readQuestion(parts.find((part) => part.text !== undefined)?.text ?? "");
    const choice = chooseStatements(question, statements);
    const { markdown, used } = layOut(question, choice);
    progress(`Composed from ${used.length} of ${findings.length} findings`);
    return completed({
      artifacts: [{ name: "answer", parts: [{ text: markdown, mediaType: "text/markdown" }, findingsPart(used)] }],
      metadata: { answers: choice.answers },
    });
  },
});
