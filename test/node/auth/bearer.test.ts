import { exportSPKI, importJWK, type JWTPayload, SignJWT, UnsecuredJWT } from "jose";
import { beforeAll, describe, expect, it } from "vitest";
import { checkToken, LONGEST_TOKEN, SKEW_SECONDS, type TokenCheck } from "../../../shared/auth/bearer.ts";
import type { Issuer } from "../../../shared/auth/configuration.ts";
import { IssuerKeys } from "../../../shared/auth/issuer-keys.ts";
import { principalKey } from "../../../shared/auth/principal.ts";
import { ACME, type Claims, Network, type SigningKey, signingKey, T0, token } from "./an-issuer.ts";

let key: SigningKey;
let network: Network;
const OTHER = { ...ACME, issuer: "https://id.other.example" };

beforeAll(async () => {
  key = await signingKey("k1");
  network = new Network();
  network.publish(ACME.issuer, key);
  network.publish(OTHER.issuer, key);
});

function check(text: string, issuers: readonly Issuer[] = [ACME]): Promise<TokenCheck> {
  return checkToken(text, issuers, (issuer) => new IssuerKeys(issuer, network.world), T0);
}

async function principalOf(claims: Claims, issuer: Issuer = ACME) {
  const checked = await check(await token(key, { iss: issuer.issuer, ...claims }), [issuer]);
  if (!checked.ok) throw new Error(checked.message);
  return checked.principal;
}

const seconds = T0 / 1000;

describe("a token", () => {
  it.each(["RS256", "ES256", "EdDSA"])("signed with %s by its issuer names its bearer", async (alg) => {
    const signer = await signingKey(`of-${alg}`, alg);
    const published = new Network();
    published.publish(ACME.issuer, signer);
    const checked = await checkToken(await token(signer), [ACME], (issuer) => new IssuerKeys(issuer, published.world), T0);
    const principal = { tenant: ACME.issuer, app: "desk", subject: `${ACME.issuer} ada`, scopes: ["call"] };
    expect(checked).toEqual({ ok: true, principal, expires: T0 + 300_000 });
  });

  it.each<[string, Claims, RegExp]>([
    ["expired", { exp: seconds - 300 }, /expired at 2026-11-21T11:55:00.000Z/],
    ["expired by the whole skew", { exp: seconds - SKEW_SECONDS }, /expired at/],
    ["not valid yet", { nbf: seconds + 300 }, /not valid yet/],
    ["not valid yet by a second more than the skew", { nbf: seconds + SKEW_SECONDS + 1 }, /not valid yet/],
    ["without an end", { exp: undefined }, /no claim "exp"/],
    ["without a subject", { sub: undefined }, /no claim "sub"/],
    ["with an empty subject", { sub: "" }, /claim "sub"/],
    ["with a subject longer than OpenID allows", { sub: "s".repeat(256) }, /claim "sub"/],
    ["with a line break in its subject", { sub: "ada\nlovelace" }, /claim "sub"/],
    ["for another audience", { aud: "https://elsewhere.example" }, /another audience: ask for one with aud skein/],
    ["for no audience", { aud: undefined }, /no claim "aud"/],
    ["of an unknown issuer", { iss: "https://id.evil.example" }, /does not know: it takes tokens of https:\/\/id\.acme\.example/],
    ["of its issuer with a slash more", { iss: `${ACME.issuer}/` }, /does not know/],
    ["of no issuer", { iss: undefined }, /no JWT with an issuer/],
    ["bound to a key that nobody checks", { cnf: { jkt: "abc" } }, /bound to a key/],
  ])("%s is refused, and told so", async (_which, claims, why) => {
    expect(await check(await token(key, claims))).toMatchObject({ ok: false, reason: "invalid", message: expect.stringMatching(why) });
  });

  it.each<[string, Claims]>([
    ["a second less than the skew after its end", { exp: seconds - SKEW_SECONDS + 1 }],
    ["the skew before its begin", { nbf: seconds + SKEW_SECONDS }],
    ["for several audiences", { aud: ["other", "skein"] }],
  ])("is good %s", async (_when, claims) => {
    expect(await check(await token(key, claims))).toMatchObject({ ok: true });
  });

  it.each(["JWT", "at+jwt", "application/at+jwt", "AT+JWT"])("may be of the type %s", async (typ) => {
    expect(await check(await token(key, {}, { typ }))).toMatchObject({ ok: true });
  });

  it.each(["logout+jwt", "secevent+jwt", "dpop+jwt"])("made as a %s is refused", async (typ) => {
    expect(await check(await token(key, {}, { typ }))).toMatchObject({ ok: false, message: expect.stringMatching(/another purpose/) });
  });

  it("without a signature is refused", async () => {
    const unsigned = new UnsecuredJWT({ iss: ACME.issuer, aud: "skein", sub: "ada", exp: seconds + 300 }).encode();
    expect(await check(unsigned)).toMatchObject({ ok: false, message: expect.stringMatching(/algorithm/) });
  });

  it("signed with the issuer's public key as if it were a secret is refused", async () => {
    const asSecret = new TextEncoder().encode(await exportSPKI((await importJWK(key.jwk)) as CryptoKey));
    const forged = await new SignJWT({ iss: ACME.issuer, aud: "skein", sub: "ada", exp: seconds + 300 })
      .setProtectedHeader({ alg: "HS256", kid: key.kid })
      .sign(asSecret);
    expect(await check(forged)).toMatchObject({ ok: false, message: expect.stringMatching(/algorithm/) });
  });

  it("signed with an algorithm that its issuer is not pinned to is refused", async () => {
    const pinned: Issuer = { ...ACME, algorithms: ["RS256"] };
    expect(await check(await token(key), [pinned])).toMatchObject({ ok: false, message: expect.stringMatching(/use RS256/) });
  });

  it("signed with somebody else's key of the same name is refused", async () => {
    expect(await check(await token(await signingKey("k1")))).toMatchObject({ ok: false, message: expect.stringMatching(/signature/) });
  });

  it("signed with a key that is not published is refused", async () => {
    expect(await check(await token(await signingKey("k2")))).toMatchObject({
      ok: false,
      message: expect.stringMatching(/does not publish/),
    });
  });

  it("is refused when anything in it was changed", async () => {
    const [header = "", payload = "", signature = ""] = (await token(key)).split(".");
    const claims = JSON.parse(Buffer.from(payload, "base64url").toString()) as JWTPayload;
    const other = Buffer.from(JSON.stringify({ ...claims, sub: "eve" })).toString("base64url");
    const flipped = (signature.startsWith("A") ? "B" : "A") + signature.slice(1);
    for (const changed of [`${header}.${other}.${signature}`, `${header}.${payload}.${flipped}`, `${header}.${payload}.`])
      expect(await check(changed)).toMatchObject({ ok: false, reason: "invalid" });
  });

  it.each(["", "a", "a.b.c", "....", `${"a".repeat(LONGEST_TOKEN + 1)}`, "eyJhbGciOiJub25lIn0.bnVsbA."])(
    "that is none is refused: %.20s",
    async (text) => {
      expect(await check(text)).toMatchObject({ ok: false, reason: "invalid" });
    },
  );

  it("never leads to an address that it names itself", async () => {
    const before = network.asked.length;
    const header = { jku: "https://evil.example/keys", x5u: "https://evil.example/cert" };
    expect(await check(await token(await signingKey("k1"), {}, header))).toMatchObject({ ok: false });
    expect(network.asked.slice(before).every((url) => url.startsWith(ACME.issuer))).toBe(true);
  });

  it("is not echoed in what its bearer is told", async () => {
    const claims = { sub: "ada-secret", aud: "aud-secret", iss: "https://iss-secret.example" };
    for (const [name, value] of Object.entries(claims)) {
      const checked = await check(await token(key, { [name]: value, exp: seconds - 300 }));
      expect(checked.ok ? "" : checked.message).not.toContain("secret");
    }
  });
});

describe("the bearer of a token", () => {
  it("acts for the issuer's own tenant unless another one is configured", async () => {
    expect((await principalOf({})).tenant).toBe(ACME.issuer);
    expect((await principalOf({}, { ...ACME, tenant: "acme" })).tenant).toBe("acme");
    expect((await principalOf({ org: "sales" }, { ...ACME, tenantClaim: "org" })).tenant).toBe("sales");
  });

  it.each(["tenantClaim", "appClaim"] as const)(
    "without the claim that %s names is refused, and so is one where it is no name",
    async (field) => {
      const issuer = { ...ACME, [field]: "constructor" };
      for (const claims of [{}, { constructor: "" }, { constructor: 7 }, { constructor: "x".repeat(201) }])
        expect(await check(await token(key, claims), [issuer])).toMatchObject({
          ok: false,
          message: expect.stringMatching(/"constructor"/),
        });
    },
  );

  it("is the app that the token was made for, by the first claim that says so", async () => {
    expect((await principalOf({ azp: "desk", client_id: "phone" })).app).toBe("desk");
    expect((await principalOf({ azp: undefined, client_id: "phone" })).app).toBe("phone");
    expect((await principalOf({ azp: undefined })).app).toBe("");
    expect((await principalOf({ appid: "robot" }, { ...ACME, appClaim: "appid" })).app).toBe("robot");
  });

  it.each(["azp", "client_id"])("is refused when its %s is there and is no name, and never taken for one without an app", async (claim) => {
    const neither = { azp: undefined, client_id: undefined };
    for (const value of ["x".repeat(201), ["q"], "", "a\u0001b", "a\ud800", 7, true, {}, null])
      expect(await check(await token(key, { ...neither, [claim]: value })), JSON.stringify(value)).toMatchObject({
        ok: false,
        reason: "invalid",
        message: expect.stringContaining(`"${claim}"`),
      });
    // Nor may the second claim make up for the first.
    expect(await check(await token(key, { azp: "", client_id: "phone" }))).toMatchObject({ ok: false, reason: "invalid" });
  });

  it("has the mesh's scopes of all that the token lists", async () => {
    expect((await principalOf({ scope: "openid approve call call email" })).scopes).toEqual(["call", "approve"]);
    expect((await principalOf({ scope: undefined, scp: ["operate", "x"] })).scopes).toEqual(["operate"]);
    expect((await principalOf({ scope: undefined, scp: "publish" })).scopes).toEqual(["publish"]);
    expect((await principalOf({ scope: undefined })).scopes).toEqual([]);
    expect((await principalOf({ roles: ["call"] }, { ...ACME, scopeClaim: "roles" })).scopes).toEqual(["call"]);
  });

  it("is never the bearer of another issuer's token, also in the same tenant, app and subject", async () => {
    const shared = { tenant: "acme" };
    const [one, two] = [await principalOf({}, { ...ACME, ...shared }), await principalOf({}, { ...OTHER, ...shared })];
    expect(one.tenant).toBe(two.tenant);
    expect(principalKey(one)).not.toBe(principalKey(two));
  });
});
