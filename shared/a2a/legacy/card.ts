/**
 * A card for clients of A2A 0.3: whole, in their shape, or as the few fields that they need beside those of 1.0. Pure; it
 * takes a card as it is deployed, and signs nothing.
 */
import type { AgentCard, Json, JsonObject } from "../../task/a2a-types.ts";
import { isObject } from "../json-object.ts";
import { LEGACY_VERSION } from "../version.ts";

/** What 0.3 wants in `protocolVersion`: with the patch. */
const PROTOCOL_VERSION = `${LEGACY_VERSION}.0`;

/**
 * A 1.0 card that a 0.3 client can use too: such clients ask for the card without saying their version. Readers of 1.0 pass
 * over the fields they do not know.
 */
export function withLegacyFields(card: AgentCard): JsonObject {
  return { ...(card as unknown as JsonObject), ...connection(card) };
}

/** The card as 0.3 defines it, with the 1.0 interfaces in it for clients on their way. */
export function toLegacyCard(card: AgentCard): JsonObject {
  const { name, description, version, provider, documentationUrl, iconUrl, capabilities, defaultInputModes, defaultOutputModes } = card;
  const { streaming, pushNotifications, extensions } = capabilities;
  const { securitySchemes, securityRequirements } = card;
  return definedOnly({
    name,
    description,
    version,
    provider,
    documentationUrl,
    iconUrl,
    ...connection(card),
    supportedInterfaces: card.supportedInterfaces,
    capabilities: definedOnly({ streaming, pushNotifications, extensions }),
    defaultInputModes,
    defaultOutputModes,
    skills: card.skills,
    securitySchemes:
      securitySchemes && Object.fromEntries(Object.entries(securitySchemes).map(([key, scheme]) => [key, toLegacyScheme(scheme)])),
    security: securityRequirements?.map((each) => toLegacyRequirement(each, securitySchemes ?? {})),
  });
}

function connection({ supportedInterfaces, capabilities: { extendedAgentCard } }: AgentCard): JsonObject {
  const interfaces = supportedInterfaces
    .filter(({ protocolVersion }) => protocolVersion === LEGACY_VERSION)
    .map(({ url, protocolBinding }) => ({ url, transport: protocolBinding }));
  const [preferred] = interfaces;
  return {
    protocolVersion: PROTOCOL_VERSION,
    ...(preferred && { url: preferred.url, preferredTransport: preferred.transport, additionalInterfaces: interfaces }),
    // Never `false`: whoever drops what is a default, also where it is unknown, must see the card that was signed.
    ...(extendedAgentCard === true && { supportsAuthenticatedExtendedCard: true }),
  };
}

/**
 * 1.0: `{ "schemes": { "bearer": { "list": ["call"] } } }`; 0.3: `{ "bearer": [] }`, as OpenAPI 3.0 wants it, where only
 * oauth2 and openIdConnect have scopes and the list of every other scheme is empty. (OpenAPI 3.0.3, 4.7.30)
 */
function toLegacyRequirement({ schemes }: JsonObject, declared: Readonly<Record<string, JsonObject>>): JsonObject {
  return Object.fromEntries(
    Object.entries(membersOf(schemes)).map(([name, scopes]) => {
      const hasScopes = Object.keys(declared[name] ?? {}).some((kind) => WITH_SCOPES.has(kind));
      return [name, hasScopes ? (membersOf(scopes)["list"] ?? []) : []];
    }),
  );
}

const WITH_SCOPES: ReadonlySet<string> = new Set(["oauth2SecurityScheme", "openIdConnectSecurityScheme"]);

const TYPES: Readonly<Record<string, string>> = {
  apiKeySecurityScheme: "apiKey",
  httpAuthSecurityScheme: "http",
  openIdConnectSecurityScheme: "openIdConnect",
  oauth2SecurityScheme: "oauth2",
  mtlsSecurityScheme: "mutualTLS",
};

/** 1.0 names the kind of a scheme by its member, 0.3 (as OpenAPI) by `type`, and calls the place of a key `in`. */
function toLegacyScheme(scheme: JsonObject): JsonObject {
  const [[kind, content] = ["", {}]] = Object.entries(scheme);
  const { location, ...rest } = membersOf(content);
  return { type: TYPES[kind] ?? kind, ...rest, ...(location !== undefined && { in: location }) };
}

function membersOf(value: Json | undefined): JsonObject {
  return isObject(value) ? value : {};
}

function definedOnly(fields: object): JsonObject {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
