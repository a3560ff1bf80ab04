/**
 * The key that signs the delegations of a mesh on this machine: made at the first start, kept beside the state, and handed to
 * every Worker, so that each takes what the others have signed. Never shown.
 */
import { join } from "node:path";
import { variablesOf } from "./access.ts";
import { newCardKey } from "./card-keys.ts";
import { keptOnce } from "./kept-once.ts";

/**
 * What the Workers are given: the key that the person has configured, else that of this machine.
 * @param state the folder for everything the mesh keeps
 */
export function chainKeyVariable(root: string, state: string): { SKEIN_CHAIN_KEY: string } {
  const { SKEIN_CHAIN_KEY: configured } = variablesOf(root, ["SKEIN_CHAIN_KEY"]);
  return { SKEIN_CHAIN_KEY: configured ?? keptOnce(join(state, "chain-key.json"), () => JSON.stringify(newCardKey("EdDSA"))) };
}
