/**
 * A verifier of signed cards that knows nothing of how ours are made: the steps of A2A 1.0.1, 8.4.3, by the letter. It takes
 * defaults away by the names of fields, keeps fields it does not know, and asks whoever calls it for the keys.
 */
import { decodeProtectedHeader, flattenedVerify, importJWK, type JWK } from "jose";
import type { Json, JsonObject } from "../../../shared/task/a2a-types.ts";

type Signature = { protected: string; signature: string };

/** `optional` in the proto: set to its default is set. */
const OPTIONAL = new Set(["streaming", "pushNotifications", "extendedAgentCard", "documentationUrl", "iconUrl"]);
const MAPS = new Set(["securitySchemes", "schemes", "scopes"]);

function withoutDefaults(value: Json): Json {
  if (Array.isArray(value)) return value.map(withoutDefaults);
  if (typeof value !== "object" || value === null) return value;
  const set = Object.entries(value).filter(([name, each]) => {
    if (Array.isArray(each)) return each.length > 0;
    if (typeof each === "object" && each !== null) return !MAPS.has(name) || Object.keys(each).length > 0;
    return OPTIONAL.has(name) || (each !== "" && each !== false && each !== 0);
  });
  return Object.fromEntries(set.map(([name, each]) => [name, name === "params" ? each : withoutDefaults(each)]));
}

function canonical(value: Json): string {
  const sorted = (each: Json): Json => {
    if (Array.isArray(each)) return each.map(sorted);
    if (typeof each !== "object" || each === null) return each;
    return Object.fromEntries(
      Object.keys(each)
        .sort((a, b) => (a < b ? -1 : 1))
        .map((name) => [name, sorted(each[name] as Json)]),
    );
  };
  return JSON.stringify(sorted(value));
}

/**
 * @param signed the form that the signatures are over: 0.3 takes nothing away
 * @returns the `kid` of every signature that holds for the card as it was received
 */
export async function verifiedKids(
  received: string,
  keysAt: (jku: string) => Promise<{ keys: JWK[] }>,
  signed: "without defaults" | "as served" = "without defaults",
): Promise<string[]> {
  const { signatures, ...card } = JSON.parse(received) as JsonObject;
  const payload = Buffer.from(canonical(signed === "as served" ? card : withoutDefaults(card))).toString("base64url");
  const kids: string[] = [];
  for (const each of (signatures ?? []) as Signature[]) {
    const { kid = "", jku = "" } = decodeProtectedHeader(each);
    const key = (await keysAt(jku)).keys.find((candidate) => candidate.kid === kid);
    if (!key) continue;
    try {
      await flattenedVerify({ ...each, payload }, await importJWK(key));
      kids.push(kid);
    } catch {
      // Over another form of the card, or over another card.
    }
  }
  return kids;
}
