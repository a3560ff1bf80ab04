/**
 * What a published card is known by: a digest that whoever has the card can compute anew, the registry when it is published and
 * anybody who checks the log. Pure.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import type { AgentCard, JsonObject } from "../../task/a2a-types.ts";
import { canonicalJson, withoutDefaults } from "./canonical-form.ts";

/**
 * @param card as it is read, and kept: what A2A does not know is not in it
 * @returns SHA-256 in hex of its canonical form without its signatures (A2A 1.0.1, 8.4.1); `none` for a card that has no such form,
 *   which cannot be signed either
 */
export function cardDigest(card: AgentCard): string {
  try {
    return bytesToHex(sha256(utf8ToBytes(canonicalJson(withoutDefaults(card as unknown as JsonObject)))));
  } catch {
    return "none";
  }
}
