import { beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { checkToken, type TokenCheck } from "../../../shared/auth/bearer.ts";
import { IssuerKeys } from "../../../shared/auth/issuer-keys.ts";
import { ACME, Network, type SigningKey, signingKey, T0, token } from "./an-issuer.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const FAR = T0 / 1000 + 48 * 3600;

let first: SigningKey;
let second: SigningKey;
let network: Network;
let keys: IssuerKeys;

beforeAll(async () => {
  first = await signingKey("first");
  second = await signingKey("second");
});

beforeEach(() => {
  vi.spyOn(console, "warn").mockReturnValue();
  network = new Network();
  network.publish(ACME.issuer, first);
  keys = new IssuerKeys(ACME, network.world);
});

async function check(key: SigningKey): Promise<TokenCheck> {
  return checkToken(await token(key, { exp: FAR }), [ACME], () => keys, network.now);
}

const fetches = () => network.asked.filter((url) => url === `${ACME.issuer}/keys`).length;

describe("an issuer's keys", () => {
  it("are found by discovery once, and then used", async () => {
    for (let count = 0; count < 3; count++) expect(await check(first)).toMatchObject({ ok: true });
    expect(network.asked).toEqual([`${ACME.issuer}/.well-known/openid-configuration`, `${ACME.issuer}/keys`]);
  });

  it("are asked for where the configuration says, when it does", async () => {
    keys = new IssuerKeys({ ...ACME, jwksUri: `${ACME.issuer}/keys` }, network.world);
    expect(await check(first)).toMatchObject({ ok: true });
    expect(network.asked).toEqual([`${ACME.issuer}/keys`]);
  });

  it("are fetched once for many that come at the same time", async () => {
    const checks = await Promise.all(Array.from({ length: 20 }, () => check(first)));
    expect(checks.every(({ ok }) => ok)).toBe(true);
    expect(fetches()).toBe(1);
  });

  it("are fetched again for a key not seen before, which is how an issuer rotates", async () => {
    await check(first);
    network.now += MINUTE;
    network.publish(ACME.issuer, first, second);
    expect((await Promise.all([check(second), check(second), check(first)])).map(({ ok }) => ok)).toEqual([true, true, true]);
    expect(fetches()).toBe(2);
  });

  it("are not fetched again and again for keys that somebody made up", async () => {
    await check(first);
    network.now += MINUTE;
    for (let count = 0; count < 10; count++) expect(await check(second)).toMatchObject({ ok: false, reason: "invalid" });
    expect(fetches()).toBe(2);
  });

  it("are taken back when the issuer does not publish them any more", async () => {
    await check(first);
    network.publish(ACME.issuer, second);
    network.now += 10 * MINUTE;
    expect(await check(first)).toMatchObject({ ok: false, message: expect.stringMatching(/does not publish/) });
  });

  it("are used on while the issuer is down, but not for ever", async () => {
    await check(first);
    network.isDown = true;
    network.now += 23 * HOUR;
    expect(await check(first)).toMatchObject({ ok: true });
    network.now += 2 * HOUR;
    expect(await check(first)).toMatchObject({ ok: false, reason: "unavailable" });
  });

  it("that cannot be fetched are nobody's fault: try again is the answer, and the issuer is left in peace so long", async () => {
    network.isDown = true;
    expect(await check(first)).toMatchObject({ ok: false, reason: "unavailable", retryAfterSeconds: 30 });
    network.now += 10_000;
    network.isDown = false;
    expect(await check(first)).toMatchObject({ ok: false, reason: "unavailable", retryAfterSeconds: 20 });
    expect(network.asked).toHaveLength(1);
    network.now += 20_000;
    expect(await check(first)).toMatchObject({ ok: true });
  });

  it("unknown while the issuer is down could be its new ones: nobody is called a forger", async () => {
    await check(first);
    network.isDown = true;
    network.now += MINUTE;
    for (let count = 0; count < 2; count++) expect(await check(second)).toMatchObject({ ok: false, reason: "unavailable" });
    expect(await check(first)).toMatchObject({ ok: true });
  });

  it.each<[string, () => void]>([
    [
      "about another issuer",
      () =>
        network.documents.set(`${ACME.issuer}/.well-known/openid-configuration`, {
          issuer: "https://x.example",
          jwks_uri: `${ACME.issuer}/keys`,
        }),
    ],
    [
      "that sends keys through the clear",
      () =>
        network.documents.set(`${ACME.issuer}/.well-known/openid-configuration`, {
          issuer: ACME.issuer,
          jwks_uri: "http://id.acme.example/keys",
        }),
    ],
    ["that redirects", () => network.documents.set(`${ACME.issuer}/keys`, Response.redirect("https://x.example", 302))],
    ["that is no JSON", () => network.documents.set(`${ACME.issuer}/keys`, new Response("<html>"))],
    ["that is no key set", () => network.documents.set(`${ACME.issuer}/keys`, { keys: "none" })],
    ["without an end", () => network.documents.set(`${ACME.issuer}/keys`, new Response("x".repeat(300_000)))],
  ])("are not taken from a document %s", async (_which, break_) => {
    break_();
    expect(await check(first)).toMatchObject({ ok: false, reason: "unavailable" });
  });

  it("of another kind beside them do no harm", async () => {
    const { jwk } = first;
    network.documents.set(`${ACME.issuer}/keys`, {
      keys: [{ kty: "oct", k: "c2VjcmV0", kid: "secret" }, { kty: "new" }, { kty: "RSA", n: "AQAB", e: "AQAB", kid: "weak" }, jwk],
    });
    expect(await check(first)).toMatchObject({ ok: true });
  });
});
