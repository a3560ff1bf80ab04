/**
 * Waiting for a published agent ends when the version that is waited for is revoked meanwhile: whoever waits is told why, within
 * seconds. What is revoked of its other versions ends nothing here, nor does anything less. Bound agents are never revoked, and are
 * waited for without a look at anything.
 */
import type { Callee } from "../host/calls.ts";
import { chosenVersion } from "../registry/chosen-version.ts";
import { published, whyNotCalled } from "./published.ts";

/** Between two looks, and how old what they see may be. Milliseconds. */
const LOOK_MS = 1_000;

/** As a sentence: who, by whom and why. */
export interface Revoked {
  readonly revoked: string;
}

/**
 * @param work gets a signal that is aborted with the given one, and when the agent is revoked
 * @throws whatever the work throws of itself
 */
export async function unlessRevoked<T>(
  env: object,
  callee: Callee,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T | Revoked> {
  const already = await revokedNow(env, callee);
  if (already) return already;
  const ending = new AbortController();
  let revoked: Revoked | undefined;
  const look = async () => {
    revoked ??= await revokedNow(env, callee);
    if (revoked) ending.abort(new DOMException(revoked.revoked, "AbortError"));
  };
  const timer = setInterval(() => void look(), LOOK_MS);
  try {
    const done = await work(AbortSignal.any([signal, ending.signal]));
    // What came in spite of it is the word of an agent that is not believed any more.
    return revoked ?? done;
  } catch (error) {
    if (revoked) return revoked;
    throw error;
  } finally {
    clearInterval(timer);
  }
}

/** @returns undefined as long as its word counts */
export async function revokedNow(env: object, { agent, card }: Callee): Promise<Revoked | undefined> {
  const entry = await published(env, agent, LOOK_MS);
  const version = entry && chosenVersion(entry, card && { card });
  if (version?.status !== "revoked") return undefined;
  const isAll = entry?.status === "revoked";
  const why = whyNotCalled({ ...version, name: isAll ? agent : `version ${version.version} of ${agent}` });
  return why === undefined ? undefined : { revoked: why };
}
