/**
 * Which version of its callee a call began with, as the task's log has it: whatever follows of the call goes there, in this run and in
 * later ones, as far as it was published: others change with the mesh itself. Decides nothing.
 */
import type { Which } from "../../registry/chosen-version.ts";
import { callOf } from "../../task/account.ts";
import type { CalledCard } from "../../task/event.ts";
import type { LiveTask } from "../live-task.ts";
import type { Peer } from "./peer.ts";

/** @param name of the call in its task, or of an answer to its callee @returns undefined also where it was not sent yet */
export function cardInLog(task: LiveTask, name: string): CalledCard | undefined {
  const seq = task.head.delegating[callOf(name)];
  const event = seq === undefined ? undefined : task.read(seq, seq)[0]?.event;
  return event?.type === "delegating" ? event.card : undefined;
}

/** @returns undefined for one that went out before there were several versions: it goes where calls go */
export function whichFor(task: LiveTask, name: string, skill: string): Which | undefined {
  // Made of what its key is made of, which is the same in every run.
  if (task.head.delegating[name] === undefined) return { skill, lot: `${task.id}/${name}` };
  const card = cardInLog(task, name);
  return card && { card };
}

/** What the log is to say of a call to this agent. */
export function cardOf(peer: Peer | undefined): CalledCard | undefined {
  if (!peer) return undefined;
  const { version, digest, candidate } = peer;
  return { version, ...(digest !== undefined && { digest }), ...(candidate && { candidate }) };
}
