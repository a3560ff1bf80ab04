import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { contractProblems } from "../../../cli/contract-problems.ts";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "skein-contracts-"));
  cpSync(join(ROOT, "contracts"), join(root, "contracts"), { recursive: true });
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function change(name: string, from: RegExp | string, to: string, as = name): void {
  const text = readFileSync(join(root, "contracts", name), "utf8");
  const changed = text.replace(from, to);
  expect(changed).not.toBe(text);
  writeFileSync(join(root, "contracts", as), changed);
}

describe("the contracts of a project", () => {
  it("are all deployed, and nothing is wrong with them", () => {
    expect(contractProblems(ROOT)).toEqual([]);
  });

  it("are told apart: each file with a mistake is named once, with its line", () => {
    change("budget.v1.yaml", /^waitMs: .*$/m, "waitMs: soon");
    change("chain-cap.v1.yaml", /^floor: .*$/m, "floor: 1.75");
    expect(contractProblems(root)).toEqual([
      expect.stringMatching(/^contracts\/budget\.v1\.yaml:\d+:9: "waitMs" is "soon"/),
      expect.stringMatching(/^contracts\/chain-cap\.v1\.yaml:10:8: "floor" is 1\.75: it must be a number from 0 to 1$/),
    ]);
  });

  it("have no version that nobody deployed", () => {
    change("chain-cap.v1.yaml", "version: 1", "version: 2", "chain-cap.v2.yaml");
    expect(contractProblems(root)).toEqual([expect.stringContaining("contracts/chain-cap.v2.yaml: no task will be made under it")]);
  });

  it("have no version twice", () => {
    change("chain-cap.v1.yaml", "floor: 0.75", "floor: 0.8", "chain-cap.v2.yaml");
    expect(contractProblems(root)[0]).toBe("contracts/chain-cap.v2.yaml: chain-cap has version 1 already: give this one the next number");
  });

  it("are complete: a policy without one is named", () => {
    rmSync(join(root, "contracts/budget.v1.yaml"));
    expect(contractProblems(root)).toEqual(["there is no contract for budget: add contracts/budget.v1.yaml"]);
  });
});
