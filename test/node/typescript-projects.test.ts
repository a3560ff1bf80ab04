/** Each file is compiled once, for the place it runs in: one that is in no project would be checked by nobody. */
import { execFileSync } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const REPOSITORY = fileURLToPath(new URL("../..", import.meta.url));
const TSC = join(REPOSITORY, "node_modules/typescript/bin/tsc");
/** Installed, or built. */
const NOT_OURS = ["**/node_modules", "**/.*"];

/** Those that `npm run check` compiles. */
function projects(): string[] {
  const { scripts } = JSON.parse(readFileSync(join(REPOSITORY, "package.json"), "utf8")) as { scripts: Record<string, string> };
  return [...(scripts["check:types"] ?? "").matchAll(/tsc -p (\S+)/g)].map(([, project = ""]) => project);
}

function filesOf(project: string): string[] {
  const shown = execFileSync(process.execPath, [TSC, "-p", project, "--showConfig"], { cwd: REPOSITORY, encoding: "utf8" });
  const { files } = JSON.parse(shown) as { files: string[] };
  return files.map((file) => join(dirname(project), file));
}

it("is in exactly one TypeScript project; declarations may be in several", () => {
  const compiled = projects()
    .flatMap(filesOf)
    .filter((file) => !file.endsWith(".d.ts"));
  const written = globSync("**/*.ts", { cwd: REPOSITORY, exclude: NOT_OURS }).filter((file) => !file.endsWith(".d.ts"));
  expect(written).toContain(relative(REPOSITORY, fileURLToPath(import.meta.url)));
  expect(compiled.toSorted()).toEqual(written.toSorted());
});
