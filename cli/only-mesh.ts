/**
 * That no two meshes of this folder run at once, which would open the same databases. One that is just ending, or was killed, is
 * waited for.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { runningMesh } from "./mesh-file.ts";
import { shown, stateFolder } from "./project.ts";
import { CommandError, terminal } from "./terminal.ts";

/** As long as a mesh that was told to end, or killed, may take to be gone. Milliseconds. */
const DYING_MS = 6_000;

/**
 * @param signal gives up waiting
 * @param apart the agent that runs by itself there, where it is no mesh
 * @throws CommandError where there is another one that stays
 */
export async function onlyMesh(root: string, signal: AbortSignal, apart?: string): Promise<void> {
  const what = apart ?? "the mesh of this folder";
  const until = Date.now() + DYING_MS;
  let told = false;
  for (;;) {
    const other = runningMesh(root);
    // In a container that was begun anew, the number of the one before may be our own.
    if (!other || other.pid === process.pid) return;
    const { url, pid } = other;
    if (await answers(url))
      throw new CommandError(
        apart === undefined
          ? `a mesh of this folder already runs at ${url} (process ${pid}). Use it, or stop it first, or add --fresh for one with its own state`
          : `${apart} is served already, at ${url} (process ${pid}). Use it, or stop it first`,
      );
    if (signal.aborted) throw new CommandError("stopped before the mesh was up");
    if (Date.now() > until)
      throw new CommandError(
        `process ${pid} has ${what}, and does not answer at ${url}: wait until it is up, or stop it; if that is not yours, remove ${shown(stateFolder(root))}/mesh.json`,
      );
    if (!told) terminal.note(`Waiting for ${what} that ends (process ${pid}) …`);
    told = true;
    await sleep(100);
  }
}

/** Whether a front door serves its card there. */
export async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/.well-known/agent-card.json`, { signal: AbortSignal.timeout(5_000) });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}
