/**
 * The project's Workers, built once for all meshes of a test run: building them is most of what a start costs. A mesh whose sources a
 * test changes builds its own.
 */
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { TestProject } from "vitest/node";
import { buildWorker } from "../../cli/pinned.ts";
import { workerConfigs } from "../../cli/project.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Folder of what was built, as the Workers lie in the project. */
    readonly builtWorkers: string;
  }
}

const REPOSITORY = fileURLToPath(new URL("../..", import.meta.url));
/** Beside a Worker's config. */
const BUILT = "built";

export default async function setup(project: TestProject): Promise<() => void> {
  const folder = mkdtempSync(join(tmpdir(), "skein-built-"));
  await Promise.all(workerConfigs(REPOSITORY).map((config) => buildWorker(REPOSITORY, config, dirname(join(folder, config)))));
  project.provide("builtWorkers", folder);
  return () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}

/** Puts what was built in the place of the sources, for every Worker of a copy. */
export function useBuilt(from: string, root: string): void {
  for (const config of workerConfigs(root)) {
    const into = join(dirname(join(root, config)), BUILT);
    mkdirSync(into);
    for (const file of filesIn(dirname(join(from, config)))) copyFileSync(file, join(into, basename(file)));
    renameSync(join(into, basename(config)), join(root, config));
    writeFileSync(join(root, config), readFileSync(join(root, config), "utf8").replace(/^main = "/m, `main = "${BUILT}/`));
  }
}

/** Where a contract lies that Workers of a copy were built with: each of them has it as a text beside it. */
export function builtContracts(root: string, name: string): string[] {
  return workerConfigs(root).flatMap((config) => {
    const folder = join(dirname(join(root, config)), BUILT);
    return existsSync(folder) ? filesIn(folder).filter((file) => file.endsWith(`-${name}`)) : [];
  });
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => (entry.isFile() ? [join(folder, entry.name)] : []));
}
