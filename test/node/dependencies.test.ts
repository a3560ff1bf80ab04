/** What we may build on: licences that let anybody pass the mesh on, and versions that are the same on every machine. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

interface LockedPackage {
  readonly version?: string;
  readonly license?: string;
  readonly dev?: boolean;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
  readonly libc?: readonly string[];
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

/** What a machine with Linux and glibc, as the tests run on, may install. The builds for others are locked by version alone. */
function isForLinux({ os = ["linux"], cpu = ["x64"], libc = ["glibc"] }: LockedPackage): boolean {
  return os.includes("linux") && (cpu.includes("x64") || cpu.includes("arm64")) && libc.includes("glibc");
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
    // One that has a name of its own here (npm:<package>@<version>) is another version of a package that is here already.
    for (const [name, asked] of Object.entries(direct))
      expect(packages[`node_modules/${name}`]).toMatchObject({ version: /^npm:.+@(.+)$/.exec(asked)?.[1] ?? asked });
  });

  it("is locked by its content, from whatever registry it is fetched", () => {
    expect(locked.filter(([, { resolved }]) => resolved !== undefined)).toEqual([]);
    const contents = locked.filter(([, entry]) => isForLinux(entry)).map(([path, { integrity }]) => [path, integrity]);
    expect(contents.filter(([, integrity]) => !/^sha512-/.test(integrity ?? ""))).toEqual([]);
  });

  it("brings its builds for every system, because npm ci refuses a lock without them", () => {
    for (const [path, { optionalDependencies = {} }] of locked)
      for (const name of Object.keys(optionalDependencies)) {
        expect(
          [`node_modules/${name}`, `${path}/node_modules/${name}`].some((place) => place in packages),
          `${name} of ${path}`,
        ).toBe(true);
      }
  });
});
