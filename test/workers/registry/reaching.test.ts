import { exportJWK, generateKeyPair } from "jose";
import { describe, expect, inject, it } from "vitest";
import { canonicalJson, withoutDefaults } from "../../../shared/a2a/card/canonical-form.ts";
import { sign } from "../../../shared/a2a/card/signature.ts";
import { verifyCard } from "../../../shared/a2a/card/verify.ts";
import { guardedFetch } from "../../../shared/net/guarded-fetch.ts";
import type { Json, JsonObject } from "../../../shared/task/a2a-types.ts";

// The runtime's own fetch and its own cryptography, at the hands of a server that means no good.

declare module "vitest" {
  interface ProvidedContext {
    /** Where mesh/hostile-server.ts runs. */
    hostileServer: string;
  }
}

describe("what somebody else named", () => {
  it.each([
    ["redirects-inward", "redirect"],
    ["hangs", "timeout"],
    ["hangs-in-its-body", "timeout"],
    ["sends-5-mb", "too-large"],
    ["announces-5-mb", "too-large"],
    ["breaks-off", "unreachable"],
    ["is-a-page", "not-json"],
    ["is-not-there", "status"],
  ])("and %s is a value: %s", async (way, fault) => {
    const options = { fetch: (url: string, init: RequestInit) => fetch(url, init), local: true, timeoutMs: 500 };
    expect(await guardedFetch(`${inject("hostileServer")}/${way}`, options)).toMatchObject({ ok: false, fault });
  });
});

describe("a signature", () => {
  it.each(["ES256", "EdDSA"] as const)("by %s holds for the card that was signed, and for no other", async (alg) => {
    const url = "https://heron.org";
    const card: JsonObject = { name: "heron", version: "1.0.0", skills: [] };
    const { privateKey, publicKey } = await generateKeyPair(alg);
    const jku = `${url}/keys.json`;
    const signatures = (await sign([canonicalJson(withoutDefaults(card))], [{ kid: "k", alg, key: privateKey }], jku)) as unknown as Json;
    const keys = [{ ...(await exportJWK(publicKey)), kid: "k" }] as unknown as Json;
    const by = { url, now: 0, keysAt: async () => ({ ok: true, json: { keys } }) as const };
    expect(await verifyCard({ ...card, signatures }, by)).toMatchObject({ ok: true, keys: { jku } });
    expect(await verifyCard({ ...card, version: "2.0.0", signatures }, by)).toMatchObject({ ok: false, fault: "wrong-signature" });
  });
});
