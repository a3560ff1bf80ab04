/**
 * What a Worker needs for governance. All of it may be missing: a Worker alone (a test, a benchmark) keeps to its tasks' own
 * limits, has measured nobody, and begins no chains.
 */
import type { ScoreboardApi } from "./api.ts";

export interface GovernanceEnv {
  /** Names one object for each tenant. */
  BUDGET?: DurableObjectNamespace;
  SCOREBOARD?: ScoreboardApi;
  /** A private Ed25519 key, as a JWK: signs the envelopes of chains that begin here. A secret. */
  SKEIN_CHAIN_KEY?: string;
  /** Public keys of others whose envelopes are taken, as a JSON Web Key Set. */
  SKEIN_CHAIN_KEYS?: string;
}
