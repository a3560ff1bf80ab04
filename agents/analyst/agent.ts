/**
 * Analyst: calculates with the working shown, and answers questions about tables. It computes from what it is given and
 * guesses nothing: a name nobody states, or a column that is not there, is said.
 */
import card from "../../agent-cards/analyst.json" with { type: "json" };
import { defineAgent } from "../../shared/kit/agent.ts";
import { calculate } from "./calculate/calculate.ts";
import { queryIn, table } from "./table/table.ts";
import { bringsTable } from "./table/tables-in-message.ts";
import type { AnalystEnv } from "./table/workbook-access.ts";

export default defineAgent<AnalystEnv>(
  card,
  { calculate, table },
  { route: ({ parts }) => (bringsTable(parts) || queryIn(parts) !== undefined ? "table" : "calculate") },
);
