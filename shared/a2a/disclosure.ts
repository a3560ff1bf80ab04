/**
 * What an agent that was published to this mesh gets to know of a call: what it is asked, and a key that tells this call from others.
 * Not for which task or whom it is made, what else that task is about, or under which limits. Agents of the mesh get all of it.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import type { OutboundCall, OutboundOptions } from "../host/calls.ts";
import { agentBinding } from "./peers.ts";

export interface Disclosed {
  readonly call: OutboundCall;
  readonly options: OutboundOptions;
  readonly isOutside: boolean;
}

export function disclosed(env: object, call: OutboundCall, options: OutboundOptions): Disclosed {
  if (agentBinding(env, call.agent)) return { call, options, isOutside: false };
  const { metadata: _, ...asked } = call;
  const { principal, signal, sentAt, mayCopy } = options;
  // Made of the task's id, by which two agents could tell that they work for the same task.
  const key = bytesToHex(sha256(utf8ToBytes(options.key)));
  return { call: asked, options: { key, principal, signal, sentAt, mayCopy }, isOutside: true };
}
