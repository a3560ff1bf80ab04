/**
 * Researcher: keeps a principal's documents, and finds the passages in them that speak of a question, with where they
 * stand. It quotes and never concludes: a passage is given as it was written.
 */
import card from "../../agent-cards/researcher.json" with { type: "json" };
import { defineAgent } from "../../shared/kit/agent.ts";
import { documents } from "./documents.ts";
import extended from "./extended-card.json" with { type: "json" };
import { forget } from "./forget.ts";
import { forgetTask } from "./forget-task.ts";
import { ingest } from "./ingest.ts";
import { isNamedDocument } from "./message-documents.ts";
import type { ResearcherEnv } from "./researcher-env.ts";
import { search } from "./search.ts";

/** Whoever brings a document wants it kept; whoever only writes has a question. */
export default defineAgent<ResearcherEnv>(
  card,
  { ingest, search, documents, forget },
  { extended, forget: forgetTask, route: ({ parts }) => (parts.some(isNamedDocument) ? "ingest" : "search") },
);
