/**
 * Who operates, and on whose task: what every path below `/operate` asks first, and every path that lets an operator read another's
 * task. An operator acts within their tenant; a task that is not there and one of another tenant are answered alike.
 */
import { ownerKey, ownerName } from "../auth/owner.ts";
import { type Principal, principalKey, type Scope } from "../auth/principal.ts";
import type { TaskHomeApi } from "../host/api.ts";
import { findTask } from "../task/home.ts";
import { RequestError, refusalToError } from "./errors.ts";
import type { CallContext, HandlerEnv } from "./handler.ts";
import { acting } from "./operations.ts";

/** Gives who is calling when they have one of the scopes, or throws what the caller is told. */
export type Identify<Env> = (request: Request, env: Env, anyOf: readonly [Scope, ...Scope[]]) => Promise<CallContext>;

export interface OperatedTask {
  readonly operator: Principal;
  /** Whose task it is: `app/subject`. */
  readonly owner: string;
  /** The same as a key for storage. */
  readonly ownerKey: string;
  readonly taskId: string;
  readonly home: TaskHomeApi;
}

/**
 * @param tenant as the path names it
 * @param owner `app/subject`; absent for the operator's own tasks
 * @throws RequestError `permission-denied` for another tenant, `task-not-found` for what can be no task of the owner's
 */
export function operatedTask(
  context: CallContext,
  env: HandlerEnv,
  { tenant, taskId, owner }: { tenant: string | undefined; taskId: string; owner: string | undefined },
): OperatedTask {
  const { principal: operator } = acting(context, tenant);
  const key = ownerKey(operator, owner);
  if (key === undefined)
    throw new RequestError("invalid-params", "owner names nobody", [
      { field: "owner", description: "must be <app>/<subject>, each percent-encoded, as the inbox shows it" },
    ]);
  const whose = owner ?? ownerName(operator);
  const address = findTask(key, taskId);
  if (!address) throw noTask(taskId, whose);
  return { operator, owner: whose, ownerKey: key, taskId, home: env.TASK_HOME.getByName(address.home) as unknown as TaskHomeApi };
}

/**
 * A task to read: the caller's own, for the scope `call`; or, where the request says whose, another's, for the scope `operate`.
 * @throws RequestError as `identify` and `operatedTask` do
 */
export async function readableTask<Env extends HandlerEnv>(
  request: Request,
  env: Env,
  identify: Identify<Env>,
  named: { tenant: string | undefined; taskId: string; owner: string | undefined },
): Promise<Pick<OperatedTask, "taskId" | "home">> {
  const { taskId, tenant, owner } = named;
  if (owner !== undefined) return operatedTask(await identify(request, env, ["operate"]), env, named);
  const { principal } = acting(await identify(request, env, ["call"]), tenant);
  const address = findTask(principalKey(principal), taskId);
  if (!address) throw refusalToError({ code: "not-found" }, taskId);
  return { taskId, home: env.TASK_HOME.getByName(address.home) as unknown as TaskHomeApi };
}

export function noTask(taskId: string, owner: string): RequestError {
  const shown = taskId.slice(0, 100).toWellFormed();
  const message = `there is no task "${shown}" of ${owner.slice(0, 300)} here: ask the agent whose task it is, and say whose it is as <app>/<subject>; the inbox shows both of a task that waits`;
  return new RequestError("task-not-found", message, [], { metadata: { taskId: shown } });
}
