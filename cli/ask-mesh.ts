/**
 * Asks a mesh of ours for what is no part of A2A: the paths below `/governance` and `/operate`. Whatever goes wrong comes out as one
 * line that says what to do.
 */
import { type Credentials, fetchAs } from "./credentials.ts";
import { CommandError } from "./terminal.ts";

/** What a mesh answered that is an error. */
class MeshRefusal extends CommandError {
  readonly status: number;

  constructor(message: string, status: number) {
    super(message);
    this.status = status;
  }
}

/**
 * @param base address of the front door, or of an agent
 * @param path below it, without a slash in front
 * @param body is posted, where there is one
 * @throws CommandError in one line
 */
export async function askMesh(base: string, path: string, credentials: Credentials | undefined, body?: object): Promise<unknown> {
  const init = body && { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  const response = await fetchMesh(base, path, credentials, init);
  const answer: unknown = await response.json().catch(() => undefined);
  if (answer === undefined) throw notOurs(base, response);
  return answer;
}

/**
 * The same for what is no JSON.
 * @throws CommandError in one line, also for an answer that is an error
 */
export async function fetchMesh(
  base: string,
  path: string,
  credentials: Credentials | undefined,
  init: RequestInit = {},
): Promise<Response> {
  const root = base.replace(/\/+$/, "");
  if (!URL.canParse(root)) throw new CommandError(`"${base}" is no address: give one such as http://127.0.0.1:8787`);
  const response = await answered(root, () => fetchAs(credentials, root)(`${root}/${path}`, init));
  if (response.ok) return response;
  const answer: unknown = await response.json().catch(() => undefined);
  const said = (answer as { error?: { message?: unknown } } | undefined)?.error?.message;
  if (typeof said === "string") throw new MeshRefusal(`${root} says: ${said}`, response.status);
  throw notOurs(base, response);
}

/** The query that says whose task is meant; empty for one's own. @param owner `<app>/<subject>` */
export function ownedBy(owner: string | undefined): string {
  return owner === undefined ? "" : `?${new URLSearchParams({ owner })}`;
}

/**
 * Where a task was looked for in the wrong place, says so in the options of the command.
 * @param where whose it was said to be, and the option that names its agent
 */
export async function findingTask<T>(
  id: string,
  { owner, agentOption = "--agent" }: { owner: string | undefined; agentOption?: string },
  ask: () => Promise<T>,
): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof MeshRefusal) || error.status !== 404) throw error;
    const whose = owner === undefined ? "of yours" : `of ${owner}`;
    throw new CommandError(
      `there is no task ${id} ${whose} at this agent: name the agent whose task it is with ${agentOption} <name>, and whose it is with --owner <app>/<subject>`,
    );
  }
}

function notOurs(base: string, { status }: Response): CommandError {
  return new CommandError(`${base} has no answer to this (${status}): is it a mesh of ours, and the right address?`);
}

async function answered(root: string, ask: () => Promise<Response>): Promise<Response> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof CommandError) throw error;
    throw new CommandError(`nobody answers at ${root}: start the mesh with npm run dev, or name another address with --url`);
  }
}
