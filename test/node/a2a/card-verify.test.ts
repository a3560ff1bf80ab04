import { generateAgentCardSignature } from "@a2a-js/sdk";
import fc from "fast-check";
import { FlattenedSign, importJWK, type JWK } from "jose";
import { describe, expect, it } from "vitest";
import { type CardKey, newCardKey } from "../../../cli/card-keys.ts";
import { asSdksReadIt, canonicalJson, withoutDefaults } from "../../../shared/a2a/card/canonical-form.ts";
import { type Verification, verifyCard } from "../../../shared/a2a/card/verify.ts";
import type { Json, JsonObject } from "../../../shared/task/a2a-types.ts";

// Which signatures hold, and what is said of those that do not. Nothing is fetched: keys come from a table.

const T0 = Date.UTC(2026, 0, 5);
const URL_OF_AGENT = "https://heron.org/agents/heron";
const JKU = "https://heron.org/keys.json";

const card: JsonObject = {
  name: "heron",
  description: "Counts herons",
  version: "1.0.0",
  supportedInterfaces: [{ url: URL_OF_AGENT, protocolBinding: "JSONRPC", protocolVersion: "1.0" }],
  capabilities: { streaming: false },
  defaultInputModes: ["text/plain"],
  defaultOutputModes: ["text/plain"],
  skills: [{ id: "count", name: "Count", description: "Counts", tags: ["count"] }],
};

const es256 = newCardKey("ES256");
const eddsa = newCardKey("EdDSA");

function publicPart({ d: _, ...key }: CardKey, more: JsonObject = {}): JsonObject {
  return { ...key, ...more };
}

/** @param header what is said instead of the usual, or beside it */
async function signature(key: CardKey, form: string = canonicalJson(withoutDefaults(card)), header: JsonObject = {}): Promise<JsonObject> {
  const alg = key.kty === "EC" ? "ES256" : "EdDSA";
  const jws = await new FlattenedSign(new TextEncoder().encode(form))
    .setProtectedHeader({ alg, typ: "JOSE", kid: key.kid, jku: JKU, ...header })
    .sign(await importJWK(key as JWK, alg));
  return { protected: jws.protected ?? "", signature: jws.signature };
}

function verification(keys: Json[], more: Partial<Verification> = {}): Verification {
  const keysAt: Verification["keysAt"] = async (jku) => (jku === JKU ? { ok: true, json: { keys } } : { ok: false, why: "is not there" });
  return { url: URL_OF_AGENT, now: T0, keysAt, ...more };
}

const verify = async (signatures: Json, keys: Json[] = [publicPart(es256)], more: Partial<Verification> = {}) =>
  verifyCard({ ...card, signatures }, verification(keys, more));

describe("a signature holds", () => {
  it.each([
    ["ES256", es256],
    ["EdDSA", eddsa],
  ])("with %s, and says by which key it is", async (_alg, key) => {
    // A key's id is its thumbprint here, and nowhere else has to be.
    expect(await verify([await signature(key)], [publicPart(es256), publicPart(eddsa)])).toEqual({
      ok: true,
      keys: { jku: JKU, thumbprint: key.kid },
    });
  });

  it("as the official SDK makes it, also for a card with fields of its own", async () => {
    const sign = generateAgentCardSignature((await importJWK(es256 as JWK, "ES256")) as CryptoKey, {
      alg: "ES256",
      typ: "JOSE",
      kid: es256.kid,
      jku: JKU,
    });
    const { signatures = [] } = await sign(card as unknown as Parameters<typeof sign>[0]);
    const its = signatures.map(({ protected: header, signature: value }) => ({ protected: header, signature: value }));
    expect(await verify(its)).toMatchObject({ ok: true });
    expect(
      await verifyCard({ ...card, motto: "", preferredTransport: "JSONRPC", signatures: its }, verification([publicPart(es256)])),
    ).toMatchObject({ ok: true });
  });

  it("beside others that do not, while keys are rotated", async () => {
    const old = newCardKey("ES256");
    expect(await verify([await signature(old), await signature(es256)])).toMatchObject({ ok: true });
  });

  it("asks for a key set once, however many signatures name it", async () => {
    let asked = 0;
    const keysAt: Verification["keysAt"] = async () => {
      asked += 1;
      return { ok: true, json: { keys: [] } };
    };
    const each = await signature(es256);
    expect(await verify(Array(100).fill(each), [], { keysAt })).toMatchObject({ ok: false, fault: "unknown-key" });
    expect(asked).toBe(1);
  });

  it("for no other card: whatever is changed, taken away or added among what a card has", async () => {
    const signatures = [await signature(es256, canonicalJson(asSdksReadIt(card))), await signature(es256)];
    const names = Object.keys(card);
    const value = fc.oneof(fc.string(), fc.boolean(), fc.array(fc.string({ minLength: 1 })), fc.constant({ streaming: true }));
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...names), value, async (name, to) => {
        const other = { ...card, [name]: to };
        fc.pre(canonicalJson(withoutDefaults(other)) !== canonicalJson(withoutDefaults(card)));
        expect(await verifyCard({ ...other, signatures }, verification([publicPart(es256)]))).toMatchObject({ fault: "wrong-signature" });
      }),
    );
  });
});

describe("of a card is said", () => {
  it.each<[string, () => Promise<Json> | Json, Json[], object]>([
    ["that it is unsigned", () => [], [], { fault: "unsigned", field: "signatures" }],
    ["that its signatures are no list", () => "signed", [], { fault: "unsigned" }],
    ["that a signature is none", () => [{ protected: "e30" }], [], { fault: "unreadable", field: "signatures[0]" }],
    ["that a header is none", () => [{ protected: "%", signature: "AA" }], [], { fault: "unreadable" }],
    [
      "that it is signed with no algorithm",
      () => [{ protected: btoa('{"alg":"none","kid":"a","jku":"https://heron.org/keys.json"}'), signature: "" }],
      [{ kty: "oct", kid: "a", k: "AA" }],
      { fault: "other-algorithm", why: expect.stringMatching(/"none"/) },
    ],
    [
      "that it is signed with a secret that everybody can read",
      () => [{ protected: btoa('{"alg":"HS256","kid":"a","jku":"https://heron.org/keys.json"}'), signature: "AA" }],
      [{ kty: "oct", kid: "a", k: "AA" }],
      { fault: "other-algorithm" },
    ],
    ["that its key is not named", async () => [await signature(es256, undefined, { kid: 7 })], [], { fault: "no-key-named" }],
    [
      "that its keys are elsewhere",
      async () => [await signature(es256, undefined, { jku: "https://keys.org/keys.json" })],
      [],
      { fault: "foreign-keys", why: expect.stringMatching(/"https:\/\/keys\.org": publish them at https:\/\/heron\.org/) },
    ],
    [
      "that its keys cannot be fetched",
      async () => [await signature(es256, undefined, { jku: `${JKU}2` })],
      [],
      { fault: "no-keys", why: expect.stringMatching(/is not there/) },
    ],
    ["that the key is not there", async () => [await signature(es256)], [publicPart(eddsa)], { fault: "unknown-key" }],
    [
      "that the key is for something else",
      async () => [await signature(es256)],
      [publicPart(es256, { use: "enc" })],
      { fault: "unfit-key" },
    ],
    [
      "that the key is of another kind",
      async () => [await signature(es256)],
      [publicPart(eddsa, { kid: es256.kid })],
      { fault: "unfit-key" },
    ],
    [
      "that everybody has the private key",
      async () => [await signature(es256)],
      [{ ...es256 }],
      { fault: "unfit-key", why: expect.stringMatching(/private part/) },
    ],
    ["that the key has expired", async () => [await signature(es256)], [publicPart(es256, { exp: T0 / 1000 })], { fault: "expired-key" }],
    [
      "that the key's end cannot be read",
      async () => [await signature(es256)],
      [publicPart(es256, { exp: "soon" })],
      { fault: "expired-key" },
    ],
    [
      "that the key was revoked",
      async () => [await signature(es256)],
      [publicPart(es256, { revoked: { revoked_at: 1 } })],
      { fault: "expired-key" },
    ],
    [
      "that another key has signed it",
      async () => [await signature({ ...newCardKey("ES256"), kid: es256.kid })],
      [publicPart(es256)],
      { fault: "wrong-signature" },
    ],
    ["that the key is broken", async () => [await signature(es256)], [publicPart(es256, { x: "AA" })], { fault: "wrong-signature" }],
    [
      "that a header wants what nobody understands",
      async () => [
        { ...(await signature(es256)), protected: btoa(JSON.stringify({ alg: "ES256", kid: es256.kid, jku: JKU, crit: ["x"], x: 1 })) },
      ],
      [publicPart(es256)],
      { fault: "wrong-signature" },
    ],
    [
      "what came furthest of several",
      async () => [
        await signature(es256, undefined, { jku: "https://keys.org/" }),
        await signature(es256, "another card"),
        await signature(newCardKey("ES256")),
      ],
      [publicPart(es256)],
      { fault: "wrong-signature", field: "signatures[1]" },
    ],
  ])("%s", async (_what, signatures, keys, expected) => {
    expect(await verify(await signatures(), keys)).toMatchObject({ ok: false, ...expected });
  });

  it("that it is signed, until the second in which its key expires", async () => {
    const signatures = [await signature(es256)];
    const keys = [publicPart(es256, { exp: T0 / 1000 })];
    expect(await verify(signatures, keys, { now: T0 - 1 })).toMatchObject({ ok: true });
    expect(await verify(signatures, keys, { now: T0 })).toMatchObject({ fault: "expired-key" });
  });

  it("nothing that throws, whatever its signatures and its keys are", async () => {
    const json = fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<Json>;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(json, fc.record({ protected: fc.base64String(), signature: fc.string() })), { minLength: 1 }),
        json,
        async (signatures, set) => {
          const verified = await verify(signatures as Json, [], { keysAt: async () => ({ ok: true, json: set }) });
          expect(verified.ok).toBe(false);
        },
      ),
    );
    expect(await verify([await signature(es256)], [null, 7, { kid: es256.kid }])).toMatchObject({ fault: "unfit-key" });
    expect(
      await verifyCard({ ...card, name: "\uD83D", signatures: [await signature(es256)] }, verification([publicPart(es256)])),
    ).toMatchObject({
      fault: "wrong-signature",
      why: expect.stringMatching(/half a character/),
    });
  });
});
