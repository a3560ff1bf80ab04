/**
 * An issuer of tokens on this machine, and one API key: what a Worker needs to know its callers, and what they send. Real
 * keys and real signatures, made anew for each server.
 */
import { createHash, randomBytes, randomUUID } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import type { CredentialKind } from "./group.ts";

export interface Issuer {
  /** Variables of a Worker that takes its tokens, and the key. */
  readonly vars: { readonly AUTH_ISSUERS: string; readonly AUTH_API_KEYS: string };
  /** What one caller sends with its requests, in turn. */
  readonly headers: Readonly<Record<CredentialKind, readonly Readonly<Record<string, string>>[]>>;
  close(): Promise<void>;
}

const AUDIENCE = "skein-bench";
const APP = "bench";
/** More than a Worker remembers: when one comes again, it has been forgotten. */
const UNSEEN_TOKENS = 3_000;

export async function startIssuer(): Promise<Issuer> {
  const keys = { es256: await generateKeyPair("ES256"), rs256: await generateKeyPair("RS256") };
  const published = await Promise.all(
    Object.entries(keys).map(async ([kid, { publicKey }]) => ({
      ...(await exportJWK(publicKey)),
      kid,
      alg: kid.toUpperCase(),
      use: "sig",
    })),
  );
  const server = createServer((_request, response) =>
    response.setHeader("Content-Type", "application/json").end(JSON.stringify({ keys: published })),
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const bearer = async (kid: "es256" | "rs256") => {
    const claims = { iss: issuer, aud: AUDIENCE, sub: "ada", azp: APP, scope: "call", jti: randomUUID() };
    const token = new SignJWT(claims)
      .setProtectedHeader({ alg: kid.toUpperCase(), kid, typ: "at+jwt" })
      .setIssuedAt()
      .setExpirationTime("2h");
    return { Authorization: `Bearer ${await token.sign(keys[kid].privateKey)}` };
  };
  const keyId = randomBytes(4).toString("hex");
  const key = `skein_${keyId}_${randomBytes(32).toString("base64url")}`;
  const hash = createHash("sha256").update(key).digest("base64url");
  return {
    vars: {
      AUTH_ISSUERS: JSON.stringify([{ issuer, audience: AUDIENCE, jwksUri: `${issuer}/keys`, tenant: APP }]),
      AUTH_API_KEYS: JSON.stringify([{ id: keyId, hash, tenant: APP, app: APP, scopes: ["call"] }]),
    },
    headers: {
      es256: [await bearer("es256")],
      rs256: [await bearer("rs256")],
      "api-key": [{ "X-API-Key": key }],
      "es256-unseen": await Promise.all(Array.from({ length: UNSEEN_TOKENS }, () => bearer("es256"))),
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
