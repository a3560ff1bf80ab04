/**
 * Results as Markdown: a table of requirements with a column for each server that was tried, where each requirement can be
 * read, and what is to be said where servers differ.
 */
import { byRequirement, worst } from "./report.ts";
import type { Requirement } from "./requirement.ts";
import type { Result } from "./run.ts";

export interface Column {
  readonly name: string;
  /** Of one server, or of several agents of one: what any of them shows counts. */
  readonly results: readonly Result[];
}

const MARKS = { passed: "✓", failed: "✗", "not shown": "not shown" } as const;

export function toMarkdown(suite: readonly Requirement[], columns: readonly Column[]): string {
  const named = columns.map(({ name, results }) => ({
    name,
    of: new Map(byRequirement(results).map((group) => [group[0].requirement.id, group])),
  }));
  const head = ["requirement", "section", "level", "id", "test", ...named.map(({ name }) => name)];
  const rows = suite.map((requirement) => {
    const { id, section, level, title, theme } = requirement;
    const cells = named.map(({ of }) => MARKS[worst(of.get(id) ?? [])]);
    return [title, section, level, `\`${id}\``, `[${theme}](../conformance/requirements/${theme}.ts)`, ...cells];
  });
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.map(escaped).join(" | ")} |`).join("\n");
}

function escaped(cell: string): string {
  return cell.replaceAll("|", "\\|");
}
