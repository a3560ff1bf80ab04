/**
 * Where a callee that takes long can say that something has happened: an address of the waiting task, with a token of which only
 * the digest is kept. What is said there is never believed; the task only asks sooner.
 */

import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, randomBytes } from "@noble/hashes/utils.js";
import { principalKey } from "../../auth/principal.ts";
import { isObject } from "../../task/a2a-types.ts";
import type { CallingRun } from "../calls.ts";
import type { LiveTask } from "../live-task.ts";
import type { Errand } from "./waiting.ts";

const MEMO = "callback:";
const TOKEN_BYTES = 32;

/** Once for each call, where the callee can be told and the mesh can be reached from outside. */
export async function leaveAddress<Env>(run: CallingRun<Env>, { name, call, options, signal }: Errand, taskId: string): Promise<void> {
  const { task, outbound, env, governor } = run;
  const { origin, principal } = task.head;
  const { notifies } = await outbound.manners(env, call);
  if (!notifies || origin === undefined || !governor || run.known(MEMO + name) !== undefined) return;
  const token = bytesToHex(randomBytes(TOKEN_BYTES));
  const owner = encodeURIComponent(principalKey(principal));
  const url = `${origin}/agents/${governor.governance.agent}/callbacks/${task.id}?owner=${owner}`;
  // Left first, and remembered then: a crash in between leaves another one in its place.
  if (await outbound.notify(env, call, taskId, { url, token }, { ...options, signal }))
    run.remember(MEMO + name, { sha256: hashOf(token) });
}

/** @returns whether the token was left with a callee of this task */
export function isLeftBy(task: LiveTask, token: string): boolean {
  const hash = hashOf(token);
  const kept = Object.entries(task.head.memo).filter(([name]) => name.startsWith(MEMO));
  return kept.map(([, seq]) => isEqual(hash, hashAt(task, seq))).includes(true);
}

function hashAt(task: LiveTask, seq: number): string {
  const event = task.read(seq, seq)[0]?.event;
  const hash = event?.type === "memo" && isObject(event.value) ? event.value["sha256"] : undefined;
  return typeof hash === "string" ? hash : "";
}

function hashOf(token: string): string {
  return bytesToHex(sha256(new TextEncoder().encode(token)));
}

/** In the same time wherever they differ. */
function isEqual(one: string, other: string): boolean {
  let difference = one.length ^ other.length;
  for (let index = 0; index < one.length; index++) difference |= one.charCodeAt(index) ^ other.charCodeAt(index);
  return difference === 0;
}
