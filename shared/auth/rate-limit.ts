/**
 * How often one caller may call, counted by the platform's rate limiting binding where callers come in from outside.
 * Callers are counted by who they are, refused ones by where they come from. Without the binding nobody is counted.
 */
import { type Principal, principalKey } from "./principal.ts";

export interface RateLimitEnv {
  /** `[[ratelimits]]` in wrangler.toml; its `period` is RATE_PERIOD_SECONDS. */
  readonly RATE_LIMIT?: { limit(options: { key: string }): Promise<{ success: boolean }> };
}

/** The binding does not say when it will let a caller in again; after one period it does. A test holds every config to it. */
export const RATE_PERIOD_SECONDS = 60;

/** @returns false for a caller that has called too often */
export function isWithinRate(env: RateLimitEnv, principal: Principal): Promise<boolean> {
  return count(env, `caller ${principalKey(principal)}`);
}

/**
 * Who fails again and again is told to stop. Asked once the credentials have been looked at, and apart from callers that are
 * let in: good ones are never refused for what others behind the same address send, so this spares no work.
 */
export function mayFailAgain(env: RateLimitEnv, request: Request): Promise<boolean> {
  return count(env, `refused ${request.headers.get("CF-Connecting-IP") ?? "unknown"}`);
}

async function count({ RATE_LIMIT }: RateLimitEnv, key: string): Promise<boolean> {
  if (RATE_LIMIT === undefined) return true;
  try {
    return (await RATE_LIMIT.limit({ key })).success;
  } catch (error) {
    // Whoever came so far is known: counting is no part of letting in.
    console.warn("the rate limit could not be asked", error);
    return true;
  }
}
