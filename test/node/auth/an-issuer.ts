/** An issuer for tests: real keys, real signatures, and a JWKS that can be changed, counted and taken away. */
import { exportJWK, generateKeyPair, type JWK, type JWTHeaderParameters, SignJWT } from "jose";
import type { Issuer } from "../../../shared/auth/configuration.ts";

export const T0 = Date.UTC(2026, 10, 21, 12);
const T0_SECONDS = T0 / 1000;

export interface SigningKey {
  readonly kid: string;
  readonly alg: string;
  readonly privateKey: CryptoKey;
  readonly jwk: JWK;
}

export async function signingKey(kid: string, alg = "ES256"): Promise<SigningKey> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  return { kid, alg, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: "sig" } };
}

export const ACME: Issuer = { issuer: "https://id.acme.example", audience: ["skein"], algorithms: ["RS256", "ES256", "EdDSA"] };

/** Also what no token should say. */
export type Claims = Readonly<Record<string, unknown>>;

/** A good token of ACME, but for what is given. `undefined` takes a claim out. */
export function token(key: SigningKey, claims: Claims = {}, header: Partial<JWTHeaderParameters> = {}): Promise<string> {
  const good = {
    iss: ACME.issuer,
    aud: "skein",
    sub: "ada",
    azp: "desk",
    scope: "call",
    iat: T0_SECONDS,
    exp: T0_SECONDS + 300,
  };
  return new SignJWT({ ...good, ...claims }).setProtectedHeader({ alg: key.alg, kid: key.kid, ...header }).sign(key.privateKey);
}

/** The issuer's side of the network: documents by URL, and how often each was asked for. */
export class Network {
  readonly documents = new Map<string, unknown>();
  readonly asked: string[] = [];
  isDown = false;
  now = T0;

  readonly fetch = async (url: string): Promise<Response> => {
    this.asked.push(url);
    if (this.isDown) throw new Error("connection refused");
    const document = this.documents.get(url);
    return document instanceof Response
      ? document.clone()
      : document === undefined
        ? new Response("", { status: 404 })
        : Response.json(document);
  };

  publish(issuer: string, ...keys: readonly SigningKey[]): void {
    const jwksUri = `${issuer}/keys`;
    this.documents.set(`${issuer}/.well-known/openid-configuration`, { issuer, jwks_uri: jwksUri });
    this.documents.set(jwksUri, { keys: keys.map(({ jwk }) => jwk) });
  }

  get world() {
    return { fetch: this.fetch, now: () => this.now };
  }
}
