/**
 * Which goal is pursued, by which run: what a goal's body does goes on in it, whatever it reaches its run by. What a goal may do is
 * decided elsewhere, by the gates of a call.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { under, type Within } from "../task/within.ts";

const pursued = new AsyncLocalStorage<{ readonly run: object; readonly within: Within }>();

/** The goal as it stands under the one that the run pursues just now. */
export function pursuing<T>(run: object, goal: Within, pursue: (goal: Within) => Promise<T>): Promise<T> {
  const within = underPursued(run, goal) ?? goal;
  return pursued.run({ run, within }, () => pursue(within));
}

/** What a call of this run stands under: of this one, because one run may wake another, which then goes on in the first one's turn. */
export function underPursued(run: object, asked: Within | undefined): Within | undefined {
  const goal = pursued.getStore();
  return under(asked, goal?.run === run ? goal.within : undefined);
}
