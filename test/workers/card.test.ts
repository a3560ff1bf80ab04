import { env } from "cloudflare:workers";
import { AgentCard as SdkCard, verifyAgentCardSignature } from "@a2a-js/sdk";
import { type CryptoKey, decodeProtectedHeader, exportJWK, generateKeyPair, type JWK } from "jose";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { a2aApp } from "../../shared/a2a/app.ts";
import { newKey } from "../../shared/auth/api-key.ts";
import { authenticate } from "../../shared/auth/authenticate.ts";
import type { AgentWorkerEnv } from "../../shared/kit/worker.ts";
import type { AgentCard } from "../../shared/task/a2a-types.ts";
import { verifiedKids } from "../node/a2a/card-verifier.ts";
import probe from "./probe-agent.ts";

// The cards of one agent as any client gets them, and the two kinds of verifiers that there are: one goes by the letter of
// the specification and keeps the fields it does not know, the official SDK drops them.

const ORIGIN = "https://mesh.example";
const BASE = `${ORIGIN}/agents/probe`;
const CARD = "/.well-known/agent-card.json";
const JWKS = "/.well-known/jwks.json";
const V1 = { "A2A-Version": "1.0" };
const V03 = { "A2A-Version": "0.3" };
const NOBODY = {};

const extendedCard: AgentCard = {
  ...probe.card,
  capabilities: { ...probe.card.capabilities, extendedAgentCard: true },
  skills: [...probe.card.skills, { id: "secret", name: "Secret", description: "Is on no public card", tags: ["secret"] }],
};
const publicCard: AgentCard = { ...extendedCard, skills: probe.card.skills };

type Settings = Partial<Record<"SKEIN_LOCAL" | "CARD_SIGNING_KEYS" | "AUTH_API_KEYS", string>>;

/** With callers that it knows, unless the settings say otherwise; and they may call as often as they like. */
function agent(settings: Settings, cards: { card: AgentCard; extendedCard?: AgentCard } = { card: publicCard, extendedCard }) {
  const app = a2aApp<AgentWorkerEnv>({ ...cards, homes: "shared", authenticate });
  const { RATE_LIMIT: _, ...rest } = env as unknown as AgentWorkerEnv;
  const bindings = { ...rest, SKEIN_LOCAL: "", ...callers, ...settings };
  return (path: string, headers: Record<string, string> = NOBODY, base = BASE, method = "GET") =>
    app.request(base + path, { method, headers }, bindings);
}

async function key(kid: string, alg: "ES256" | "EdDSA"): Promise<JWK> {
  const { privateKey } = await generateKeyPair(alg, { extractable: true });
  return { ...(await exportJWK(privateKey as CryptoKey)), kid };
}

let first: JWK;
let second: JWK;
let callers: { AUTH_API_KEYS: string };
let apiKey: Record<string, string>;
const keys = (...all: JWK[]) => ({ CARD_SIGNING_KEYS: JSON.stringify({ keys: all }) });

beforeAll(async () => {
  [first, second] = [await key("first", "ES256"), await key("second", "EdDSA")];
  const { id, text, hash } = await newKey();
  callers = { AUTH_API_KEYS: JSON.stringify([{ id, hash, tenant: "acme", app: "shop", scopes: ["call"] }]) };
  apiKey = { "X-API-Key": text };
});

/** The agent's published keys, asked for where a card says they are. */
function published(ask: ReturnType<typeof agent>): (jku: string) => Promise<{ keys: JWK[] }> {
  return async (jku) => {
    expect(jku).toBe(`${BASE}${JWKS}`);
    return (await ask(JWKS)).json();
  };
}

/** @returns whether the official SDK finds a signature that holds */
async function sdkVerifies(card: string, keysAt: (jku: string) => Promise<{ keys: JWK[] }>): Promise<boolean> {
  const verify = verifyAgentCardSignature(async (kid, jku = "") => {
    const found = (await keysAt(jku)).keys.find((each) => each.kid === kid);
    if (!found) throw new Error(`no key ${kid}`);
    return found;
  });
  vi.spyOn(console, "debug").mockImplementation(() => {});
  return verify(JSON.parse(card) as SdkCard).then(
    () => true,
    () => false,
  );
}

describe("the card", () => {
  it("needs no version and no caller, and is answered 304 when it is known", async () => {
    const ask = agent({});
    const card = await ask(CARD);
    expect(card.headers.get("Content-Type")).toBe("application/json");
    expect(card.headers.get("Cache-Control")).toBe("public, max-age=60");
    expect(card.headers.get("Vary")).toBe("A2A-Version");
    const etag = card.headers.get("ETag") ?? "";
    const again = await ask(CARD, { "If-None-Match": `"other", ${etag}` });
    expect([again.status, await again.text(), again.headers.get("ETag")]).toEqual([304, "", etag]);
    expect((await ask(CARD, { "If-None-Match": "*" })).status).toBe(304);
    expect((await ask(CARD, { "If-None-Match": '"other"' })).status).toBe(200);
  });

  it("keeps its ETag when it is signed anew, and has another with other keys, in other versions, at other addresses", async () => {
    const tag = async (settings: Settings, headers = V1, base = BASE) => (await agent(settings)(CARD, headers, base)).headers.get("ETag");
    expect(await tag(keys(first))).toBe(await tag(keys(first)));
    const tags = [
      await tag({}),
      await tag(keys(first)),
      await tag(keys(first, second)),
      await tag(keys(first), V03),
      await tag(keys(first), {} as typeof V1),
      await tag(keys(first), V1, "https://other.example"),
      await tag({ ...keys(first), AUTH_API_KEYS: "" }),
    ];
    expect(new Set(tags).size).toBe(tags.length);
  });

  it("has the shape of the version that is asked for, and of both for who does not say", async () => {
    const ask = agent({});
    const [v1, v03, both] = await Promise.all(
      [V1, V03, NOBODY].map(async (headers) => (await (await ask(CARD, headers)).json()) as Record<string, unknown>),
    );
    expect(v1).not.toHaveProperty("url");
    expect(v03).toMatchObject({ url: BASE, preferredTransport: "JSONRPC", protocolVersion: "0.3.0" });
    expect(both).toMatchObject({ ...v1, url: BASE, preferredTransport: "JSONRPC", protocolVersion: "0.3.0" });
    expect((await ask(`${CARD}?A2A-Version=1.0`)).headers.get("ETag")).toBe((await ask(CARD, V1)).headers.get("ETag"));
    // What is spoken is in the card: a client of another version is shown it.
    expect(await (await ask(CARD, { "A2A-Version": "2.0" })).json()).toEqual(v1);
  });

  it("says who may call as the server checks it, in the words of its version", async () => {
    const ask = agent({});
    expect(await (await ask(CARD, V1)).json()).toMatchObject({
      securitySchemes: { apiKey: { apiKeySecurityScheme: { location: "header", name: "X-API-Key" } } },
      securityRequirements: [{ schemes: { apiKey: { list: ["call"] } } }],
    });
    expect(await (await ask(CARD, V03)).json()).toMatchObject({
      securitySchemes: { apiKey: { type: "apiKey", in: "header", name: "X-API-Key" } },
      security: [{ apiKey: [] }],
    });
    expect(await (await agent({ AUTH_API_KEYS: "" })(CARD, V1)).json()).not.toHaveProperty("securitySchemes");
  });

  it("shows no skill of the extended one", async () => {
    for (const headers of [V1, V03, NOBODY]) expect(await (await agent(keys(first))(CARD, headers)).text()).not.toContain("secret");
  });

  it("is served in its canonical form", async () => {
    for (const headers of [V1, V03, NOBODY]) {
      const text = await (await agent(keys(first))(CARD, headers)).text();
      expect(text).toBe(JSON.stringify(sorted(JSON.parse(text))));
      // A requirement of 0.3 is an empty list, and means what it says.
      expect(text.replace('"security":[{"apiKey":[]}]', "")).not.toMatch(/null|\[\]|:""/);
    }
  });
});

describe("a signed card", () => {
  it.each([
    ["1.0", V1, ["first"]],
    ["no version", NOBODY, ["first"]],
  ])("holds for both kinds of verifiers, asked for with %s", async (_version, headers, kids) => {
    const ask = agent(keys(first));
    const card = await (await ask(CARD, headers)).text();
    expect(await verifiedKids(card, published(ask))).toEqual(kids);
    expect(await sdkVerifies(card, published(ask))).toBe(true);
  });

  it.each([V1, NOBODY])("holds for the official SDK by its first signature alone, asked for with %o", async (headers) => {
    const ask = agent(keys(first));
    const { signatures = [], ...card } = (await (await ask(CARD, headers)).json()) as AgentCard;
    expect(await sdkVerifies(JSON.stringify({ ...card, signatures: signatures.slice(0, 1) }), published(ask))).toBe(true);
  });

  // The SDK reads a card it has parsed once more, and so loses the schemes; no signature could be over that and over them.
  it("holds for the official SDK after it was parsed, when it is written as JSON again", async () => {
    const ask = agent(keys(first));
    const parsed = SdkCard.fromJSON(await (await ask(CARD, V1)).json());
    expect(await sdkVerifies(JSON.stringify(SdkCard.toJSON(parsed)), published(ask))).toBe(true);
    expect(await sdkVerifies(JSON.stringify(parsed), published(ask))).toBe(false);
  });

  it("of 0.3 holds as it was served", async () => {
    const ask = agent(keys(first, second));
    expect(await verifiedKids(await (await ask(CARD, V03)).text(), published(ask), "as served")).toEqual(["first", "second"]);
  });

  it("names its algorithm, type, key and where the key is", async () => {
    const { signatures } = (await (await agent(keys(first, second))(CARD, V1)).json()) as AgentCard;
    expect(signatures?.map((each) => decodeProtectedHeader(each))).toEqual([
      { alg: "ES256", typ: "JOSE", kid: "first", jku: BASE + JWKS },
      { alg: "EdDSA", typ: "JOSE", kid: "second", jku: BASE + JWKS },
    ]);
  });

  it("has two signatures during a rotation, and either key is enough", async () => {
    const ask = agent(keys(first, second));
    for (const headers of [V1, NOBODY]) {
      const card = await (await ask(CARD, headers)).text();
      for (const kid of ["first", "second"]) {
        const only = async (jku: string) => ({ keys: (await published(ask)(jku)).keys.filter((each) => each.kid === kid) });
        expect(await verifiedKids(card, only)).toEqual([kid]);
        expect(await sdkVerifies(card, only)).toBe(true);
      }
    }
  });

  it("of a retired key still finds that key, which signs nothing more", async () => {
    const before = await (await agent(keys(first))(CARD, V1)).text();
    const { d: _, ...retired } = first;
    const ask = agent(keys(second, retired));
    expect(await verifiedKids(before, published(ask))).toEqual(["first"]);
    expect(await verifiedKids(await (await ask(CARD, V1)).text(), published(ask))).toEqual(["second"]);
  });

  it.each<[string, (card: Record<string, unknown>) => unknown]>([
    ["other words", (card) => ({ ...card, description: "Sends your money" })],
    [
      "another address",
      (card) => ({ ...card, supportedInterfaces: [{ url: "https://evil.example", protocolBinding: "JSONRPC", protocolVersion: "1.0" }] }),
    ],
    ["one skill less", (card) => ({ ...card, skills: (card["skills"] as unknown[]).slice(1) })],
    ["no security", ({ securitySchemes: _, securityRequirements: __, ...card }) => card],
    ["no requirement", ({ securityRequirements: _, ...card }) => card],
  ])("does not hold with %s", async (_what, change) => {
    const ask = agent(keys(first));
    const tampered = JSON.stringify(change(JSON.parse(await (await ask(CARD, V1)).text())));
    expect(await verifiedKids(tampered, published(ask))).toEqual([]);
    expect(await sdkVerifies(tampered, published(ask))).toBe(false);
  });

  it("does not hold for keys that are not its own", async () => {
    const card = await (await agent(keys(first))(CARD, V1)).text();
    const others = { ...second, kid: "first" };
    const { d: _, ...stranger } = others;
    expect(await verifiedKids(card, async () => ({ keys: [stranger] }))).toEqual([]);
    expect(await sdkVerifies(card, async () => ({ keys: [stranger] }))).toBe(false);
    expect(await sdkVerifies(card, async () => ({ keys: [] }))).toBe(false);
  });

  it("with a field that 1.0 does not know does not hold by the letter when that field is changed", async () => {
    const ask = agent(keys(first));
    const card = JSON.parse(await (await ask(CARD)).text()) as Record<string, unknown>;
    expect(await verifiedKids(JSON.stringify({ ...card, url: "https://evil.example" }), published(ask))).toEqual([]);
  });

  it("vouches for no address without TLS, nor, of a local mesh, for any but this machine's", async () => {
    const signed = async (settings: Settings, base: string) => {
      const card = (await (await agent({ ...keys(first), ...settings })(CARD, V1, base)).json()) as AgentCard;
      return card.signatures !== undefined;
    };
    expect(await signed({}, "https://mesh.example")).toBe(true);
    expect(await signed({}, "http://mesh.example")).toBe(false);
    expect(await signed({ SKEIN_LOCAL: "1" }, "http://127.0.0.1:8787")).toBe(true);
    expect(await signed({ SKEIN_LOCAL: "1" }, "http://evil.example")).toBe(false);
    expect(await signed({ SKEIN_LOCAL: "1" }, "https://evil.example")).toBe(false);
  });

  // It asks for no credentials because nobody is let in, and must not go on saying so when somebody is.
  it("does not vouch for the card of a deployment that has nobody to let in", async () => {
    const nobody = { ...keys(first), AUTH_API_KEYS: "" };
    expect((await (await agent(nobody)(CARD, V1)).json()) as AgentCard).not.toHaveProperty("signatures");
    const local = await agent({ ...nobody, SKEIN_LOCAL: "1" })(CARD, V1, "http://127.0.0.1:8787");
    expect((await local.json()) as AgentCard).toHaveProperty("signatures");
  });

  it("is signed once, however many other addresses the card is asked for at", async () => {
    const ask = agent({ ...keys(first), SKEIN_LOCAL: "1" });
    const home = async () => (await ask(CARD, V1, "http://127.0.0.1:8787")).text();
    const before = await home();
    for (let n = 0; n < 40; n++) await ask(CARD, V1, `http://evil-${n}.example`);
    expect(await home()).toBe(before);
    // Signed ones, too, take the room of the one that was not asked for longest.
    for (let n = 0; n < 40; n++) {
      await ask(CARD, V1, `http://127.0.0.1:${9000 + n}`);
      expect(await home()).toBe(before);
    }
  });
});

describe("the card of an agent whose authentication is misconfigured", () => {
  it.each([V1, V03, NOBODY])("is not served, because it could not say who may call, asked for with %o", async (headers) => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const ask = agent({ ...keys(first), AUTH_API_KEYS: '[{"hush":1}]' });
    const answer = await ask(CARD, headers);
    expect([answer.status, answer.headers.get("ETag")]).toEqual([503, null]);
    const text = await answer.text();
    expect(JSON.parse(text)).toMatchObject({ error: { status: "UNAVAILABLE", message: expect.stringContaining("misconfigured") } });
    expect(text).not.toContain("hush");
    // What it signed earlier can still be verified.
    expect((await ask(JWKS)).status).toBe(200);
  });
});

describe("the published keys", () => {
  it("have no private part, and are answered 304 when they are known", async () => {
    const ask = agent(keys({ ...first, more: "secret" } as JWK, second));
    const answer = await ask(JWKS);
    expect(await answer.clone().json()).toEqual({
      keys: [
        { kty: "EC", crv: "P-256", x: first.x, y: first.y, kid: "first", alg: "ES256", use: "sig" },
        { kty: "OKP", crv: "Ed25519", x: second.x, kid: "second", alg: "EdDSA", use: "sig" },
      ],
    });
    expect(answer.headers.get("Cache-Control")).toBe("public, max-age=60");
    expect((await ask(JWKS, { "If-None-Match": answer.headers.get("ETag") ?? "" })).status).toBe(304);
  });

  it("are not there when nothing is signed, and the card says nothing of signatures", async () => {
    const ask = agent({});
    expect((await ask(JWKS)).status).toBe(404);
    expect(await (await ask(CARD)).json()).not.toHaveProperty("signatures");
  });

  it.each<[string, () => string, string]>([
    ["no JSON", () => "{keys", "is no JSON"],
    ["no key set", () => "[]", ".keys must be a list"],
    ["no key", () => '{"keys":[]}', ".keys has no private key"],
    ["public keys only", () => JSON.stringify({ keys: [{ ...first, d: undefined }] }), ".keys has no private key"],
    ["one kid for two keys", () => JSON.stringify({ keys: [first, { ...second, kid: "first" }] }), ".keys has one kid twice"],
    ["a key without a kid", () => JSON.stringify({ keys: [{ ...first, kid: undefined }] }), ".keys[0].kid is missing"],
    ["a key of another kind", () => JSON.stringify({ keys: [first, { kty: "oct", k: "c2VjcmV0", kid: "x" }] }), ".keys[1].kty"],
    ["a point that is not on the curve", () => JSON.stringify({ keys: [{ ...first, x: first.y }] }), ".keys[0] is no working key"],
    ["halves of two keys", () => JSON.stringify({ keys: [{ ...second, d: first.d }] }), ".keys[0] is no working key"],
  ])("that are configured as %s keep every card from being served, and the log says what to mend", async (_what, text, problem) => {
    const log = vi.spyOn(console, "error").mockImplementation(() => {});
    const ask = agent({ CARD_SIGNING_KEYS: text(), AUTH_API_KEYS: "", SKEIN_LOCAL: "1" });
    for (const path of [CARD, JWKS, "/extendedAgentCard"]) {
      const answer = await ask(path, V1, "http://127.0.0.1");
      expect(answer.status, path).toBe(503);
      expect(await answer.json()).toMatchObject({ error: { status: "UNAVAILABLE" } });
    }
    expect(log.mock.calls.flat().join()).toContain(`CARD_SIGNING_KEYS${problem.startsWith(".") ? "" : " "}${problem}`);
    for (const secret of [first.d, second.d, "c2VjcmV0"]) expect(log.mock.calls.flat().join()).not.toContain(secret);
  });
});

describe("the extended card", () => {
  it("is for authenticated callers only", async () => {
    const ask = agent({});
    expect((await ask("/extendedAgentCard", V1)).status).toBe(401);
    expect((await ask("/extendedAgentCard", { ...V1, ...apiKey })).status).toBe(200);
  });

  it("has the skills that the public one does not show, is signed as that one, and is kept by its caller only", async () => {
    const ask = agent(keys(first, second));
    const answer = await ask("/extendedAgentCard", { ...V1, ...apiKey });
    expect(answer.headers.get("Cache-Control")).toBe("private, max-age=60");
    expect(answer.headers.get("Vary")).toContain("Authorization");
    const text = await answer.text();
    expect((JSON.parse(text) as AgentCard).skills.at(-1)?.id).toBe("secret");
    expect(await verifiedKids(text, published(ask))).toEqual(["first", "second"]);
    const etag = answer.headers.get("ETag") ?? "";
    expect((await ask("/extendedAgentCard", { ...V1, ...apiKey, "If-None-Match": etag })).status).toBe(304);
    expect((await ask("/extendedAgentCard", { ...V1, "If-None-Match": etag })).status).toBe(401);
  });

  it.each([
    ["/extendedAgentCard", V1],
    ["/acme/extendedAgentCard", V1],
    ["/v1/card", V03],
  ])("at %s keeps its ETag when it is signed anew", async (path, version) => {
    const answers: Response[] = [];
    for (const method of ["GET", "GET", "HEAD"]) answers.push(await agent(keys(first))(path, { ...version, ...apiKey }, BASE, method));
    const [tag, ...others] = answers.map((each) => each.headers.get("ETag"));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(tag).toMatch(/^W\/"/);
    expect(others).toEqual([tag, tag]);
    const again = await agent(keys(first))(path, { ...version, ...apiKey, "If-None-Match": tag ?? "" });
    expect(again.status).toBe(304);
    expect((await agent(keys(first, second))(path, { ...version, ...apiKey })).headers.get("ETag")).not.toBe(tag);
  });

  it("is not there for an agent whose card does not declare it, and not configured where it is declared and missing", async () => {
    const refusal = async (card: AgentCard) => (await agent({}, { card })("/extendedAgentCard", { ...V1, ...apiKey })).text();
    expect(await refusal(probe.card)).toContain("UNSUPPORTED_OPERATION");
    expect(await refusal(publicCard)).toContain("EXTENDED_AGENT_CARD_NOT_CONFIGURED");
  });
});

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(members.map(([name, each]) => [name, sorted(each)]));
}
