import { env } from "cloudflare:workers";
import { exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from "jose";
import { beforeEach, describe, expect, inject, it, vi } from "vitest";
import { hashOf, newKey } from "../../shared/auth/api-key.ts";
import { type AuthEnv, type Authentication, authenticate } from "../../shared/auth/authenticate.ts";
import { checkToken } from "../../shared/auth/bearer.ts";
import type { Issuer } from "../../shared/auth/configuration.ts";
import { IssuerKeys } from "../../shared/auth/issuer-keys.ts";
import { RATE_PERIOD_SECONDS } from "../../shared/auth/rate-limit.ts";
import { securityOf } from "../../shared/auth/security.ts";

// Callers in the runtime they are served by: an issuer over real HTTP, the platform's own rate limit.

declare module "vitest" {
  interface ProvidedContext {
    /** Serves what is PUT there; see test/mesh/documents-server.ts. */
    documentsServer: string;
  }
}

const MINUTE = 60_000;

interface Signer {
  readonly kid: string;
  readonly jwk: JWK;
  sign(claims?: JWTPayload): Promise<string>;
}

let count = 0;
let issuer: string;
let configured: Issuer;

beforeEach(() => {
  count += 1;
  // An issuer of its own for each test: the isolate remembers the keys of each.
  issuer = `${inject("documentsServer")}/${count}-${Date.now()}`;
  configured = { issuer, audience: ["skein"], algorithms: ["ES256"] };
});

async function signer(kid: string): Promise<Signer> {
  const { publicKey, privateKey } = await generateKeyPair("ES256", { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), kid, alg: "ES256" };
  const sign = (claims: JWTPayload = {}) =>
    new SignJWT({ iss: issuer, aud: "skein", sub: "ada", azp: "desk", scope: "call", ...claims })
      .setProtectedHeader({ alg: "ES256", kid })
      .setExpirationTime("1h")
      .sign(privateKey);
  return { kid, jwk, sign };
}

async function publish(...signers: readonly Signer[]): Promise<void> {
  const put = (path: string, document: unknown) => fetch(issuer + path, { method: "PUT", body: JSON.stringify(document) });
  await put("/.well-known/openid-configuration", { issuer, jwks_uri: `${issuer}/keys` });
  await put("/keys", { keys: signers.map(({ jwk }) => jwk) });
}

async function goDown(): Promise<void> {
  for (const path of ["/.well-known/openid-configuration", "/keys"]) await fetch(issuer + path, { method: "DELETE" });
}

async function timesAsked(): Promise<number> {
  return Number((await fetch(`${issuer}/keys`, { method: "HEAD" })).headers.get("Asked"));
}

function limited(more: AuthEnv = {}): AuthEnv {
  const { RATE_LIMIT } = env as unknown as AuthEnv;
  if (RATE_LIMIT === undefined) throw new Error("the tests' wrangler.toml has no RATE_LIMIT");
  return { AUTH_ISSUERS: JSON.stringify([{ issuer, audience: "skein" }]), RATE_LIMIT, ...more };
}

function unlimited(): AuthEnv {
  return { AUTH_ISSUERS: JSON.stringify([{ issuer, audience: "skein" }]) };
}

function ask(headers: Record<string, string>, settings: AuthEnv): Promise<Authentication> {
  return authenticate(new Request("https://skein.example/tasks", { headers }), settings);
}

const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });

describe("in the runtime, a token", () => {
  it("is checked with keys that its issuer publishes", async () => {
    const key = await signer("one");
    await publish(key);
    const principal = { tenant: issuer, app: "desk", subject: `${issuer} ada`, scopes: ["call"] };
    expect(await ask(bearer(await key.sign()), unlimited())).toEqual({ ok: true, principal });
    expect(await ask(bearer(await (await signer("one")).sign()), unlimited())).toMatchObject({ ok: false, status: 401 });
  });

  it("is good for each of many requests that are the first ones, with one fetch for all", async () => {
    const key = await signer("one");
    await publish(key);
    const answers = await Promise.all(Array.from({ length: 30 }, async () => ask(bearer(await key.sign()), unlimited())));
    expect(answers.filter(({ ok }) => ok)).toHaveLength(30);
    expect(await timesAsked()).toBe(1);
  });

  it("of a new key is good as soon as the issuer publishes it", async () => {
    const [old, next] = [await signer("old"), await signer("next")];
    await publish(old);
    let now = Date.now();
    const keys = new IssuerKeys(configured, { fetch: (url, init) => fetch(url, init), now: () => now });
    const check = async (key: Signer) => (await checkToken(await key.sign(), [configured], () => keys, Date.now())).ok;
    expect([await check(old), await check(next)]).toEqual([true, false]);
    await publish(old, next);
    now += MINUTE;
    expect(await Promise.all([check(next), check(old), check(next)])).toEqual([true, true, true]);
    await publish(next);
    now += 10 * MINUTE;
    expect([await check(old), await check(next)]).toEqual([false, true]);
  });

  it("of a known key stays good while the issuer is down, and none is called forged", async () => {
    vi.spyOn(console, "warn").mockReturnValue();
    const [known, unknown] = [await signer("known"), await signer("unknown")];
    await publish(known);
    let now = Date.now();
    const keys = new IssuerKeys(configured, { fetch: (url, init) => fetch(url, init), now: () => now });
    const check = async (key: Signer) => checkToken(await key.sign(), [configured], () => keys, Date.now());
    await check(known);
    await goDown();
    now += 20 * MINUTE;
    expect(await check(known)).toMatchObject({ ok: true });
    expect(await check(unknown)).toMatchObject({ ok: false, reason: "unavailable" });
  });

  it("of an issuer that was never reached is answered with when to try again", async () => {
    vi.spyOn(console, "warn").mockReturnValue();
    const key = await signer("one");
    const answers = await Promise.all(Array.from({ length: 5 }, async () => ask(bearer(await key.sign()), unlimited())));
    for (const answer of answers)
      expect(answer).toMatchObject({ ok: false, status: 503, headers: { "Retry-After": expect.stringMatching(/^(29|30)$/) } });
  });
});

describe("an API key", () => {
  it("names its app, in the one header that the card says", async () => {
    const { id, text, hash } = await newKey();
    expect(hash).toBe(await hashOf(text));
    const settings = { AUTH_API_KEYS: JSON.stringify([{ id, hash, tenant: "acme", app: "bot", scopes: ["call", "approve"] }]) };
    const principal = { tenant: "acme", app: "bot", subject: "bot", scopes: ["call", "approve"] };
    expect(await ask({ "X-API-Key": text }, settings)).toEqual({ ok: true, principal });
    for (const headers of [bearer(text), { "Api-Key": text }, { Cookie: `X-API-Key=${text}` }])
      expect(await ask(headers, settings)).toMatchObject({ ok: false, status: 401 });
    const { securitySchemes, securityRequirements } = securityOf(settings) ?? {};
    expect(securitySchemes).toMatchObject({ apiKey: { apiKeySecurityScheme: { location: "header", name: "X-API-Key" } } });
    expect(securityRequirements).toEqual([{ schemes: { apiKey: { list: ["call"] } } }]);
  });
});

describe("the rate limit", () => {
  const LIMIT = 5;

  it("lets a caller in so often, then says when to come back, and never counts one for another", async () => {
    const key = await signer("one");
    await publish(key);
    const call = async (sub: string) => ask(bearer(await key.sign({ sub })), limited());
    // The period may end in between, which gives a caller as many calls again.
    const answers: Authentication[] = [];
    for (let calls = 0; calls < 2 * LIMIT + 1; calls++) answers.push(await call("busy"));
    const refused = answers.filter((answer) => !answer.ok);
    expect(answers[LIMIT - 1]).toMatchObject({ ok: true });
    expect(refused.length).toBeGreaterThan(0);
    for (const answer of refused) expect(answer).toMatchObject({ status: 429, headers: { "Retry-After": String(RATE_PERIOD_SECONDS) } });
    expect(await call("calm")).toMatchObject({ ok: true });
  });

  it("counts those who fail by their address, and shuts out nobody else of it", async () => {
    const key = await signer("one");
    await publish(key);
    const from = (address: string, headers = {}) => ask({ "CF-Connecting-IP": address, ...headers }, limited());
    const statuses: unknown[] = [];
    for (let calls = 0; calls < 2 * LIMIT + 1; calls++) {
      const answer = await from("192.0.2.1");
      statuses.push(answer.ok ? "in" : answer.status);
    }
    expect(statuses.slice(0, LIMIT)).toEqual(Array(LIMIT).fill(401));
    expect(statuses).toContain(429);
    expect(await from("192.0.2.2")).toMatchObject({ status: 401 });
    expect(await from("192.0.2.1", bearer(await key.sign()))).toMatchObject({ ok: true });
  });

  it("does not count the one caller of a mesh in local mode", async () => {
    const local = { SKEIN_LOCAL: "1", RATE_LIMIT: limited().RATE_LIMIT } as AuthEnv;
    for (let calls = 0; calls < 2 * LIMIT + 1; calls++)
      expect(await authenticate(new Request("http://127.0.0.1/tasks"), local)).toMatchObject({ ok: true });
  });
});
