import { readdirSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { contractSchemas, type PolicyName } from "../../../shared/contract/contract.ts";
import { describeContractError, loadContract, readContract } from "../../../shared/contract/load.ts";
import { nearest } from "../../../shared/contract/nearest.ts";

const FOLDER = new URL("../../../contracts/", import.meta.url);
const GOOD = readFileSync(new URL("dispatch.v1.yaml", FOLDER), "utf8");

/** The deployed contract with one line changed. */
const withLine = (from: string | RegExp, to: string) => {
  const changed = GOOD.replace(from, to);
  expect(changed).not.toBe(GOOD);
  return changed;
};
const lineOf = (text: string, part: string) => text.slice(0, text.indexOf(part)).split("\n").length;
const errorOf = (text: string) => {
  const loaded = loadContract("dispatch", text, "contracts/dispatch.v1.yaml");
  if (loaded.ok) throw new Error("the contract was accepted");
  return loaded.error;
};

describe("contracts in the repository", () => {
  it.each(readdirSync(FOLDER).filter((name) => name.endsWith(".yaml")))("%s loads, and is named as it says", (name) => {
    const [policy = "", version = ""] = name.split(/\.v|\.yaml/);
    expect(Object.keys(contractSchemas)).toContain(policy);
    const contract = readContract(policy as PolicyName, readFileSync(new URL(name, FOLDER), "utf8"), name);
    expect(contract).toMatchObject({ policy, version: Number(version) });
  });
});

describe("loadContract", () => {
  it("names the nearest known key for a misspelt one, at its line", () => {
    const text = withLine("maxFanOut:", "maxFanout:");
    expect(errorOf(text)).toMatchObject({ code: "unknown-key", line: lineOf(text, "maxFanout"), mend: 'did you mean "maxFanOut"?' });
  });

  it("lists the known keys when none is near", () => {
    expect(errorOf(`${GOOD}\ncolour: red\n`).mend).toMatch(/take it out; known are policy, version/);
  });

  it("refuses a key that is there twice, at the second one", () => {
    const text = `${GOOD}floor: 0.9\n`;
    expect(errorOf(text)).toMatchObject({ code: "duplicate-key", line: text.split("\n").length - 1 });
  });

  it.each([
    ["a share above one", "floor: 0.38", "floor: 1.5", "1.5", "from 0 to 1"],
    ["a share that is text", "floor: 0.38", 'floor: "0.4"', '"0.4"', "must be a number"],
    ["more connections than the platform has", "maxFanOut: 5", "maxFanOut: 7", "7", "from 1 to 6"],
    ["half a goal", "maxGoals: 12", "maxGoals: 1.5", "1.5", "whole number"],
    ["an unknown mode", "mode: enforce", "mode: strict", '"strict"', "enforce, shadow or candidate"],
    ["a number without end", "deadlineMs: 30000", "deadlineMs: .inf", "null", "whole number"],
    ["nothing at all", "deadlineMs: 30000", "deadlineMs:", "null", "whole number"],
    ["a list", "margin: 0.05", "margin: [0.05]", "[0.05]", "must be a number"],
  ])("refuses %s, at the value", (_case, from, to, found, rule) => {
    const text = withLine(from, to);
    const error = errorOf(text);
    expect(error).toMatchObject({ code: "bad-value", line: lineOf(text, `\n${to}`) + 1 });
    expect(error.message).toContain(`is ${found}`);
    expect(error.mend).toContain(rule);
  });

  it("says which field is missing and what it must be", () => {
    const error = errorOf(withLine(/^margin:.*$/m, ""));
    expect(error).toMatchObject({ code: "missing-key", message: 'the field "margin" is missing' });
    expect(error.mend).toContain("must be a number from 0 to 1");
  });

  it.each([
    ["branches", 2],
    ["interchangeable", 3],
  ])("misses %s in a file from version %i on, and in none before", (field, version) => {
    const latest = readFileSync(new URL("dispatch.v3.yaml", FOLDER), "utf8").replace(new RegExp(`^${field}:.*$`, "m"), "");
    const loaded = (of: number) => loadContract("dispatch", latest.replace(/^version: 3$/m, `version: ${of}`), "x.yaml");
    expect(loaded(version - 1)).toMatchObject({ ok: true });
    expect(loaded(version)).toMatchObject({ ok: false, error: { code: "missing-key", message: `the field "${field}" is missing` } });
  });

  it("refuses another policy's contract before it complains about its fields", () => {
    expect(errorOf("policy: budget\nversion: 1\nceiling: 5\n")).toMatchObject({ code: "wrong-policy", line: 1 });
  });

  it.each([
    ["broken YAML", "policy: [dispatch\nversion: 1"],
    ["an empty file", ""],
    ["a list", "- policy\n- dispatch"],
    ["an alias that leads nowhere", "policy: dispatch\nfloor: *b\n"],
    ["two documents", "policy: dispatch\n---\npolicy: dispatch\n"],
  ])("refuses %s", (_case, text) => {
    expect(errorOf(text)).toMatchObject({ code: "bad-yaml" });
  });

  it("tells it in one line that can be clicked", () => {
    const line = describeContractError(errorOf(withLine("floor: 0.38", "floor: 4")));
    expect(line).toMatch(/^contracts\/dispatch\.v1\.yaml:\d+:8: "floor" is 4: it must be a number from 0 to 1$/);
    expect(() => readContract("dispatch", "", "x.yaml")).toThrow(/^x\.yaml:1:1: /);
  });

  it("never throws, whatever the text, and points into it", () => {
    const pieces = fc.array(fc.constantFrom(...GOOD.split("\n"), "a: &a [*a]", "? x", "&b", "*b", "- 1", "\t", "floor: {", "%YAML 9"), {
      maxLength: 30,
    });
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          pieces.map((lines) => lines.join("\n")),
        ),
        (text) => {
          const loaded = loadContract("dispatch", text, "x.yaml");
          if (loaded.ok) return;
          expect(loaded.error.line).toBeLessThanOrEqual(text.split("\n").length);
          expect(loaded.error.line).toBeGreaterThanOrEqual(1);
        },
      ),
    );
  });
});

describe("nearest", () => {
  it("leaves another word alone", () => {
    expect(nearest("maxHops", ["maxGoals"])).toBe("maxGoals");
    expect(nearest("colour", ["floor", "margin", "version"])).toBeUndefined();
  });
});
