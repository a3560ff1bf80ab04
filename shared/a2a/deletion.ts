/**
 * Deletes a task for whoever may, and then the tasks that were made for it at the other agents of this mesh, in the name of its
 * own principal. A2A has no such operation: `DELETE /tasks/{id}` is of the HTTP+JSON binding alone. What an agent does not delete
 * when it is asked stays with it until its own time is over, and is named in the answer.
 */
import { withPrincipal } from "../auth/mesh-principal.ts";
import type { Principal } from "../auth/principal.ts";
import type { MadeCall, TaskHomeApi } from "../host/api.ts";
import { findTask } from "../task/home.ts";
import { refusalToError } from "./errors.ts";
import type { HandlerEnv } from "./handler.ts";
import { agentBinding } from "./peers.ts";
import { VERSION } from "./version.ts";

/** What a deletion is answered with. */
export interface Deleted {
  /** The task's id. */
  readonly deleted: string;
  /** Tasks at other agents that were made for it. */
  readonly elsewhere: readonly (MadeCall & { readonly outcome: "deleted" | "not-there" | "kept" })[];
}

/** The platform has six connections, and each agent asks others in turn. */
const AT_ONCE = 4;
/** How long an agent may take to delete its part. Milliseconds. */
const ANSWER_MS = 20_000;

/**
 * @param owner key of the task's principal
 * @param root the task that began the chain and is deleted, where this is a part of that
 * @throws RequestError when the task is not there, has not ended, or may still be asked for by the agent that gave it
 */
export async function deleteTask(owner: string, taskId: string, env: HandlerEnv, root?: string): Promise<Deleted> {
  const address = findTask(owner, taskId);
  if (!address) throw refusalToError({ code: "not-found" }, taskId);
  const reply = await (env.TASK_HOME.getByName(address.home) as unknown as TaskHomeApi).delete(taskId, root);
  if (!reply.ok) throw refusalToError(reply.refusal, taskId);
  const { calls, ...of } = reply;
  const elsewhere: Deleted["elsewhere"][number][] = [];
  for (let from = 0; from < calls.length; from += AT_ONCE)
    elsewhere.push(
      ...(await Promise.all(calls.slice(from, from + AT_ONCE).map(async (call) => ({ ...call, outcome: await deleteAt(call, of, env) })))),
    );
  return { deleted: taskId, elsewhere };
}

async function deleteAt(
  { agent, taskId }: MadeCall,
  { principal, root }: { principal: Principal; root: string },
  env: object,
): Promise<"deleted" | "not-there" | "kept"> {
  const headers = withPrincipal(new Headers({ "A2A-Version": VERSION }), principal, { deleted: root });
  const signal = AbortSignal.timeout(ANSWER_MS);
  try {
    const url = `https://${agent}.mesh/tasks/${encodeURIComponent(taskId)}`;
    const response = await agentBinding(env, agent)?.fetch(url, { method: "DELETE", headers, signal });
    await response?.body?.cancel();
    return response?.ok ? "deleted" : response?.status === 404 ? "not-there" : "kept";
  } catch (error) {
    console.warn(`${agent} could not be asked to delete task ${taskId}`, error);
    return "kept";
  }
}
