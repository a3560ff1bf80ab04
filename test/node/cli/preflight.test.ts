import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { preflight } from "../../../cli/preflight.ts";

const REPOSITORY = fileURLToPath(new URL("../../..", import.meta.url));
const CARD = "agent-cards/writer.json";
const CONTRACT = "contracts/dispatch.v1.yaml";

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "skein-test-"));
  for (const name of ["agents", "agent-cards", "contracts", "workers", "wrangler.toml"])
    cpSync(join(REPOSITORY, name), join(root, name), { recursive: true });
});
afterEach(() => rmSync(root, { recursive: true }));

function change(path: string, from: string | RegExp, to: string): void {
  const before = readFileSync(join(root, path), "utf8");
  const after = before.replace(from, to);
  expect(after).not.toBe(before);
  writeFileSync(join(root, path), after);
}

describe("before the mesh starts", () => {
  it("nothing is wrong with this project", () => {
    expect(preflight(root)).toEqual([]);
  });

  it("a card that is not there is named, with the agent that needs it and how to get it back", () => {
    rmSync(join(root, CARD));
    expect(preflight(root)).toEqual([
      expect.stringMatching(/^agents\/writer\/agent\.ts:\d+ imports agent-cards\/writer\.json, which is not there: .*git restore/),
    ]);
  });

  it("a contract that is not there is named, with the file to add", () => {
    rmSync(join(root, "contracts/retention.v1.yaml"));
    expect(preflight(root)).toEqual(["there is no contract for retention: add contracts/retention.v1.yaml"]);
  });

  it("an extended card that is wrong is told, with its place", () => {
    change("agents/courier/extended-card.json", '"name": "Where messages may go",', '"name": "",');
    expect(preflight(root)).toEqual([
      expect.stringMatching(/^agents\/courier\/extended-card\.json:5:\d+: the extended card's skills\.0\.name must not be empty: /),
    ]);
  });

  it("each file that is wrong is told, in one line each, with its place", () => {
    change(CARD, /^ {2}"version".*\n/m, "");
    change("agent-cards/critic.json", /"tags": \[/, '"tags": 5, "was": [');
    change(CONTRACT, "floor:", "flor:");
    const problems = preflight(root);
    expect(problems).toHaveLength(3);
    expect(problems).toContainEqual(`${CARD}:1:1: the card's version is required: add "version"`);
    expect(problems).toContainEqual(
      expect.stringMatching(/^agent-cards\/critic\.json:\d+:\d+: the card's skills\.0\.tags must be an array/),
    );
    expect(problems).toContainEqual(
      expect.stringMatching(/^contracts\/dispatch\.v1\.yaml:10:1: "flor" is no field .* did you mean "floor"\?/),
    );
  });

  it("the place of a field is its line in the file", () => {
    change("agent-cards/critic.json", /"tags": \[/, '"tags": 5, "was": [');
    const line = Number(/:(\d+):/.exec(preflight(root)[0] ?? "")?.[1]);
    expect(readFileSync(join(root, "agent-cards/critic.json"), "utf8").split("\n")[line - 1]).toContain('"tags": 5');
  });

  it.each([
    [
      "a comma that is missing",
      /,\n {2}"version"/,
      '\n  "version"',
      /^agent-cards\/writer\.json:4:3: this is no JSON: .*: mend the syntax$/,
    ],
    ["an end that is missing", /\n}\s*$/, "\n", /^agent-cards\/writer\.json:\d+:\d+: this is no JSON: .*: mend the syntax$/],
  ])("a card that is no JSON is told with its line: %s", (_what, from, to, problem) => {
    change(CARD, from, to);
    expect(preflight(root)).toEqual([expect.stringMatching(problem)]);
  });
});
