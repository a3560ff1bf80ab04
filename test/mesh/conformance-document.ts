/** docs/conformance.md: the table that the suite makes of its results, and what is to be said of them. */
import { type Column, toMarkdown } from "../../conformance/document.ts";
import type { Requirement } from "../../conformance/requirement.ts";
import type { Result } from "../../conformance/run.ts";
import { DIFFERENCES, NOT_SHOWN, ROOM } from "./conformance-notes.ts";

const INTRODUCTION = `# Conformance

\`npm run conformance -- <url>\` tries any A2A 1.0 server from outside, rule by rule of the specification (1.0.1), over every binding its card
declares: \`--help\` shows how to tell it which texts bring an agent to work for a while, to ask or to fail, and \`--json\` and \`--md\`
are its other forms. It exits with 1 when something is broken that a server MUST do.

This page is what it says of two servers, and is written by the test that runs it
([conformance.test.ts](../test/mesh/conformance.test.ts); \`npx vitest run --project mesh test/mesh/conformance.test.ts -u\` writes it anew). *Skein* is a mesh on one
machine that wants to know who is calling: the orchestrator, a specialist that declares everything, one that declares nothing, and for one
requirement a mesh that lets in everybody. *SDK* is the Express server of the official JavaScript SDK, in both bindings, with and without
the optional capabilities, put together as its documentation says; it is here so that the suite is held against somebody else's reading.

## Results
`;

const PEER_NOT_SHOWN = `Of the SDK's server nothing is shown of signatures, 0.3, extensions, credentials and other callers: those are options of whoever builds on it,
and the server that is tried leaves them out.`;

export function conformanceDocument(suite: readonly Requirement[], skein: readonly Result[], sdk: readonly Result[]): string {
  const columns: Column[] = [
    { name: "Skein", results: skein },
    { name: "SDK", results: sdk },
  ];
  const differences = DIFFERENCES.map(({ title, ids, over, says }) => {
    const where = over === undefined ? "" : ` (over ${over})`;
    return `**${title}**${where}. ${flowing(says)}\n\n${ids.map((id) => `\`${id}\``).join(", ")}`;
  });
  const room = ROOM.map(({ title, says }) => `- **${title}.** ${flowing(says)}`);
  const notShown = Object.entries(NOT_SHOWN).map(([id, why]) => `- \`${id}\`: ${why}`);
  const parts = [
    INTRODUCTION,
    toMarkdown(suite, columns, "../conformance/requirements"),
    "\n## Where the two differ, and who is right\n",
    differences.join("\n\n"),
    "\n## What is not shown, and why\n",
    notShown.join("\n"),
    "",
    flowing(PEER_NOT_SHOWN),
    "\n## Where the specification leaves room\n",
    room.join("\n"),
    "",
  ];
  return parts.join("\n");
}

/** One paragraph, one line: the sources are broken where they are wide. */
function flowing(text: string): string {
  return text.replaceAll("\n", " ");
}
