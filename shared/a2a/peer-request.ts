/**
 * One request to another agent, through its service binding, or to its own address where it was published to this mesh; and
 * whatever comes back: anything, or nothing. Knows no operation's parameters; repeats nothing.
 */
import { withOrigin } from "../auth/mesh-origin.ts";
import { withPrincipal } from "../auth/mesh-principal.ts";
import type { OutboundCall, OutboundOptions } from "../host/calls.ts";
import { HITL_EXTENSION } from "../task/hitl-extension.ts";
import { NotReached, requestOutside } from "./outside-request.ts";
import { agentBinding } from "./peers.ts";
import { publishedVersion, unreadFor } from "./published.ts";
import { unlessRevoked } from "./revocation.ts";
import { VERSION } from "./version.ts";

/**
 * `lost`: it may have arrived, and what has come back is no answer of the agent's. `unread`: nothing was sent, because the registry did
 * not say where the agent is. `revoked`: the agent's word does not count any
 * more, for this reason, whatever it said.
 */
export type Reply =
  | { readonly body: unknown; readonly lost?: string; readonly revoked?: undefined }
  | {
      readonly unreachable: string;
      readonly lost?: string;
      readonly unread?: true;
      readonly body?: undefined;
      readonly revoked?: undefined;
    }
  | { readonly revoked: string; readonly lost?: undefined; readonly body?: undefined };

/** @returns the answer to a JSON-RPC request; its body is undefined when it is no JSON */
export async function post(env: object, call: OutboundCall, options: OutboundOptions, method: string, params: object): Promise<Reply> {
  const { agent, card } = call;
  if (agentBinding(env, agent)) return exchange(env, call, options, method, params);
  const version = await publishedVersion(env, agent, card && { card });
  if (version === "unread") {
    const why = unreadFor(agent);
    return { unreachable: why, lost: why, unread: true };
  }
  if (!version) return { unreachable: `there is no agent "${agent}" in this mesh` };
  // It may not have been heard of here yet, where somebody else has just published it.
  if (version.endpoint === undefined) return { unreachable: unknown(version), lost: unknown(version) };
  return unlessRevoked(env, call, options.signal, (signal) => exchange(env, call, { ...options, signal }, method, params));
}

/** The same, with an agent that has been revoked: to tell it to stop. */
export async function exchange(
  env: object,
  call: OutboundCall,
  options: OutboundOptions,
  method: string,
  params: object,
): Promise<Exclude<Reply, { revoked: string }>> {
  const { agent } = call;
  try {
    const response = await request(env, call, options, method, params);
    const text = await response.text();
    try {
      return { body: JSON.parse(text) as unknown };
    } catch {
      // Not JSON: told apart from an answer by its shape, or it is what the platform says in place of a Worker that is gone.
      return { body: undefined, ...(response.status >= 500 && { lost: `${agent} is not there: HTTP ${response.status}` }) };
    }
  } catch (error) {
    if (error instanceof NotReached) return { unreachable: error.message };
    // Whoever let it go knows why.
    if (!options.signal.aborted) console.warn(`${agent} could not be reached: ${error}`);
    const unreachable = `${agent} could not be reached`;
    return { unreachable, lost: unreachable };
  }
}

/** @throws Error when the agent is not there, or the connection breaks */
export async function request(
  env: object,
  { agent, card }: OutboundCall,
  { key, principal, by, signal, traceparent, origin }: OutboundOptions,
  method: string,
  params: object,
  more: Readonly<Record<string, string>> = {},
): Promise<Response> {
  const binding = agentBinding(env, agent);
  if (!binding) {
    const version = await publishedVersion(env, agent, card && { card });
    if (version === "unread") throw new Error(unreadFor(agent));
    if (!version) throw new Error(`there is no agent "${agent}" in this mesh`);
    if (version.endpoint === undefined) throw new NotReached(unknown(version));
    return requestOutside(env, { name: agent, endpoint: version.endpoint }, { key, method, params, signal, headers: more });
  }
  const headers = withPrincipal(
    new Headers({
      "Content-Type": "application/json",
      "A2A-Version": VERSION,
      // What it asks is passed up: with ids, an answer finds its way back to exactly that question.
      "A2A-Extensions": HITL_EXTENSION,
      "Idempotency-Key": key,
      ...more,
    }),
    principal,
    { by },
  );
  if (traceparent !== undefined) headers.set("traceparent", traceparent);
  if (origin !== undefined) withOrigin(headers, origin);
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
  return binding.fetch(`https://${agent}.mesh/`, { method: "POST", headers, body, signal });
}

/** A call is not sent on to another version than the one it began with. */
function unknown({ name, version }: { readonly name: string; readonly version: string }): string {
  return `version ${version} of ${name}, which the call began with, is not known to this mesh any more`;
}
