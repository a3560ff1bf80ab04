/** Page tokens of ListTasks: opaque to callers, a place in the order of the list to us. */
import { RequestError } from "./errors.ts";

export interface Cursor {
  readonly at: number;
  readonly id: string;
}

export function encodePageToken({ at, id }: Cursor): string {
  return btoa(`${at} ${id}`).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** @throws RequestError `invalid-params` when it is no token of ours */
export function decodePageToken(token: string | undefined): Cursor | undefined {
  if (!token) return undefined;
  const match = /^(\d{1,15}) ([\w-]{1,100})$/.exec(decode(token));
  if (!match?.[1] || !match[2]) {
    throw new RequestError("invalid-params", "pageToken is not one that this agent gave", [
      { field: "pageToken", description: "must be the nextPageToken of a former page, or absent for the first" },
    ]);
  }
  return { at: Number(match[1]), id: match[2] };
}

function decode(token: string): string {
  try {
    return atob(token.replaceAll("-", "+").replaceAll("_", "/"));
  } catch {
    // Not base64, so not ours; the caller is told below.
    return "";
  }
}
