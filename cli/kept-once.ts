/**
 * What is made at the first start of a mesh on this machine and stays: a text in a file that nobody else can read. It is
 * handed to the Workers, and never shown.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/** @returns what is in the file, made first when there is none */
export function keptOnce(file: string, make: () => string): string {
  if (!existsSync(file)) writeUnlessThere(file, `${make()}\n`);
  return readFileSync(file, "utf8").trim();
}

/** "wx": of two meshes that start together, the second one takes what the first has made. */
function writeUnlessThere(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  try {
    writeFileSync(file, text, { flag: "wx", mode: 0o600 });
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  }
}
