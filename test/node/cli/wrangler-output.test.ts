import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { locate } from "../../../cli/place.ts";
import { problemsIn } from "../../../cli/wrangler-output.ts";

// Recorded from wrangler 4.164, shortened where it repeats itself.
const TOML = `
\u001b[31m✘ \u001b[41;31m[\u001b[41;97mERROR\u001b[41;31m]\u001b[0m \u001b[1mInvalid TOML document: control characters are not allowed in strings\u001b[0m

    agents/two/wrangler.toml:7:9:
\u001b[37m      7 │ name = "x\u001b[32m\u001b[37m
        ╵          \u001b[32m^\u001b[0m
`;
const JSON_CARD = `
✘ [ERROR] Build failed with 1 error:

  ✘ [ERROR] Unexpected "}" in JSON

      ../../agent-cards/two.json:2:6:
        2 │  "b": }
          ╵       ^
`;
const STARTUP = `
⎔ Starting local server...
✘ [ERROR] service core:user:skein-two: Uncaught Error: two: the card promises skill "x", but the code has none

    at null.<anonymous> (worker.js:29:7)

✘ [ERROR] Worker "core:user:skein"'s binding "AGENT_TWO" refers to service "core:user:skein-two" with a named entrypoint "Mesh", but "core:user:skein-two" has no such named entrypoint.

✘ [ERROR] The Workers runtime failed to start. There was likely a problem with the workerd binary or your configuration.
`;

describe("what wrangler says", () => {
  it.each([
    [
      "a config that is no TOML",
      TOML,
      ["agents/two/wrangler.toml:7:9: Invalid TOML document: control characters are not allowed in strings"],
    ],
    ["a card that is no JSON", JSON_CARD, ['../../agent-cards/two.json:2:6: Unexpected "}" in JSON']],
    ["a Worker that refuses to start", STARTUP, ['skein-two does not start: two: the card promises skill "x", but the code has none']],
    ["nothing wrong", "⎔ Starting local server...\n[wrangler:info] Ready on http://127.0.0.1:8787\n", []],
  ])("becomes one line for each thing to mend: %s", (_what, output, problems) => {
    expect(problemsIn(output)).toEqual(problems);
  });

  it("names a problem once however often it is repeated", () => {
    expect(problemsIn(TOML + TOML)).toHaveLength(1);
  });

  it("does not lend one problem the place of the next", () => {
    expect(problemsIn(`✘ [ERROR] first\n${TOML}`)[0]).toBe("first");
  });

  it("names files from the root, by the line wrangler quotes, though every Worker has a file of that name", () => {
    const root = mkdtempSync(join(tmpdir(), "skein-test-"));
    try {
      for (const [name, code] of [
        ["one", "const a = 1;\n"],
        ["two", "conzt a = 1;\n"],
      ] as const) {
        mkdirSync(join(root, "agents", name), { recursive: true });
        writeFileSync(join(root, "agents", name, "wrangler.toml"), "");
        writeFileSync(join(root, "agents", name, "worker.ts"), code);
      }
      const output = '✘ [ERROR] Expected ";" but found "a"\n\n    worker.ts:1:6:\n      1 │ conzt a = 1;\n';
      const problems = problemsIn(output, (path, line, quoted) => locate(root, path, line, quoted));
      expect(problems).toEqual(['agents/two/worker.ts:1:6: Expected ";" but found "a"']);
    } finally {
      rmSync(root, { recursive: true });
    }
  });
});
