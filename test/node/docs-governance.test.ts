import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";

// What the documents say of figures, files and commands is compared with what there is, so that it cannot go stale.

const ROOT = new URL("../../", import.meta.url);
const read = (file: string) => readFileSync(new URL(file, ROOT), "utf8");
const text = read("docs/governance.md");

/** Of each policy the highest version that is no candidate: the one that a new task is made under. */
const latest = new Map<string, string>();
const versionOf = (file: string) => Number(/\.v(\d+)\.yaml$/.exec(file)?.[1]);
for (const file of readdirSync(new URL("contracts/", ROOT)).filter((name) => name.endsWith(".yaml"))) {
  if ((parse(read(`contracts/${file}`)) as { mode?: unknown }).mode === "candidate") continue;
  const policy = file.split(".v")[0] ?? "";
  const known = latest.get(policy);
  if (known === undefined || versionOf(file) > versionOf(known)) latest.set(policy, file);
}

/** Every contract opens with these three. */
const HEAD = ["policy", "version", "mode"];

/** Field and default of each row of the table that follows the contract's name; dispatch has a list among the orchestrator's. */
function figuresOf(file: string): [string, string][] {
  if (file.startsWith("dispatch.")) {
    const items = read("docs/orchestrator.md").matchAll(/^- `(?!mode)(\w+): ([^`]+)`:/gm);
    return [...items].map(([, field = "", value = ""]) => [field, value]);
  }
  const [, after = ""] = text.split(`Contract: \`contracts/${file}\``);
  const rows = after.split(/^#/m)[0]?.matchAll(/^\| `(\w+)` \| ([^|]+) \|/gm) ?? [];
  return [...rows].map(([, field = "", value = ""]) => [field, value.trim()]);
}

function shown(value: unknown): string {
  if (!Array.isArray(value)) return String(value);
  return value.length === 0 ? "none" : value.join(", ");
}

describe("what is written of governance", () => {
  it.each([...latest.values()])("has each field of %s, in its order, with the value that is deployed", (file) => {
    const contract = parse(read(`contracts/${file}`)) as Record<string, unknown>;
    const fields = Object.entries(contract).filter(([field]) => !HEAD.includes(field));
    expect(figuresOf(file)).toEqual(fields.map(([field, value]) => [field, shown(value)]));
  });

  it("names no file that is not there", () => {
    const named = [...text.matchAll(/`((?:shared|workers|test|agents|bench|cli)\/[\w./-]+)`/g)].map(([, path = ""]) => path);
    expect(named.length).toBeGreaterThan(20);
    expect(named.filter((path) => !existsSync(new URL(path, ROOT)))).toEqual([]);
  });

  it("names no command that is not there", () => {
    const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
    const named = [...text.matchAll(/npm run ([\w:]+)/g)].map(([, name = ""]) => name);
    expect(named.length).toBeGreaterThan(3);
    expect(named.filter((name) => !Object.hasOwn(scripts, name))).toEqual([]);
  });
});
