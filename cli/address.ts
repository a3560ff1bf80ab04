/**
 * Where a call goes when nobody says more: to the mesh that runs here.
 */
import { runningMesh } from "./mesh-file.ts";
import { readPort } from "./port.ts";
import { DEFAULT_PORT, ROOT } from "./project.ts";
import { UsageError } from "./terminal.ts";

export function addressOf(url: string | undefined, agent: string | undefined): string {
  if (url !== undefined && agent !== undefined) throw new UsageError("--url and --agent both say where: give one of them");
  if (url !== undefined) return url;
  const port = readPort(process.env["PORT"]);
  const mesh = port === undefined ? (runningMesh(ROOT)?.url ?? `http://127.0.0.1:${DEFAULT_PORT}`) : `http://127.0.0.1:${port}`;
  return agent === undefined ? mesh : `${mesh}/agents/${encodeURIComponent(agent)}`;
}

/** What a command we propose must carry to reach this mesh from another terminal: nothing, where it is found by itself. */
export function flagsToReach(mesh: string): string {
  const found = runningMesh(ROOT)?.url ?? `http://127.0.0.1:${DEFAULT_PORT}`;
  return found === mesh ? "" : `--url ${mesh} `;
}

/** What commands that we propose carry. */
export interface Reach {
  /** Those about a task: to reach its agent. */
  readonly agent: string;
  /** Those of its mesh, which find a task by what waits in it. */
  readonly mesh: string;
}

/** @param url and @param agent as they were said to the command that proposes others */
export function reachOf(url: string | undefined, agent: string | undefined): Reach {
  if (url !== undefined) return { agent: `--url ${url} `, mesh: `--url ${url.replace(/\/agents\/[^/]+\/*$/, "")} ` };
  const mesh = flagsToReach(addressOf(undefined, undefined));
  if (agent === undefined) return { agent: mesh, mesh };
  return { agent: mesh === "" ? `--agent ${agent} ` : `--url ${addressOf(undefined, agent)} `, mesh };
}
