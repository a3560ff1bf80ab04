/**
 * The canonical form of a card: defaults away as the proto's presence rules say, then RFC 8785. Written from the specification
 * alone, so that it can disagree with whoever signed. (A2A 1.0.1, 8.4.1)
 */
import type { Json, JsonObject } from "../shared/task/a2a-types.ts";
import { isObject } from "./agent.ts";

/** Fields that stay whatever their value: REQUIRED in the proto, by the message they are in. */
const REQUIRED: Readonly<Record<string, readonly string[]>> = {
  AgentCard: ["name", "description", "supportedInterfaces", "version", "capabilities", "defaultInputModes", "defaultOutputModes", "skills"],
  AgentInterface: ["url", "protocolBinding", "protocolVersion"],
  AgentProvider: ["url", "organization"],
  AgentSkill: ["id", "name", "description", "tags"],
  APIKeySecurityScheme: ["location", "name"],
  HTTPAuthSecurityScheme: ["scheme"],
  OAuth2SecurityScheme: ["flows"],
  OpenIdConnectSecurityScheme: ["openIdConnectUrl"],
  OAuthFlow: ["authorizationUrl", "tokenUrl", "deviceAuthorizationUrl", "scopes"],
};

/** Fields with `optional`: there when they were set. */
const OPTIONAL: Readonly<Record<string, readonly string[]>> = {
  AgentCard: ["documentationUrl", "iconUrl"],
  AgentCapabilities: ["streaming", "pushNotifications", "extendedAgentCard"],
};

/** Which message a field holds, or each element or value of it. */
const INNER: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  AgentCard: {
    supportedInterfaces: "AgentInterface",
    provider: "AgentProvider",
    capabilities: "AgentCapabilities",
    skills: "AgentSkill",
    securitySchemes: "map SecurityScheme",
    securityRequirements: "SecurityRequirement",
  },
  AgentCapabilities: { extensions: "AgentExtension" },
  AgentExtension: { params: "free" },
  AgentSkill: { securityRequirements: "SecurityRequirement" },
  SecurityRequirement: { schemes: "map StringList" },
  SecurityScheme: {
    apiKeySecurityScheme: "APIKeySecurityScheme",
    httpAuthSecurityScheme: "HTTPAuthSecurityScheme",
    oauth2SecurityScheme: "OAuth2SecurityScheme",
    openIdConnectSecurityScheme: "OpenIdConnectSecurityScheme",
    mtlsSecurityScheme: "MutualTlsSecurityScheme",
  },
  OAuth2SecurityScheme: { flows: "OAuthFlows" },
  OAuthFlows: {
    authorizationCode: "OAuthFlow",
    clientCredentials: "OAuthFlow",
    deviceCode: "OAuthFlow",
    implicit: "OAuthFlow",
    password: "OAuthFlow",
  },
};

/** What a signature of the card covers. */
export function canonicalCard({ signatures: _, ...card }: JsonObject): string {
  return canonicalJson(pruned(card, "AgentCard"));
}

function pruned(value: Json, type: string): Json {
  if (type === "free") return value;
  if (Array.isArray(value)) return value.map((each) => pruned(each, type));
  if (!isObject(value)) return value;
  if (type.startsWith("map ")) return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, pruned(each, type.slice(4))]));
  const stays = new Set([...(REQUIRED[type] ?? []), ...(OPTIONAL[type] ?? [])]);
  // A message that is set is told apart from one that is not; only lists, maps and plain values have defaults.
  const entries = Object.entries(value).filter(([name, each]) => stays.has(name) || !isDefault(each, INNER[type]?.[name]));
  return Object.fromEntries(entries.map(([name, each]) => [name, pruned(each, INNER[type]?.[name] ?? "")]));
}

function isDefault(value: Json, type: string | undefined): boolean {
  if (value === null || value === "" || value === false || value === 0) return true;
  if (Array.isArray(value)) return value.length === 0;
  const isMap = type === undefined || type.startsWith("map ");
  return isMap && isObject(value) && Object.keys(value).length === 0;
}

/** RFC 8785: names by their UTF-16 units, numbers and texts as ECMAScript writes them. */
function canonicalJson(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (!isObject(value)) return JSON.stringify(value);
  const names = Object.keys(value).sort();
  return `{${names.map((name) => `${JSON.stringify(name)}:${canonicalJson(value[name] ?? null)}`).join(",")}}`;
}
