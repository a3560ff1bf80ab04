import { globSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";

// What the documents say of figures and commands is compared with what there is, so that it cannot go stale.

const ROOT = new URL("../../", import.meta.url);
const read = (file: string) => readFileSync(new URL(file, ROOT), "utf8");
const [, rollout = ""] = /## A new version: (.*?)^## /ms.exec(read("docs/publishing.md")) ?? [];
const contract = parse(read("contracts/rollout.v1.yaml")) as Record<string, number | number[]>;

describe("what is written of a rollout", () => {
  it("names each number of the gates as it is deployed", () => {
    const named = [...rollout.matchAll(/`(\w+): ([\d.]+)`/g)].map(([, field = "", value]) => [field, Number(value)] as const);
    expect(named.length).toBeGreaterThan(6);
    expect(named).toEqual(named.map(([field]) => [field, contract[field]]));
  });

  it("has the steps with the shares and counts that are deployed", () => {
    const steps = [...rollout.matchAll(/^\| (shadow|canary|ramp) \| (.+) \|$/gm)].map(([, step, cells = ""]) => [step, numbersIn(cells)]);
    const { maxCopiesPerMinute, minCopies, canaryShare, canaryMinCalls, rampShares, rampMinCalls } = contract;
    const percents = (rampShares as number[]).map((share) => share * 100);
    expect(steps).toEqual([
      ["shadow", [maxCopiesPerMinute, minCopies]],
      ["canary", [Number(canaryShare) * 100, canaryMinCalls]],
      ["ramp", [...percents, rampMinCalls]],
    ]);
  });
});

function numbersIn(text: string): number[] {
  return [...text.matchAll(/\d+/g)].map(Number);
}

describe("the documents", () => {
  const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };

  it.each(["README.md", ...globSync("docs/*.md", { cwd: ROOT })])("%s names no command that is not there", (document) => {
    const named = [...read(document).matchAll(/npm run ([a-z][\w:]*)/g)].map(([, name = ""]) => name);
    expect(named.filter((name) => !Object.hasOwn(scripts, name))).toEqual([]);
  });

  it("show every command about published agents where publishers and newcomers look", () => {
    for (const document of ["README.md", "docs/publishing.md"])
      for (const name of ["serve", "publish:card", "agents", "rollout", "search", "verify", "revoke"])
        expect(read(document), `${name} in ${document}`).toContain(`| \`npm run ${name}`);
  });
});
