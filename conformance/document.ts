/**
 * Results as Markdown: what holds by level, and a table of requirements with a column for each server that was tried, and
 * where each requirement can be read.
 */
import { byRequirement, sectionOf, worst } from "./report.ts";
import type { Level, Requirement } from "./requirement.ts";
import type { Result } from "./run.ts";

export interface Column {
  readonly name: string;
  /** Of one server, or of several agents of one: what any of them shows counts, and so does what any of them breaks. */
  readonly results: readonly Result[];
}

const LEVELS: readonly Level[] = ["MUST", "SHOULD", "MAY", "SKEIN"];

/** @param source where the files of the requirements are, as seen from the document */
export function toMarkdown(suite: readonly Requirement[], columns: readonly Column[], source = "conformance/requirements"): string {
  const named = columns.map(({ name, results }) => ({ name, groups: groupsOf(results) }));
  const head = ["requirement", "section", "level", "id", "test", ...named.map(({ name }) => name)];
  const rows = suite.map((requirement) => {
    const { id, section, level, title, theme } = requirement;
    const cells = named.map(({ groups }) => cell(groups.get(id) ?? []));
    return [title, sectionOf(section), level, `\`${id}\``, `[${theme}](${source}/${theme}.ts)`, ...cells];
  });
  return [countsTable(columns), "", table([head, ...rows]), "", LEGEND].join("\n");
}

const LEGEND = `✓ holds over every binding, ✗ is broken, ○ left out as it may be, – not shown. In the column of levels, SKEIN are extensions that
a card may declare; their section is \`ext\`.`;

/** How many requirements of each level hold, are broken, and were not shown. */
function countsTable(columns: readonly Column[]): string {
  const head = ["level", ...columns.map(({ name }) => name)];
  const rows = LEVELS.map((level) => [
    level,
    ...columns.map(({ results }) => {
      const groups = byRequirement(results.filter(({ requirement }) => requirement.level === level)).map(worst);
      const of = (status: ReturnType<typeof worst>) => groups.filter((each) => each === status).length;
      return `${of("passed")} hold, ${of("failed")} ${level === "MAY" ? "left out" : "broken"}, ${of("not shown")} not shown`;
    }),
  ]);
  return table([head, ...rows]);
}

function groupsOf(results: readonly Result[]): ReadonlyMap<string, readonly Result[]> {
  return new Map(byRequirement(results).map((group) => [group[0].requirement.id, group]));
}

function cell(results: readonly Result[]): string {
  const status = worst(results);
  if (status !== "failed") return status === "passed" ? "✓" : "–";
  if (results[0]?.requirement.level === "MAY") return "○";
  const broken = new Set(results.filter(({ outcome }) => outcome.status === "failed").map(({ binding }) => binding));
  const holds = results.some(({ outcome, binding }) => outcome.status === "passed" && !broken.has(binding));
  return holds ? `✗ over ${[...broken].join(", ")}` : "✗";
}

function table([head = [], ...rows]: readonly (readonly string[])[]): string {
  return [head, head.map(() => "---"), ...rows]
    .map((cells) => `| ${cells.map((each) => each.replaceAll("|", "\\|")).join(" | ")} |`)
    .join("\n");
}
