/**
 * Where a task lives. A home is the object that holds a task's log; the task id carries what is needed to find it, and a
 * check that binds it to its principal: an id that is made up, or somebody else's, is known as such before any look-up.
 * Pure: randomness is passed in.
 */

import { digest } from "./digest.ts";

/** `own`: an object for each task, for long ones. `shared`: many tasks in one object, for short ones. */
export type Homes = "own" | "shared";

export interface TaskAddress {
  readonly taskId: string;
  /** The object's name. It begins with the principal's key, so principals never share an object. */
  readonly home: string;
}

/** Messages without a context spread over this many objects of their principal. */
const SHARDS = 8;

/**
 * @param random at least 64 random bits, as text; the key takes its place where there is one, so that a repeated
 * request finds the task that the first one made
 */
export function placeTask(
  owner: string,
  homes: Homes,
  { contextId, key, random }: { contextId?: string | undefined; key?: string | undefined; random: string },
): TaskAddress {
  const unique = key === undefined ? random : `${digest(`${owner} ${key}`, 1)}${digest(`${owner} ${key}`, 2)}`;
  if (homes === "own") return address(owner, "o", unique);
  // The key before the context: the same key must lead to the same home, whatever else the request says.
  if (contextId !== undefined && key === undefined) return address(owner, `c${digest(contextId, 0)}`, unique);
  return address(owner, `s${Number.parseInt(digest(unique, 3), 36) % SHARDS}`, unique);
}

/** The home of a task of this owner, or undefined when the id can be none of theirs. */
export function findTask(owner: string, taskId: string): TaskAddress | undefined {
  const [place, unique, check, ...rest] = taskId.split("-");
  if (!place || !unique || !check || rest.length > 0) return undefined;
  const found = address(owner, place, unique);
  return found.taskId === taskId ? found : undefined;
}

function address(owner: string, place: string, unique: string): TaskAddress {
  const check = digest(`${owner} ${place} ${unique}`, 4).slice(0, 6);
  return { taskId: `${place}-${unique}-${check}`, home: place === "o" ? `${owner}:o-${unique}` : `${owner}:${place}` };
}
