import { AgentCard } from "@a2a-js/sdk";
import { describe, expect, it } from "vitest";
import { canonicalCard } from "../../../conformance/canonical-card.ts";

describe("the canonical form of a card", () => {
  it("is the one of the specification's example (8.4.1)", () => {
    const card = {
      name: "Example Agent",
      description: "",
      capabilities: { streaming: false, pushNotifications: false, extensions: [] },
      skills: [],
    };
    expect(canonicalCard(card)).toBe(
      '{"capabilities":{"pushNotifications":false,"streaming":false},"description":"","name":"Example Agent","skills":[]}',
    );
  });

  it("is without signatures, and without what was never set", () => {
    const card = {
      name: "a",
      iconUrl: "",
      provider: { url: "", organization: "o" },
      securitySchemes: {},
      signatures: [{ protected: "p", signature: "s" }],
    };
    expect(canonicalCard(card)).toBe('{"iconUrl":"","name":"a","provider":{"organization":"o","url":""}}');
  });

  it("keeps what an extension says of itself as it is", () => {
    const params = { empty: "", none: null, list: [], zero: 0 };
    const card = { capabilities: { extensions: [{ uri: "urn:x", required: false, params }] } };
    expect(JSON.parse(canonicalCard(card))).toEqual({ capabilities: { extensions: [{ uri: "urn:x", params }] } });
  });

  it("is the same for a card and for what the official SDK makes of it", () => {
    const card = {
      name: "a",
      description: "d",
      version: "1",
      supportedInterfaces: [{ url: "https://example.com/", protocolBinding: "JSONRPC", protocolVersion: "1.0" }],
      capabilities: { streaming: true },
      defaultInputModes: ["text/plain"],
      defaultOutputModes: ["text/plain"],
      skills: [{ id: "s", name: "S", description: "does s", tags: ["s"] }],
    };
    expect(canonicalCard(AgentCard.toJSON(AgentCard.fromJSON(card)) as never)).toBe(canonicalCard(card));
  });
});
