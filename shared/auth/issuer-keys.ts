/**
 * An issuer's public keys: fetched when they are needed, kept for a while, fetched again for a key not seen before, and
 * used on when the issuer cannot be reached. One object serves many requests of an isolate, and no request ever awaits what
 * another one began: the runtime forbids it, and whoever began it may be gone. So requests leave results here, not promises.
 */
import { createLocalJWKSet, errors, type FlattenedJWSInput, type JSONWebKeySet, type JWTHeaderParameters } from "jose";
import { type Issuer, isSafe } from "./configuration.ts";

/** How long keys count as current: as long may one that the issuer took back still be believed. Milliseconds. */
const FRESH_MS = 10 * 60_000;
/** How long they are used while the issuer cannot be reached. Milliseconds. */
const STALE_MS = 24 * 60 * 60_000;
/** Between two attempts, so that invented key ids cannot turn the mesh against the issuer. Milliseconds. */
const COOLDOWN_MS = 30_000;
/** For discovery and keys together. Milliseconds. */
const TIMEOUT_MS = 5_000;
/** How often a request looks whether another one has brought the keys. Milliseconds. */
const POLL_MS = 10;
const LARGEST_BYTES = 256 * 1024;

type KeySet = ReturnType<typeof createLocalJWKSet>;

/** The issuer could not be asked, so nobody knows whether the token is good. */
export class IssuerUnavailable extends Error {
  readonly retryAfterSeconds: number;

  constructor(message: string, retryAfterSeconds: number) {
    super(message);
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** What tests replace. */
export interface World {
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

const WORLD: World = { fetch: (url, init) => fetch(url, init), now: () => Date.now() };

export class IssuerKeys {
  readonly #issuer: Issuer;
  readonly #world: World;
  #keys: KeySet | undefined;
  #fetchedAt = Number.NEGATIVE_INFINITY;
  #triedAt = Number.NEGATIVE_INFINITY;
  #failed = false;
  /** Until when the request that fetches may take; 0 when none does. It is a lease, because a request may be cut off. */
  #busyUntil = 0;

  constructor(issuer: Issuer, world: World = WORLD) {
    this.#issuer = issuer;
    this.#world = world;
  }

  /**
   * The key that signed a token, as jose asks for it.
   * @throws IssuerUnavailable, or jose's JWKSNoMatchingKey and JWKSMultipleMatchingKeys
   */
  async find(header: JWTHeaderParameters, token: FlattenedJWSInput): Promise<CryptoKey> {
    // Old keys are better than a wait, as long as somebody else fetches new ones.
    const others = this.#world.now() < this.#busyUntil && this.#isWithin(STALE_MS);
    if (!this.#isWithin(FRESH_MS) && !others) await this.#refresh();
    const keys = this.#usable();
    try {
      return await keys(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
    }
    await this.#refresh();
    // The issuer may have begun to use the key just now: as long as it is silent nobody can say that the key is not its own.
    if (this.#failed) throw this.#unavailable();
    return await this.#usable()(header, token);
  }

  #usable(): KeySet {
    if (this.#keys === undefined || !this.#isWithin(STALE_MS)) throw this.#unavailable();
    return this.#keys;
  }

  #isWithin(ms: number): boolean {
    return this.#world.now() - this.#fetchedAt < ms;
  }

  #unavailable(): IssuerUnavailable {
    const left = Math.max(1, Math.ceil((this.#triedAt + COOLDOWN_MS - this.#world.now()) / 1000));
    return new IssuerUnavailable(`the keys of ${this.#issuer.issuer} cannot be fetched at the moment: try again in ${left} s`, left);
  }

  /** Fetches, or waits for the request that does, or does nothing because it was tried a moment ago. Never throws. */
  async #refresh(): Promise<void> {
    const { now } = this.#world;
    while (now() < this.#busyUntil) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    // Brought or failed, it was tried. Only a request that was cut off leaves nothing behind, and then this one fetches.
    if (now() - this.#triedAt < COOLDOWN_MS) return;
    this.#busyUntil = now() + TIMEOUT_MS;
    try {
      this.#keys = await this.#fetchKeys();
      this.#fetchedAt = now();
      this.#failed = false;
    } catch (error) {
      this.#failed = true;
      console.warn(`the keys of the issuer ${this.#issuer.issuer} could not be fetched: ${reasonOf(error)}`);
    }
    this.#triedAt = now();
    this.#busyUntil = 0;
  }

  async #fetchKeys(): Promise<KeySet> {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const jwksUri = this.#issuer.jwksUri ?? (await this.#discover(signal));
    const set = (await this.#read(jwksUri, signal)) as JSONWebKeySet;
    const keys = createLocalJWKSet(set);
    // Imported before anybody else sees them: jose shares the promise of an import that is under way.
    for (const { kid, kty } of set.keys)
      for (const alg of this.#issuer.algorithms)
        await keys({ alg, ...(kid !== undefined && { kid }) }, {} as FlattenedJWSInput).catch((error: unknown) => {
          if (!(error instanceof errors.JOSEError))
            console.warn(`a ${kty} key of ${this.#issuer.issuer} is of no use for ${alg}: ${reasonOf(error)}`);
        });
    return keys;
  }

  /** Where the keys are. Only a document that is about this very issuer may say so. (OpenID Connect Discovery 1.0, 4.3) */
  async #discover(signal: AbortSignal): Promise<string> {
    const document = await this.#read(discoveryUrl(this.#issuer.issuer), signal);
    const { issuer, jwks_uri: jwksUri } = (document ?? {}) as { issuer?: unknown; jwks_uri?: unknown };
    if (issuer !== this.#issuer.issuer) throw new Error("its discovery document is about another issuer");
    if (typeof jwksUri !== "string" || !isSafe(jwksUri, { query: true })) throw new Error("its discovery document has no https jwks_uri");
    return jwksUri;
  }

  async #read(url: string, signal: AbortSignal): Promise<unknown> {
    // A redirect would let whoever controls one page choose the keys.
    const response = await this.#world.fetch(url, { redirect: "manual", signal, headers: { Accept: "application/json" } });
    if (response.status !== 200) {
      discard(response.body);
      throw new Error(`${url} answers ${response.status}`);
    }
    return JSON.parse(await textOf(response, url)) as unknown;
  }
}

/** (OpenID Connect Discovery 1.0, 4.1) */
export function discoveryUrl(issuer: string): string {
  return `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
}

async function textOf(response: Response, url: string): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for (const reader = response.body?.getReader(); reader; ) {
    const { done, value } = await reader.read();
    if (done) break;
    bytes += value.byteLength;
    if (bytes > LARGEST_BYTES) {
      discard(reader);
      throw new Error(`${url} answers with more than ${LARGEST_BYTES} bytes`);
    }
    text += decoder.decode(value, { stream: true });
  }
  return text + decoder.decode();
}

/** Nobody waits for it: a sender that does not want to stop is no reason to stop here. */
function discard(body: { cancel(): Promise<void> } | null): void {
  body?.cancel().catch(() => {});
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : "unknown";
}
