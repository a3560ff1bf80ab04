/**
 * The key with which a mesh keeps what its callers want kept secret. On this machine it is made at the first start and stays
 * beside the state, which is worth nothing without it, in a file that nobody else can read; it is never shown.
 */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { variablesOf } from "./access.ts";
import { keptOnce } from "./kept-once.ts";

/**
 * What the Workers are given: the key that the person has configured, else that of this machine.
 * @param state the folder for everything the mesh keeps
 */
export function secretsKeyVariable(root: string, state: string): { SKEIN_SECRETS_KEY: string } {
  const { SKEIN_SECRETS_KEY: configured } = variablesOf(root, ["SKEIN_SECRETS_KEY"]);
  return { SKEIN_SECRETS_KEY: configured ?? keptOnce(join(state, "secrets.key"), () => randomBytes(32).toString("base64")) };
}
