/**
 * Asks a mesh of ours for what is no part of A2A: the paths below `/governance` and `/operate`. Whatever goes wrong comes out as one
 * line that says what to do.
 */
import { type Credentials, fetchAs } from "./credentials.ts";
import { CommandError } from "./terminal.ts";

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
  if (typeof said === "string") throw new CommandError(`${root} says: ${said}`);
  throw notOurs(base, response);
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
