/** What we may build on: licences that let anybody pass the mesh on, and versions that are the same on every machine. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

interface LockedPackage {
  readonly version?: string;
  readonly license?: string;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly link?: boolean;
  readonly resolved?: string;
  readonly integrity?: string;
}

const PERMISSIVE = ["MIT", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "0BSD", "BlueOak-1.0.0", "Unlicense", "CC0-1.0"];

function read(path: string): unknown {
  return JSON.parse(readFileSync(new URL(`../../${path}`, import.meta.url), "utf8"));
}

const { packages } = read("package-lock.json") as { packages: Record<string, LockedPackage> };
const locked = Object.entries(packages).filter(([path]) => path !== "");
const own = read("package.json") as Record<"dependencies" | "devDependencies", Record<string, string>>;
const direct = { ...own.dependencies, ...own.devDependencies };

/** Of `A OR B` one has to be permissive, of `A AND B` both. */
function isPermissive(license: string): boolean {
  const alternatives = license.replace(/[()]/g, "").split(/\s+OR\s+/);
  return alternatives.some((each) => each.split(/\s+AND\s+/).every((name) => PERMISSIVE.includes(name)));
}

describe("a dependency", () => {
  it("comes into production only under a permissive licence", () => {
    const production = locked.filter(([, { dev }]) => dev !== true);
    expect(production.map(([path]) => path)).toContain("node_modules/hono");
    expect(production.filter(([, { license }]) => license === undefined || !isPermissive(license))).toEqual([]);
  });

  it.each([
    ["MIT", true],
    ["GPL-3.0-only", false],
    ["(MIT OR GPL-3.0-only)", true],
    ["MIT AND GPL-3.0-only", false],
    ["Apache-2.0 AND BSD-3-Clause", true],
    ["SEE LICENSE IN LICENSE.txt", false],
  ])("under %s is permissive: %s", (license, expected) => {
    expect(isPermissive(license)).toBe(expected);
  });

  it("is asked for in one exact version, the one that is locked", () => {
    for (const [name, version] of Object.entries(direct)) expect(packages[`node_modules/${name}`]).toMatchObject({ version });
  });

  it("is locked by its content, from whatever registry it is fetched", () => {
    expect(locked.filter(([, { resolved }]) => resolved !== undefined)).toEqual([]);
    expect(locked.filter(([, { integrity }]) => !/^sha512-/.test(integrity ?? "")).map(([path]) => path)).toEqual([]);
  });
});
