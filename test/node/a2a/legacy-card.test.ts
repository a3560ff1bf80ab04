import { createServer } from "node:http";
import { AgentCard } from "@a2a-js/sdk";
import { agentCardHandler } from "@a2a-js/sdk/server/express";
import express from "express";
import { describe, expect, it, onTestFinished } from "vitest";
import courier from "../../../agent-cards/courier.json" with { type: "json" };
import { deployedCard, withMeshExtensions } from "../../../shared/a2a/card/deployed.ts";
import { toLegacyCard, withLegacyFields } from "../../../shared/a2a/legacy/card.ts";
import type { AgentCard as WireCard } from "../../../shared/task/a2a-types.ts";
import { parseCard } from "../../../shared/task/agent-card.ts";

const BASE = "https://mesh.example/agents/courier";
const SECURITY = {
  securitySchemes: {
    bearer: { httpAuthSecurityScheme: { scheme: "Bearer", bearerFormat: "JWT", description: "A JWT." } },
    openId: { openIdConnectSecurityScheme: { openIdConnectUrl: "https://issuer.example/.well-known/openid-configuration" } },
    apiKey: { apiKeySecurityScheme: { location: "header", name: "X-API-Key" } },
  },
  securityRequirements: [
    { schemes: { bearer: { list: ["call"] } } },
    { schemes: { openId: { list: ["call"] } } },
    { schemes: { apiKey: { list: [] } } },
  ],
};
const CARD = deployedCard(withMeshExtensions(parseCard(courier)), BASE, SECURITY);

/** What the official server makes of a 1.0 card for a client of 0.3. */
async function asOfficial(card: WireCard): Promise<Record<string, unknown>> {
  const app = express();
  app.use("/card", agentCardHandler({ agentCardProvider: async () => AgentCard.fromJSON(card), legacyCompat: { enabled: true } }));
  const server = createServer(app);
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  onTestFinished(() => void server.close());
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}/card`;
  return (await (await fetch(url, { headers: { "A2A-Version": "0.3" } })).json()) as Record<string, unknown>;
}

describe("a card for clients of A2A 0.3", () => {
  it("says what the official server's says", async () => {
    const { protocolVersion, additionalInterfaces, supportedInterfaces, capabilities, security, ...official } = await asOfficial(CARD);
    const ours = toLegacyCard(CARD);
    expect(ours).toMatchObject(official);
    // 0.3 wants the patch in its version, and the preferred interface among the additional ones (0.3, 5.6.2).
    expect([protocolVersion, ours["protocolVersion"]]).toEqual(["0.3", "0.3.0"]);
    expect(ours["additionalInterfaces"]).toEqual([{ url: BASE, transport: "JSONRPC" }, ...(additionalInterfaces as object[])]);
    expect(ours["capabilities"]).toEqual({
      ...(capabilities as object),
      extensions: CARD.capabilities.extensions,
    });
    // OpenAPI gives scopes to oauth2 and openIdConnect alone; the official server passes on whatever 1.0 says.
    expect(security).toEqual([{ bearer: ["call"] }, { openId: ["call"] }, { apiKey: [] }]);
    expect(ours["security"]).toEqual([{ bearer: [] }, { openId: ["call"] }, { apiKey: [] }]);
    expect(ours["supportedInterfaces"]).toEqual(CARD.supportedInterfaces);
    expect(supportedInterfaces).toMatchObject(CARD.supportedInterfaces);
  });

  it("says that there is an extended card where 0.3 looks for it", () => {
    const having = (extendedAgentCard: boolean) => ({ ...CARD, capabilities: { ...CARD.capabilities, extendedAgentCard } });
    for (const form of [toLegacyCard, withLegacyFields]) {
      expect(form(having(true))).toMatchObject({ supportsAuthenticatedExtendedCard: true });
      expect(form(having(false))).not.toHaveProperty("supportsAuthenticatedExtendedCard");
    }
  });
});

describe("a card for clients that do not say their version", () => {
  it("is the 1.0 card, for every reader of 1.0", () => {
    expect(AgentCard.toJSON(AgentCard.fromJSON(withLegacyFields(CARD)))).toEqual(AgentCard.toJSON(AgentCard.fromJSON(CARD)));
  });

  it("says where and how 0.3 is spoken", () => {
    expect(withLegacyFields(CARD)).toMatchObject({ url: BASE, preferredTransport: "JSONRPC", protocolVersion: "0.3.0" });
  });
});

describe("a deployed card", () => {
  it("offers 1.0 before 0.3, and JSON-RPC before HTTP+JSON, all at its own address", () => {
    expect(CARD.supportedInterfaces.map(({ url, ...how }) => [url, ...Object.values(how)])).toEqual([
      [BASE, "JSONRPC", "1.0"],
      [BASE, "HTTP+JSON", "1.0"],
      [BASE, "JSONRPC", "0.3"],
      [BASE, "HTTP+JSON", "0.3"],
    ]);
  });

  it("says nothing about security of its own: only what the deployment checks", () => {
    const claims = { ...CARD, securitySchemes: { mine: {} }, securityRequirements: [{ schemes: { mine: { list: [] } } }] };
    expect(deployedCard(claims, BASE, undefined)).not.toHaveProperty("securitySchemes");
    expect(deployedCard(claims, BASE, undefined)).not.toHaveProperty("securityRequirements");
    expect(deployedCard(claims, BASE, SECURITY)).toMatchObject(SECURITY);
  });

  it("declares each extension once, and what an agent says of it itself counts", () => {
    const uri = "urn:skein:ext:skill:v1";
    const own = { ...CARD, capabilities: { extensions: [{ uri, required: true }] } };
    const { extensions = [] } = withMeshExtensions(own).capabilities;
    const others = ["resume", "push", "chain", "governance", "interrupt"].map((name) => `urn:skein:ext:${name}:v1`);
    expect(extensions.map((each) => each.uri)).toEqual([uri, ...others, "https://kagent.dev/extensions/hitl/v1"]);
    expect(extensions[0]).toEqual({ uri, required: true, description: expect.stringContaining("skill") });
  });
});
