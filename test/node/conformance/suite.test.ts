import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { SUITE } from "../../../conformance/suite.ts";

it("each requirement has an id of its own, which begins with its theme", () => {
  const ids = SUITE.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  expect(SUITE.filter(({ id, theme }) => !id.startsWith(`${theme}.`))).toEqual([]);
});

it("each requirement is in the file of its theme, and says a rule and a section", () => {
  for (const { id, theme, title, section } of SUITE) {
    expect(existsSync(fileURLToPath(new URL(`../../../conformance/requirements/${theme}.ts`, import.meta.url))), id).toBe(true);
    expect(title, id).toMatch(/^.{10,140}$/);
    expect(section, id).toMatch(/^(\d+|A)(\.\d+)*$|^urn:/);
  }
});
