/**
 * Where an agent is that somebody names: behind the front door, where it is one of the mesh's own, else at its own address, as the
 * mesh's registry has it. Who is calling is told to the mesh only: what is at an agent's own address is somebody else's.
 */
import { calledVersion } from "../shared/registry/standing.ts";
import { addressOf } from "./address.ts";
import { askMesh } from "./ask-mesh.ts";
import type { Credentials } from "./credentials.ts";
import { versionsAt } from "./registry.ts";
import { CommandError } from "./terminal.ts";

export interface Whereabouts {
  readonly url: string;
  readonly credentials: Credentials | undefined;
  /** Its own address, when it is none of the mesh's own. */
  readonly apart?: string;
}

/** @throws CommandError when no such agent may be called, with why */
export async function whereaboutsOf(
  url: string | undefined,
  agent: string | undefined,
  credentials: Credentials | undefined,
): Promise<Whereabouts> {
  const address = addressOf(url, agent);
  if (agent === undefined) return { url: address, credentials };
  const mesh = addressOf(undefined, undefined);
  const { agents } = (await askMesh(mesh, "agents", credentials)) as { agents: readonly { name: string }[] };
  if (agents.some(({ name }) => name === agent)) return { url: address, credentials };
  const entry = calledVersion((await versionsAt({ mesh, credentials }, agent)) ?? []);
  if (!entry) throw new CommandError(unknown(agent, agents));
  const { status, reason = "no reason was given" } = entry;
  if (status === "listed" || status === "deprecated") return { url: entry.url, credentials: undefined, apart: entry.url };
  throw new CommandError(`${agent} is not called any more, because it is ${status}: ${reason}`);
}

function unknown(agent: string, own: readonly { name: string }[]): string {
  return `there is no agent "${agent}": the mesh has ${own.map(({ name }) => name).join(", ")}, and npm run agents shows what is published`;
}
