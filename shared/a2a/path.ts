/**
 * What paths and queries say, in both versions of the HTTP+JSON binding: the task that a path names, and numbers, which are
 * text here. Nothing is refused: what is wrong stays as it is, for the check of the request to name. (A2A 1.0, 11.3 and 11.5)
 */
import type { Context } from "hono";

/** The id in `/tasks/{id}` and `/tasks/{id}:cancel`; undefined for a path without one. */
export function taskIdIn(c: Context): string | undefined {
  return c.req.param("id")?.replace(/:(cancel|subscribe)$/, "");
}

/** What cannot be a number stays text. */
export function wholeNumber(text: string): number | string {
  return /^-?\d{1,15}$/.test(text) ? Number(text) : text;
}
