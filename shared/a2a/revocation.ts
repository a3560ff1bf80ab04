/**
 * Waiting for a published agent ends when the agent is revoked meanwhile: whoever waits is told why, within seconds. Bound agents are
 * never revoked, and are waited for without a look at anything.
 */
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
  agent: string,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T | Revoked> {
  const already = await revokedNow(env, agent);
  if (already) return already;
  const ending = new AbortController();
  let revoked: Revoked | undefined;
  const look = async () => {
    revoked ??= await revokedNow(env, agent);
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

async function revokedNow(env: object, agent: string): Promise<Revoked | undefined> {
  const entry = await published(env, agent, LOOK_MS);
  const why = entry?.status === "revoked" ? whyNotCalled(entry) : undefined;
  return why === undefined ? undefined : { revoked: why };
}
