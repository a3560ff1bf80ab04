/**
 * The keys that sign the cards of a mesh: how one is made, and where those of a mesh on this machine are kept. A private key
 * is written to one file that nobody else can read, and handed to the Workers; it is never shown.
 */
import { createHash, generateKeyPairSync } from "node:crypto";
import { join } from "node:path";
import { variablesOf } from "./access.ts";
import { keptOnce } from "./kept-once.ts";
import { CommandError } from "./terminal.ts";

export type Algorithm = "ES256" | "EdDSA";

/** A JSON Web Key; with `d` it is private. (RFC 7517) */
export interface CardKey {
  readonly kid: string;
  readonly kty: string;
  readonly crv: string;
  readonly x: string;
  readonly y?: string;
  readonly d?: string;
}

/** @returns a private key whose `kid` is its thumbprint (RFC 7638), so that no two are called the same */
export function newCardKey(algorithm: Algorithm): CardKey {
  const { privateKey } = algorithm === "ES256" ? generateKeyPairSync("ec", { namedCurve: "P-256" }) : generateKeyPairSync("ed25519");
  const { kty = "", crv = "", x = "", y, d = "" } = privateKey.export({ format: "jwk" });
  const named = { crv, kty, x, ...(y !== undefined && { y }) };
  return { kid: createHash("sha256").update(JSON.stringify(named)).digest("base64url"), ...named, d };
}

/**
 * What the Workers are given: the keys that the person has configured, else those of this machine, made when there are none.
 * @param state the folder for everything the mesh keeps
 * @throws CommandError when the file was damaged
 */
export function cardKeyVariables(root: string, state: string): { CARD_SIGNING_KEYS: string } {
  const { CARD_SIGNING_KEYS: configured } = variablesOf(root, ["CARD_SIGNING_KEYS"]);
  return { CARD_SIGNING_KEYS: configured ?? localKeys(state) };
}

function localKeys(state: string): string {
  const file = join(state, "card-keys.json");
  const text = keptOnce(file, () => JSON.stringify({ keys: [newCardKey("ES256")] }));
  if (!isKeySet(text)) throw new CommandError(`${file} is damaged: delete it, and the mesh makes another key`);
  return text;
}

function isKeySet(text: string): boolean {
  try {
    const { keys } = JSON.parse(text) as { keys?: unknown };
    return Array.isArray(keys) && keys.length > 0;
  } catch {
    return false;
  }
}
