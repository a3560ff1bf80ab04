/**
 * Asks a mesh of ours for what is no part of A2A: the paths below `/governance` and `/operate`. Whatever goes wrong comes out as one
 * line that says what to do.
 */
import { type Credentials, fetchAs } from "./credentials.ts";
import { CommandError } from "./terminal.ts";

export interface Rule {
  readonly field: string;
  readonly description: string;
}

/** What a mesh answered that is an error. */
export class MeshRefusal extends CommandError {
  readonly status: number;
  /** Of its ErrorInfo, such as `AGENT_NOT_FOUND`; empty where it has none. */
  readonly reason: string;
  /** Fields of the request, and the rules that they break. */
  readonly rules: readonly Rule[];

  constructor(message: string, status: number, { reason = "", rules = [] }: { reason?: string | undefined; rules?: readonly Rule[] } = {}) {
    super(message);
    this.status = status;
    this.reason = reason;
    this.rules = rules;
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
  const { message, details } = (answer as { error?: StatusBody } | undefined)?.error ?? {};
  if (typeof message !== "string") throw notOurs(base, response);
  throw new MeshRefusal(`${root} says: ${message}`, response.status, Array.isArray(details) ? toldIn(details) : {});
}

/** google.rpc.Status, as far as it is read here. */
interface StatusBody {
  readonly message?: unknown;
  readonly details?: unknown;
}

function toldIn(details: readonly { reason?: string; fieldViolations?: readonly Rule[] }[]) {
  return {
    reason: details.find(({ reason }) => reason !== undefined)?.reason,
    rules: details.flatMap((each) => each.fieldViolations ?? []),
  };
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
