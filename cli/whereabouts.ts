/**
 * Where an agent is that somebody names: behind the front door, where it is one of the mesh's own, else at its own address, as the
 * mesh's registry has it. Who is calling is told to the mesh only: what is at an agent's own address is somebody else's.
 */
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
  const [latest, ...older] = (await versionsAt({ mesh, credentials }, agent)) ?? [];
  if (!latest)
    throw new CommandError(
      `there is no agent "${agent}": the mesh has ${agents.map(({ name }) => name).join(", ")}, and npm run agents shows what is published`,
    );
  const called = [latest, ...older].find(({ status }) => status === "listed" || status === "deprecated");
  if (called) return { url: called.url, credentials: undefined, apart: called.url };
  throw new CommandError(`${agent} is not called any more, because it is ${latest.status}: ${latest.reason ?? "no reason was given"}`);
}
