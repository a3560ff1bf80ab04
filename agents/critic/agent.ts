/**
 * Critic: checks a draft against its sources. Every number, quotation and proper name has to be found there. It says what
 * is unsupported and why; it does not judge whether a sentence follows from its source, nor the sources themselves.
 */
import card from "../../agent-cards/critic.json" with { type: "json" };
import { defineAgent } from "../../shared/kit/agent.ts";
import { findingsOf } from "../../shared/kit/finding.ts";
import { completed, type Part, rejected } from "../../shared/kit/skill.ts";
import { readDraft } from "./draft.ts";
import { type Complaint, checkDraft, type Verdict } from "./evidence.ts";

/** Every claim is looked up in every source, so that the work grows with the product of the two. */
const MAX_DRAFT = 30_000;
const MAX_SOURCES = 200_000;
const SEND =
  'Send the draft as text, and its sources as a data part { "findings": [{ "text": "…", "source": { "document": "…", "position": "…" } }] }.';

export default defineAgent(card, {
  check: ({ parts }) => {
    const draft = draftOf(parts);
    const findings = findingsOf(parts).filter((finding) => finding.text.trim() !== "");
    if (findings.length === 0) return rejected(`There are no sources to check against. ${SEND}`);
    if (draft.trim() === "") return rejected(`There is no draft to check. ${SEND}`);
    const sources = findings.reduce((sum, finding) => sum + finding.text.length, 0);
    if (draft.length > MAX_DRAFT)
      return rejected(`The draft has ${draft.length} characters, ${MAX_DRAFT} is the most. Send it in portions.`);
    if (sources > MAX_SOURCES)
      return rejected(`The sources have ${sources} characters, ${MAX_SOURCES} is the most. Send the passages that the draft cites.`);

    const verdict = checkDraft(readDraft(draft), findings);
    return completed({
      artifacts: [
        {
          name: "verdict",
          parts: [
            { text: describe(verdict), mediaType: "text/markdown" },
            { data: verdict, mediaType: "application/json" },
          ],
        },
      ],
      text: headline(verdict),
    });
  },
});

/** What is marked as Markdown is the draft, and other text an instruction; without any mark, all text is the draft. */
function draftOf(parts: readonly Part[]): string {
  const texts = parts.filter((part) => part.text !== undefined);
  const marked = texts.filter((part) => part.mediaType === "text/markdown");
  return (marked.length > 0 ? marked : texts).map((part) => part.text).join("\n\n");
}

function headline({ checked, unsupported, miscited }: Verdict): string {
  if (checked === 0) return "The draft states no number, quotation or name: there was nothing to check.";
  const claims = `${checked} ${checked === 1 ? "claim" : "claims"} checked`;
  const verdict = unsupported.length === 0 ? "every one is in the sources" : `${unsupported.length} unsupported`;
  return `${claims}: ${verdict}${miscited.length === 0 ? "" : `, ${miscited.length} cited wrongly`}.`;
}

function describe(verdict: Verdict): string {
  const list = (title: string, complaints: readonly Complaint[]) =>
    complaints.length === 0 ? [] : [`**${title}**`, complaints.map(item).join("\n")];
  return [headline(verdict), ...list("Unsupported", verdict.unsupported), ...list("Cited wrongly", verdict.miscited)].join("\n\n");
}

function item({ claim, sentence, reason }: Complaint): string {
  return `- ${claim}: ${reason}.\n  > ${sentence}`;
}
