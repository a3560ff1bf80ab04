/**
 * The key with which a mesh keeps what its callers want kept secret. On this machine it is made at the first start and stays
 * beside the state, which is worth nothing without it, in a file that nobody else can read; it is never shown.
 */
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { variablesOf } from "./access.ts";

/**
 * What the Workers are given: the key that the person has configured, else that of this machine.
 * @param state the folder for everything the mesh keeps
 */
export function secretsKeyVariable(root: string, state: string): { SKEIN_SECRETS_KEY: string } {
  const { SKEIN_SECRETS_KEY: configured } = variablesOf(root, ["SKEIN_SECRETS_KEY"]);
  return { SKEIN_SECRETS_KEY: configured ?? localKey(join(state, "secrets.key")) };
}

function localKey(file: string): string {
  if (!existsSync(file)) writeUnlessThere(file, `${randomBytes(32).toString("base64")}\n`);
  return readFileSync(file, "utf8").trim();
}

/** "wx": of two meshes that start together, the second one takes the key of the first. */
function writeUnlessThere(file: string, text: string): void {
  mkdirSync(join(file, ".."), { recursive: true });
  try {
    writeFileSync(file, text, { flag: "wx", mode: 0o600 });
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  }
}
