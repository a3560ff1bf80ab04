/**
 * Markdown for a terminal: what an answer uses (headings, lists, quotations, emphasis, code, links), wrapped at the
 * window's width. Without colour the text stays Markdown, which pipes and files want. Pure.
 */
type Paint = (style: "bold" | "dim" | "cyan" | "underline", text: string) => string;

export function renderMarkdown(markdown: string, columns: number, paint: Paint): string {
  let inCode = false;
  return markdown
    .trimEnd()
    .split("\n")
    .map((line) => {
      if (/^\s*(```|~~~)/.test(line)) {
        inCode = !inCode;
        return paint("dim", line);
      }
      if (inCode) return paint("cyan", line);
      const heading = /^#{1,6}\s+(.*)$/.exec(line);
      if (heading) return paint("bold", heading[1] ?? "");
      // A table is laid out already; wrapping would take it apart.
      if (/^\s*\|/.test(line)) return line;
      return wrap(line, columns)
        .map((each) => inline(each, paint))
        .join("\n");
    })
    .join("\n");
}

/** Breaks between words only, and indents what follows as the line's own bullet or quotation does. */
export function wrap(line: string, columns: number): string[] {
  const lead = /^\s*((?:[-*+]|\d+[.)]|\[\d+\]|>)\s+)*/.exec(line)?.[0] ?? "";
  const hanging = lead.replace(/[^>\s]/g, " ");
  const lines: string[] = [];
  let current = lead;
  let empty = true;
  for (const word of line.slice(lead.length).split(/\s+/).filter(Boolean)) {
    if (!empty && current.length + 1 + word.length > columns) {
      lines.push(current);
      current = hanging;
      empty = true;
    }
    current += empty ? word : ` ${word}`;
    empty = false;
  }
  return [...lines, current];
}

function inline(line: string, paint: Paint): string {
  return line
    .replace(/`([^`]+)`/g, (_all, code: string) => paint("cyan", code))
    .replace(/\*\*([^*]+)\*\*/g, (_all, strong: string) => paint("bold", strong))
    .replace(/^(\s*)[-*+]\s/, "$1• ")
    .replace(/\[([^\]]+)\]\(([^)\s]+)\)/g, (_all, label: string, url: string) => `${label} ${paint("underline", url)}`);
}
