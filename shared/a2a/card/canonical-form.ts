/**
 * The forms of a card that a signature may be over: as the specification writes it (A2A 1.0.1, 8.4.1), and as parsers see
 * it that keep nothing but the fields they know. Pure: JSON in, JSON out. It signs nothing and adds nothing to a card.
 */
import type { Json, JsonObject } from "../../task/a2a-types.ts";
import { isObject } from "../json-object.ts";

/**
 * What becomes of a field: `kept` whenever it is there (it is REQUIRED, or `optional` in the proto), `plain` goes when its
 * value is the default; a message, a list of messages or a map of messages is looked into.
 */
type Field = "kept" | "plain" | Message | { readonly each: Message } | { readonly map: Message };
interface Message {
  readonly fields: Readonly<Record<string, Field>>;
}

const scopedFlow = { fields: { tokenUrl: "kept", refreshUrl: "plain", scopes: "kept" } } as const satisfies Message;
const requirements = { each: { fields: { schemes: { map: { fields: { list: "plain" } } } } } } as const satisfies Field;

const SCHEME: Message = {
  fields: {
    apiKeySecurityScheme: { fields: { description: "plain", location: "kept", name: "kept" } },
    httpAuthSecurityScheme: { fields: { description: "plain", scheme: "kept", bearerFormat: "plain" } },
    openIdConnectSecurityScheme: { fields: { description: "plain", openIdConnectUrl: "kept" } },
    mtlsSecurityScheme: { fields: { description: "plain" } },
    oauth2SecurityScheme: {
      fields: {
        description: "plain",
        oauth2MetadataUrl: "plain",
        flows: {
          fields: {
            authorizationCode: { fields: { ...scopedFlow.fields, authorizationUrl: "kept", pkceRequired: "plain" } },
            clientCredentials: scopedFlow,
            deviceCode: { fields: { ...scopedFlow.fields, deviceAuthorizationUrl: "kept" } },
            implicit: { fields: { authorizationUrl: "plain", refreshUrl: "plain", scopes: "plain" } },
            password: { fields: { tokenUrl: "plain", refreshUrl: "plain", scopes: "plain" } },
          },
        },
      },
    },
  },
};

const CARD: Message = {
  fields: {
    name: "kept",
    description: "kept",
    version: "kept",
    documentationUrl: "kept",
    iconUrl: "kept",
    defaultInputModes: "kept",
    defaultOutputModes: "kept",
    provider: { fields: { url: "kept", organization: "kept" } },
    supportedInterfaces: {
      each: { fields: { url: "kept", protocolBinding: "kept", protocolVersion: "kept", tenant: "plain" } },
    },
    capabilities: {
      fields: {
        streaming: "kept",
        pushNotifications: "kept",
        extendedAgentCard: "kept",
        // A Struct is a message: it is set or not, and what is in it is nobody's default.
        extensions: { each: { fields: { uri: "plain", description: "plain", required: "plain", params: "kept" } } },
      },
    },
    skills: {
      each: {
        fields: {
          id: "kept",
          name: "kept",
          description: "kept",
          tags: "kept",
          examples: "plain",
          inputModes: "plain",
          outputModes: "plain",
          securityRequirements: requirements,
        },
      },
    },
    securitySchemes: { map: SCHEME },
    securityRequirements: requirements,
  },
};
/** Lists that are REQUIRED stay when they are empty; of those that are looked into, these are. */
const REQUIRED_LISTS = new Set<Field | undefined>([CARD.fields["supportedInterfaces"], CARD.fields["skills"]]);

/**
 * A card without what is unset: `signatures` excluded, defaults removed unless the field is REQUIRED or `optional`. Fields
 * that A2A 1.0 does not know stay as they are. (8.4.1)
 */
export function withoutDefaults({ signatures: _, ...card }: JsonObject): JsonObject {
  return strip(card, CARD, true);
}

/**
 * A card as the official SDKs canonicalise it: unknown fields and everything empty are gone, at any depth. It differs from
 * `withoutDefaults` only where a card has the one or the other.
 */
export function asSdksReadIt({ signatures: _, ...card }: JsonObject): JsonObject {
  return (withoutEmpty(strip(card, CARD, false)) ?? {}) as JsonObject;
}

/**
 * RFC 8785.
 * @throws TypeError for a text with half a character (a lone surrogate), which has no canonical form (3.2.2.2)
 */
export function canonicalJson(value: Json): string {
  if (typeof value === "string" && !value.isWellFormed()) throw new TypeError("a text with a lone surrogate has no canonical form");
  // JSON.stringify writes numbers and texts as RFC 8785 wants them: the RFC took the rules from ECMAScript.
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join()}]`;
  // The default order of `sort`, by UTF-16 code units, is the RFC's.
  const members = Object.keys(value).sort();
  return `{${members.map((name) => `${canonicalJson(name)}:${canonicalJson(value[name] as Json)}`).join()}}`;
}

function strip(value: JsonObject, { fields }: Message, keepUnknown: boolean): JsonObject {
  const known = Object.entries(value).flatMap(([name, content]): [string, Json][] => {
    const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (field === undefined) return keepUnknown ? [[name, content]] : [];
    const left = stripField(content, field, keepUnknown);
    return left === undefined ? [] : [[name, left]];
  });
  // Not by assignment: a member called __proto__ is a member.
  return Object.fromEntries(known);
}

function stripField(value: Json, field: Field, keepUnknown: boolean): Json | undefined {
  // ProtoJSON's null is a field that is not set.
  if (value === null) return undefined;
  if (field === "kept") return value;
  if (field === "plain") return isDefault(value) ? undefined : value;
  const inside = (each: Json, message: Message) => (isObject(each) ? strip(each, message, keepUnknown) : each);
  if ("fields" in field) return inside(value, field);
  if ("each" in field) {
    if (!Array.isArray(value) || (value.length === 0 && !REQUIRED_LISTS.has(field))) return isDefault(value) ? undefined : value;
    return value.map((each) => inside(each, field.each));
  }
  if (!isObject(value) || isDefault(value)) return isDefault(value) ? undefined : value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, inside(each, field.map)]));
}

function isDefault(value: Json): boolean {
  if (typeof value === "object" && value !== null) return Object.keys(value).length === 0;
  return value === "" || value === false || value === 0;
}

/** @returns undefined for what is empty, or holds nothing but what is empty */
function withoutEmpty(value: Json): Json | undefined {
  if (value === null || value === "") return undefined;
  if (typeof value !== "object") return value;
  if (Array.isArray(value)) {
    const left = value.map(withoutEmpty).filter((each) => each !== undefined);
    return left.length === 0 ? undefined : left;
  }
  const left = Object.entries(value).flatMap(([name, each]) => {
    const content = withoutEmpty(each);
    return content === undefined ? [] : [[name, content] as const];
  });
  return left.length === 0 ? undefined : Object.fromEntries(left);
}
