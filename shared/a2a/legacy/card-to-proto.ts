/**
 * A 0.3 card as the HTTP+JSON binding writes it: the JSON of 0.3's proto. Pure. Fields that the proto does not have are left
 * out, and so are signatures: they are over the other form of the card.
 */
import type { Json, JsonObject } from "../../task/a2a-types.ts";
import { isObject } from "../json-object.ts";

const FIELDS = [
  "protocolVersion",
  "name",
  "description",
  "url",
  "preferredTransport",
  "additionalInterfaces",
  "provider",
  "version",
  "documentationUrl",
  "capabilities",
  "defaultInputModes",
  "defaultOutputModes",
  "supportsAuthenticatedExtendedCard",
];

/** 0.3 names the kind of a scheme by its type, as OpenAPI does; the proto by the member that is there. */
const MEMBERS: Readonly<Record<string, string>> = {
  apiKey: "apiKeySecurityScheme",
  http: "httpAuthSecurityScheme",
  oauth2: "oauth2SecurityScheme",
  openIdConnect: "openIdConnectSecurityScheme",
  mutualTLS: "mtlsSecurityScheme",
};

export function cardToProto(card: JsonObject): JsonObject {
  const { skills, securitySchemes, security } = card;
  return {
    ...Object.fromEntries(FIELDS.flatMap((name) => (card[name] === undefined ? [] : [[name, card[name]]]))),
    ...(isObject(securitySchemes) && {
      securitySchemes: Object.fromEntries(Object.entries(securitySchemes).map(([name, scheme]) => [name, schemeToProto(scheme)])),
    }),
    ...(Array.isArray(security) && { security: security.map(requirementToProto) }),
    ...(Array.isArray(skills) && { skills: skills.map(skillToProto) }),
  };
}

function skillToProto(skill: Json): Json {
  if (!isObject(skill) || !Array.isArray(skill["security"])) return skill;
  return { ...skill, security: skill["security"].map(requirementToProto) };
}

/** `{ "bearer": ["call"] }`; in the proto: `{ "schemes": { "bearer": { "list": ["call"] } } }`. */
function requirementToProto(requirement: Json): Json {
  if (!isObject(requirement)) return requirement;
  return { schemes: Object.fromEntries(Object.entries(requirement).map(([name, list]) => [name, isEmpty(list) ? {} : { list }])) };
}

/** ProtoJSON leaves out what has its default. */
function isEmpty(list: Json): boolean {
  return Array.isArray(list) && list.length === 0;
}

function schemeToProto(scheme: Json): Json {
  if (!isObject(scheme)) return scheme;
  const { type, in: location, ...rest } = scheme;
  const member = typeof type === "string" && Object.hasOwn(MEMBERS, type) ? MEMBERS[type] : undefined;
  return member === undefined ? scheme : { [member]: { ...rest, ...(location !== undefined && { location }) } };
}
