import { AgentCard } from "@a2a-js/sdk";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { newKey } from "../../../shared/auth/api-key.ts";
import { type AuthEnv, authenticate } from "../../../shared/auth/authenticate.ts";
import { LOCAL_PRINCIPAL } from "../../../shared/auth/principal.ts";
import { type Security, securityOf } from "../../../shared/auth/security.ts";

const ISSUERS = JSON.stringify([
  { issuer: "https://id.acme.example", audience: "skein" },
  { issuer: "https://id.umbrella.example/", audience: ["a", "b"], jwksUri: "https://id.umbrella.example/keys" },
  { issuer: "https://id.hooli.example/", audience: "skein" },
]);

async function aKey(): Promise<{ text: string; list: string }> {
  const { id, hash, text } = await newKey();
  return { text, list: JSON.stringify([{ id, hash, tenant: "acme", app: "desk", scopes: ["call"] }]) };
}

function ask(env: AuthEnv, headers: Record<string, string> = {}, origin = "https://skein.example") {
  return authenticate(new Request(`${origin}/tasks`, { headers }), env);
}

let logged: ReturnType<typeof vi.spyOn>;
beforeEach(() => {
  logged = vi.spyOn(console, "error").mockReturnValue();
});
afterEach(() => {
  logged.mockRestore();
});

describe("a mesh", () => {
  it("without configuration serves nobody, and says what to set", async () => {
    for (const env of [{}, { SKEIN_LOCAL: "" }, { SKEIN_LOCAL: "0" }, { SKEIN_LOCAL: "true" }])
      expect(await ask(env, {}, "http://127.0.0.1")).toMatchObject({
        ok: false,
        status: 503,
        message: expect.stringMatching(/AUTH_ISSUERS/),
      });
  });

  it("in local mode serves its own machine, and no other", async () => {
    for (const origin of ["http://127.0.0.1:8787", "http://localhost", "http://[::1]:1"])
      expect(await ask({ SKEIN_LOCAL: "1" }, {}, origin)).toEqual({ ok: true, principal: LOCAL_PRINCIPAL });
    // Some systems ask the network for what ends in .localhost: whoever answers there is not of this machine.
    for (const origin of ["http://evil.example", "http://127.0.0.1.evil.example", "http://evil.localhost", "http://192.168.1.2"])
      expect(await ask({ SKEIN_LOCAL: "1" }, {}, origin)).toMatchObject({ ok: false, status: 401 });
  });

  it("with anything configured wants it, also in local mode", async () => {
    const { text, list } = await aKey();
    for (const configured of [{ AUTH_ISSUERS: ISSUERS }, { AUTH_API_KEYS: list }])
      expect(await ask({ SKEIN_LOCAL: "1", ...configured }, {}, "http://127.0.0.1")).toMatchObject({ ok: false, status: 401 });
    expect(await ask({ SKEIN_LOCAL: "1", AUTH_API_KEYS: list }, { "X-API-Key": text })).toMatchObject({
      ok: true,
      principal: { app: "desk" },
    });
  });

  it("with a broken configuration serves nobody, and tells only its log what to mend", async () => {
    const { text, list } = await aKey();
    const env = { SKEIN_LOCAL: "1", AUTH_API_KEYS: list, AUTH_ISSUERS: '[{"issuer":"https://x.example","audiense":"hush-hush"}]' };
    for (let calls = 0; calls < 3; calls++) {
      const answer = await ask(env, { "X-API-Key": text }, "http://127.0.0.1");
      expect(answer).toMatchObject({ ok: false, status: 503 });
      expect(JSON.stringify(answer)).not.toContain("audiense");
    }
    expect(logged.mock.calls).toEqual([[expect.stringMatching(/AUTH_ISSUERS\[0\]\.audiense is no field/)]]);
    expect(JSON.stringify(logged.mock.calls)).not.toMatch(/hush-hush/);
    expect(securityOf(env)).toBeUndefined();
  });
});

describe("a refused caller", () => {
  const BARE = /^Bearer realm="skein", ApiKey realm="skein", header="X-API-Key"$/;
  it.each<[string, Record<string, string>, RegExp]>([
    ["sends nothing", {}, BARE],
    // RFC 6750, 3.1 has no error for these that goes with 401: invalid_request goes with 400.
    ["sends another scheme", { Authorization: "Basic YTpi" }, BARE],
    ["sends two tokens", { Authorization: "Bearer a, Bearer b" }, BARE],
    ["sends no token", { Authorization: "Bearer " }, BARE],
    ["sends both", { Authorization: "Bearer a.b.c", "X-API-Key": "x" }, BARE],
    [
      "sends a token that is none",
      { Authorization: "bearer a.b.c" },
      /^Bearer realm="skein", error="invalid_token", error_description="the token is no JWT[^"]*", ApiKey realm="skein", header="X-API-Key"$/,
    ],
    [
      "sends a key that is none",
      { "X-API-Key": "x" },
      /^Bearer realm="skein", ApiKey realm="skein", header="X-API-Key", error="invalid_key", error_description="the API key is malformed[^"]*"$/,
    ],
    [
      "sends an unknown key",
      { "X-API-Key": `skein_00000000_${"A".repeat(43)}` },
      /ApiKey .*, error="invalid_key", error_description="the API key is not one of this mesh's[^"]*"$/,
    ],
  ])("that %s is challenged", async (_what, headers, challenge) => {
    const answer = await ask({ AUTH_ISSUERS: ISSUERS, AUTH_API_KEYS: (await aKey()).list }, headers);
    expect(answer).toMatchObject({ ok: false, status: 401, headers: { "WWW-Authenticate": expect.stringMatching(challenge) } });
  });

  it("is offered only what is configured", async () => {
    const { list } = await aKey();
    const offered = async (env: AuthEnv, headers?: Record<string, string>) => {
      const answer = await ask(env, headers);
      return answer.ok ? "let in" : answer.headers?.["WWW-Authenticate"];
    };
    expect(await offered({ AUTH_ISSUERS: ISSUERS }, { "X-API-Key": "x" })).toBe('Bearer realm="skein"');
    expect(await offered({ SKEIN_LOCAL: "1" })).toBe('Loopback realm="skein"');
    expect(await offered({ AUTH_API_KEYS: list }, { Authorization: "Bearer a.b.c" })).toBe('ApiKey realm="skein", header="X-API-Key"');
  });
});

describe("the card", () => {
  const read = (security: Security | undefined) => AgentCard.fromJSON({ name: "a", ...security });

  it("says what is taken, as the official client reads it", async () => {
    const card = read(securityOf({ AUTH_ISSUERS: ISSUERS, AUTH_API_KEYS: (await aKey()).list }));
    const schemes = Object.entries(card.securitySchemes).map(([name, { scheme }]) => [name, scheme?.$case, scheme?.value]);
    expect(schemes).toEqual([
      ["bearer", "httpAuthSecurityScheme", expect.objectContaining({ scheme: "Bearer", bearerFormat: "JWT" })],
      [
        "openId",
        "openIdConnectSecurityScheme",
        expect.objectContaining({ openIdConnectUrl: "https://id.acme.example/.well-known/openid-configuration" }),
      ],
      [
        "openId2",
        "openIdConnectSecurityScheme",
        expect.objectContaining({ openIdConnectUrl: "https://id.hooli.example/.well-known/openid-configuration" }),
      ],
      ["apiKey", "apiKeySecurityScheme", expect.objectContaining({ location: "header", name: "X-API-Key" })],
    ]);
    expect(card.securityRequirements.map(({ schemes: each }) => Object.keys(each))).toEqual([
      ["bearer"],
      ["openId"],
      ["openId2"],
      ["apiKey"],
    ]);
  });

  it("says only what is configured, and nothing in local mode without configuration", async () => {
    expect(Object.keys(securityOf({ AUTH_API_KEYS: (await aKey()).list })?.securitySchemes ?? {})).toEqual(["apiKey"]);
    expect(Object.keys(securityOf({ AUTH_ISSUERS: ISSUERS })?.securitySchemes ?? {})).toEqual(["bearer", "openId", "openId2"]);
    expect(securityOf({ SKEIN_LOCAL: "1" })).toBeUndefined();
  });

  it("says nothing of the keys but that there are some", async () => {
    const { list, text } = await aKey();
    const said = JSON.stringify(securityOf({ AUTH_API_KEYS: list }));
    const [{ id, hash, tenant, app }] = JSON.parse(list) as [Record<string, string>];
    for (const secret of [text, id, hash, tenant, app]) expect(said).not.toContain(secret);
  });
});
