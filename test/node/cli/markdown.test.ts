import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { renderMarkdown, wrap } from "../../../cli/markdown.ts";

const marked = (style: string, text: string) => `<${style}>${text}</${style}>`;

describe("markdown in a terminal", () => {
  it.each([
    ["# Title", "<bold>Title</bold>"],
    ["- a **b** `c`", "• a <bold>b</bold> <cyan>c</cyan>"],
    ["see [docs](https://x.y)", "see docs <underline>https://x.y</underline>"],
    ["| a | b |", "| a | b |"],
  ])("%s is shown as %s", (markdown, shown) => {
    expect(renderMarkdown(markdown, 80, marked)).toBe(shown);
  });

  it("leaves code as it is", () => {
    expect(renderMarkdown("```\n- **a**\n```", 80, marked)).toContain("<cyan>- **a**</cyan>");
  });

  it("keeps what hangs under a bullet under it", () => {
    expect(wrap("- one two three", 9)).toEqual(["- one two", "  three"]);
  });

  it("loses no word and breaks no line that could be shorter", () => {
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[a-z]{1,12}$/), { minLength: 1 }), fc.integer({ min: 12, max: 80 }), (words, columns) => {
        const lines = wrap(words.join(" "), columns);
        expect(lines.join(" ").split(" ")).toEqual(words);
        for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns);
      }),
    );
  });
});
