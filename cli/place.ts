/**
 * Finds the file an error is about. A Worker's build names files from the Worker's own folder, without saying which Worker
 * it was: the quoted line tells.
 */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { workerConfigs } from "./project.ts";

/** @param configs of the Workers that were built @returns the path from the root, or the path as it was when no file holds the quoted line there */
export function locate(root: string, path: string, line: number, quoted: string, configs = workerConfigs(root)): string {
  for (const config of configs) {
    const candidate = resolve(root, dirname(config), path);
    if (existsSync(candidate) && lineOf(candidate, line) === quoted.trim()) return relative(root, candidate);
  }
  return existsSync(join(root, path)) ? path : path.replace(/^(\.\.\/)+/, "");
}

function lineOf(file: string, line: number): string | undefined {
  return readFileSync(file, "utf8").split("\n")[line - 1]?.trim();
}
