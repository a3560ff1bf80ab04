import { describe, expect, it } from "vitest";
import { firstBreach, interfaceOf } from "../../../shared/registry/card-rules.ts";
import { whyNotBeside } from "../../../shared/registry/neighbours.ts";
import type { AgentCard, AgentInterface, AgentSkill } from "../../../shared/task/a2a-types.ts";

const PLACE = "https://heron.org/agents/heron";
const at = (url: string, more: Partial<AgentInterface> = {}): AgentInterface => ({
  url,
  protocolBinding: "JSONRPC",
  protocolVersion: "1.0",
  ...more,
});
const skill = (more: Partial<AgentSkill> = {}): AgentSkill => ({
  id: "count",
  name: "Count",
  description: "Counts.",
  tags: ["birds"],
  ...more,
});
const card = (more: Partial<AgentCard> = {}): AgentCard => ({
  name: "heron",
  description: "Counts herons.",
  version: "1.0.0",
  supportedInterfaces: [at(PLACE)],
  capabilities: {},
  defaultInputModes: ["text/plain"],
  defaultOutputModes: ["text/plain"],
  skills: [skill()],
  ...more,
});

describe("a card", () => {
  it("that keeps all rules has no breach", () => {
    expect(firstBreach(card(), PLACE)).toBeUndefined();
  });

  // Sizes are held where the schema of cards is tested, which has the same.
  it.each<[string, Partial<AgentCard>, string, RegExp]>([
    ["has no two ids alike but for capitals", { skills: [skill(), skill({ id: "Count" })] }, "skills", /rename one of the two/],
    ["has no mode twice", { defaultInputModes: ["text/plain", "Text/Plain"] }, "defaultInputModes", /twice: keep one/],
    ["answers in types, not in patterns", { skills: [skill({ outputModes: ["text/*"] })] }, "skills[0].outputModes", /name the types/],
    [
      "is where all its interfaces are",
      { supportedInterfaces: [at(PLACE), at("https://stork.org/")] },
      "supportedInterfaces[1].url",
      /serve both from there/,
    ],
    [
      "is not at another port either",
      { supportedInterfaces: [at("https://heron.org:8443/agents/heron")] },
      "supportedInterfaces[0].url",
      /serve both/,
    ],
    ["speaks JSON-RPC of 1.0", { supportedInterfaces: [at(PLACE, { protocolVersion: "0.3" })] }, "supportedInterfaces", /add it/],
    ["wants no tenant in it", { supportedInterfaces: [at(PLACE, { tenant: "acme" })] }, "supportedInterfaces", /without a tenant/],
    ["asks for no credentials", { securityRequirements: [{ schemes: {} }] }, "securityRequirements", /the mesh has none/],
    [
      "requires no extension",
      { capabilities: { extensions: [{ uri: "urn:x", required: true }] } },
      "capabilities.extensions",
      /"urn:x" is required/,
    ],
    ["has no link but to the web", { documentationUrl: "javascript:alert(1)" }, "documentationUrl", /no web address/],
    [
      "has extensions of a size",
      { capabilities: { extensions: [{ uri: "urn:x", params: { a: "a".repeat(16_000) } }] } },
      "capabilities.extensions[0].params",
      /16000/,
    ],
    [
      "names its extensions shortly",
      { capabilities: { extensions: [{ uri: `urn:${"x".repeat(197)}` }] } },
      "capabilities.extensions[0].uri",
      /200 are the most/,
    ],
    ["says little of how it lets others in", { securitySchemes: { key: { a: "a".repeat(8_000) } } }, "securitySchemes", /leave it out/],
    [
      "says as little of it for a skill",
      { skills: [skill({ securityRequirements: [{ a: "a".repeat(8_000) }] })] },
      "skills[0].securityRequirements",
      /leave it out/,
    ],
    ["hides nothing in an example", { skills: [skill({ examples: ["ok", "count\u200B"] })] }, "skills[0].examples[1]", /nobody sees/],
    [
      "hides nothing in an extension",
      { capabilities: { extensions: [{ uri: "urn:x", description: "а\u202Eb" }] } },
      "capabilities.extensions[0].description",
      /nobody sees/,
    ],
    ["writes words in one script", { skills: [skill({ name: "Cоunt" })] }, "skills[0].name", /U\+043E/],
  ])("%s", (_rule, more, field, why) => {
    expect(firstBreach(card(more), PLACE)).toMatchObject({ field, why: expect.stringMatching(why), rule: expect.any(String) });
  });

  it("is spoken to at the first interface that the mesh can speak", () => {
    const [first, second] = [at("https://heron.org/1"), at("https://heron.org/2")];
    expect(interfaceOf([at(PLACE, { protocolBinding: "GRPC" }), at(PLACE, { protocolVersion: "0.3" }), first, second])).toBe(first);
  });
});

describe("an agent stands beside others", () => {
  const me = { name: "heron", publisher: "me", url: "https://heron.org", endpoint: "https://heron.org/rpc" };
  const other = { name: "stork", publisher: "you", url: "https://stork.org", endpoint: "https://stork.org/rpc", status: "listed" as const };

  it("where its name is told apart and its place is its own", () => {
    expect(whyNotBeside(me, [other], ["writer"])).toBeUndefined();
    expect(whyNotBeside(me, [{ ...me, status: "listed" }], [])).toBeUndefined();
  });

  it("whose names are alike, when they are its publisher's own", () => {
    expect(whyNotBeside(me, [{ ...other, name: "her-on", publisher: "me" }], [])).toBeUndefined();
    expect(whyNotBeside(me, [{ ...other, name: "her-on" }], [])).toMatchObject({ field: "name" });
    expect(whyNotBeside(me, [], ["her0n"])).toMatchObject({ field: "name" });
  });

  it("at no address of theirs, as long as they are not revoked", () => {
    expect(whyNotBeside(me, [{ ...other, url: me.url }], [])).toMatchObject({
      field: "url",
      why: expect.stringMatching(/"stork" answers/),
    });
    expect(whyNotBeside(me, [{ ...other, endpoint: me.endpoint }], [])).toMatchObject({ field: "supportedInterfaces" });
    expect(whyNotBeside(me, [{ ...other, url: me.url, status: "revoked" }], [])).toBeUndefined();
  });
});
