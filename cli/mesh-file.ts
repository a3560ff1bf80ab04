/**
 * `.skein/mesh.json`: which mesh of this folder is running and where, so that `npm run call` finds it and a second one
 * does not open the same databases. A file of a process that is gone counts as absent.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isAlive } from "./lifetime.ts";
import { stateFolder } from "./project.ts";

export interface RunningMesh {
  readonly pid: number;
  readonly url: string;
}

export function runningMesh(root: string): RunningMesh | undefined {
  try {
    const { pid, url } = JSON.parse(readFileSync(file(root), "utf8"));
    return typeof pid === "number" && typeof url === "string" && isAlive(pid) ? { pid, url } : undefined;
  } catch {
    return undefined;
  }
}

export function noteRunning(root: string, mesh: RunningMesh): void {
  mkdirSync(stateFolder(root), { recursive: true });
  writeFileSync(file(root), `${JSON.stringify(mesh)}\n`);
}

export function noteStopped(root: string): void {
  if (runningMesh(root)?.pid === process.pid) rmSync(file(root), { force: true });
}

function file(root: string): string {
  return join(stateFolder(root), "mesh.json");
}
