import { type AgentCard, canonicalizeAgentCard } from "@a2a-js/sdk";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { asSdksReadIt, canonicalJson, withoutDefaults } from "../../../shared/a2a/card/canonical-form.ts";
import type { Json, JsonObject } from "../../../shared/task/a2a-types.ts";

// What is signed. The official SDK is the judge of the form that SDKs make of a card; the specification's own words are the
// judge of the other.

const minimal: JsonObject = {
  name: "heron",
  description: "Counts herons",
  version: "1.0.0",
  supportedInterfaces: [{ url: "https://heron.example", protocolBinding: "JSONRPC", protocolVersion: "1.0" }],
  capabilities: { streaming: false },
  defaultInputModes: ["text/plain"],
  defaultOutputModes: ["text/plain"],
  skills: [{ id: "count", name: "Count", description: "Counts", tags: ["count"] }],
};

describe("the canonical form of JSON", () => {
  // RFC 8785, 3.2.2 and 3.2.3.
  it.each([
    [JSON.parse("[333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001]"), "[333333333.3333333,1e+30,4.5,0.002,1e-27]"],
    [{ literals: [null, true, false] }, '{"literals":[null,true,false]}'],
    ['\u20ac$\u000f\nA\'B"\\\\"/', '"\u20ac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"'],
    [
      { "\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\ud83d\ude00": 5, "\u0080": 6, "\u00f6": 7 },
      '{"\\r":2,"1":4,"\u0080":6,"\u00f6":7,"\u20ac":1,"\ud83d\ude00":5,"\ufb33":3}',
    ],
  ] as [Json, string][])("is the one of RFC 8785: %j", (value, canonical) => {
    expect(canonicalJson(value)).toBe(canonical);
  });

  it("means what it was made from, whatever the order of members was", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const canonical = canonicalJson(value as Json);
        expect(JSON.parse(canonical)).toEqual(JSON.parse(JSON.stringify(value)));
        expect(canonicalJson(JSON.parse(canonical, reversed) as Json)).toBe(canonical);
      }),
    );
  });

  it("does not exist for half a character", () => {
    expect(() => canonicalJson({ name: "\ud83d" })).toThrow("surrogate");
  });
});

describe("a card without what is unset", () => {
  it("is the specification's own example", () => {
    const example = {
      name: "Example Agent",
      description: "",
      capabilities: { streaming: false, pushNotifications: false, extensions: [] },
      skills: [],
    };
    expect(canonicalJson(withoutDefaults(example))).toBe(
      '{"capabilities":{"pushNotifications":false,"streaming":false},"description":"","name":"Example Agent","skills":[]}',
    );
  });

  it.each<[string, JsonObject, JsonObject]>([
    ["no signatures", { signatures: [{ protected: "e30", signature: "AA" }] }, {}],
    ["no empty lists and maps that may be absent", { securitySchemes: {}, securityRequirements: [] }, {}],
    ["no null", { provider: null, iconUrl: null }, {}],
    ["what is optional and set, even to nothing", { iconUrl: "" }, { iconUrl: "" }],
    ["fields that A2A does not know, as they are", { url: "", preferredTransport: false }, { url: "", preferredTransport: false }],
    ["a member called __proto__", JSON.parse('{"__proto__":{"a":[]}}'), JSON.parse('{"__proto__":{"a":[]}}')],
    [
      "an extension without its defaults, and with parameters as they are",
      { capabilities: { extensions: [{ uri: "urn:x", description: "", required: false, params: { a: "", b: [] } }] } },
      { capabilities: { extensions: [{ uri: "urn:x", params: { a: "", b: [] } }] } },
    ],
    [
      "a requirement without scopes, which is still one",
      { securityRequirements: [{ schemes: { key: { list: [] } } }] },
      { securityRequirements: [{ schemes: { key: {} } }] },
    ],
  ])("has %s", (_what, change, expected) => {
    expect(withoutDefaults({ ...minimal, ...change })).toEqual({ ...minimal, ...expected });
  });

  it("changes no more the second time", () => {
    fc.assert(
      fc.property(anyCard, (card) => {
        const once = withoutDefaults(card);
        expect(withoutDefaults(once)).toEqual(once);
      }),
    );
  });
});

describe("a card as SDKs read it", () => {
  it("is what the official one canonicalises, for every card", () => {
    fc.assert(
      fc.property(anyCard, (card) => {
        expect(canonicalJson(asSdksReadIt(card))).toBe(canonicalizeAgentCard(card as unknown as AgentCard));
      }),
      { numRuns: 500 },
    );
  });

  it("differs from the card without defaults only where something is empty or unknown", () => {
    expect(asSdksReadIt(minimal)).toEqual(withoutDefaults(minimal));
    expect(asSdksReadIt({ ...minimal, url: "https://heron.example" })).toEqual(withoutDefaults(minimal));
  });
});

const text = fc.oneof(fc.constant(""), fc.string({ unit: "grapheme", maxLength: 6 }));
const texts = fc.array(text, { maxLength: 2 });
const params = fc.dictionary(text, fc.jsonValue({ maxDepth: 1 }), { maxKeys: 3 });
const requirements = fc.array(record({ schemes: fc.dictionary(name(), record({ list: texts }), { maxKeys: 2 }) }), { maxLength: 2 });
const scopes = fc.dictionary(name(), text, { maxKeys: 2 });
const flow = fc.oneof(
  record({ authorizationCode: record({ authorizationUrl: text, tokenUrl: text, refreshUrl: text, scopes, pkceRequired: fc.boolean() }) }),
  record({ clientCredentials: record({ tokenUrl: text, refreshUrl: text, scopes }) }),
  record({ deviceCode: record({ deviceAuthorizationUrl: text, tokenUrl: text, scopes }) }),
);
const scheme = fc.oneof(
  fc.record({ apiKeySecurityScheme: record({ description: text, location: text, name: text }) }),
  fc.record({ httpAuthSecurityScheme: record({ description: text, scheme: text, bearerFormat: text }) }),
  fc.record({ openIdConnectSecurityScheme: record({ description: text, openIdConnectUrl: text }) }),
  fc.record({ mtlsSecurityScheme: record({ description: text }) }),
  fc.record({ oauth2SecurityScheme: record({ description: text, flows: flow, oauth2MetadataUrl: text }) }),
);
const anyCard = record({
  name: text,
  description: text,
  version: text,
  provider: record({ url: text, organization: text }),
  documentationUrl: text,
  iconUrl: text,
  supportedInterfaces: fc.array(record({ url: text, protocolBinding: text, protocolVersion: text, tenant: text }), { maxLength: 2 }),
  capabilities: record({
    streaming: fc.boolean(),
    pushNotifications: fc.boolean(),
    extendedAgentCard: fc.boolean(),
    extensions: fc.array(record({ uri: text, description: text, required: fc.boolean(), params }), { maxLength: 2 }),
  }),
  defaultInputModes: texts,
  defaultOutputModes: texts,
  skills: fc.array(
    record({
      id: text,
      name: text,
      description: text,
      tags: texts,
      examples: texts,
      inputModes: texts,
      outputModes: texts,
      securityRequirements: requirements,
    }),
    { maxLength: 2 },
  ),
  securitySchemes: fc.dictionary(name(), scheme, { maxKeys: 2 }),
  securityRequirements: requirements,
  signatures: fc.constant([{ protected: "e30", signature: "AA" }]),
  preferredTransport: text,
  elsewhere: fc.jsonValue({ maxDepth: 1 }),
}) as fc.Arbitrary<JsonObject>;

/** Every field may be there or not. */
function record<T>(fields: { [K in keyof T]: fc.Arbitrary<T[K]> }) {
  return fc.record(fields, { requiredKeys: [] });
}

/** The SDK keeps maps in objects that have a prototype; a key that is a name of it is not what is tested here. */
function name() {
  return fc.string({ unit: "grapheme-ascii", minLength: 1, maxLength: 6 }).filter((each) => !(each in {}));
}

function reversed(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).reverse());
}
