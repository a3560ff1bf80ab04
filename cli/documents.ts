/**
 * Files as the parts of a message: which ones can be read, under which name, and where they open again.
 */
import { existsSync, globSync, readFileSync, statSync } from "node:fs";
import { basename, extname, join, relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Part } from "../shared/task/a2a-types.ts";
import { CommandError } from "./terminal.ts";

const TEXT_TYPES: Readonly<Record<string, string>> = {
  ".md": "text/markdown",
  ".markdown": "text/markdown",
  ".txt": "text/plain",
  ".html": "text/html",
  ".htm": "text/html",
  ".csv": "text/csv",
  ".yaml": "application/yaml",
  ".yml": "application/yaml",
  ".json": "application/json",
};
const BINARY_TYPES: Readonly<Record<string, string>> = { ".pdf": "application/pdf" };

/** One request holds at most this much: a mesh refuses bodies of 10 MB, and base64 adds a third. */
const BATCH_BYTES = 2_000_000;
const BATCH_DOCUMENTS = 20;

export interface Documents {
  readonly files: readonly string[];
  /** How many files were passed over because nobody could read them. */
  readonly skipped: number;
  /** What the documents' names are relative to. */
  readonly folder: string;
}

/** The documents in a folder and below, without what is hidden or installed. */
export function documentsIn(folder: string): Documents {
  const root = resolve(folder);
  if (!existsSync(root)) throw new CommandError(`there is no folder ${folder}: give --docs one that holds documents`);
  if (!statSync(root).isDirectory()) return { files: [root], skipped: 0, folder: resolve(root, "..") };
  const all = globSync("**/*", { cwd: root, exclude: (name) => /^(\.|node_modules$)/.test(basename(name)) })
    .map((name) => join(root, name))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile())
    .sort();
  const files = all.filter((path) => mediaTypeOf(path) !== undefined);
  if (files.length === 0)
    throw new CommandError(
      `no document in ${folder} can be read: there should be some of ${[...Object.keys(TEXT_TYPES), ".pdf"].join(" ")}`,
    );
  return { files, skipped: all.length - files.length, folder: root };
}

/** What this project says about itself. */
export function projectDocuments(root: string): Documents {
  const files = ["README.md", ...globSync(["docs/**/*.md", "contracts/*.yaml"], { cwd: root }).sort()]
    .map((name) => join(root, name))
    .filter((path) => existsSync(path));
  return { files, skipped: 0, folder: root };
}

/** @throws CommandError when there is no such file */
export function partFor(path: string, folder = resolve(path, "..")): Part {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw new CommandError(`cannot read ${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
  const mediaType = mediaTypeOf(path) ?? "application/octet-stream";
  const content = extname(path).toLowerCase() in TEXT_TYPES ? { text: bytes.toString("utf8") } : { raw: bytes.toString("base64") };
  return { ...content, filename: relative(folder, path), mediaType, metadata: { uri: pathToFileURL(resolve(path)).href } };
}

/** The part as an agent takes it: text of a kind it does not know by name is still text. Undefined when it takes no such thing. */
export function partTaken(part: Part, modes: readonly string[]): Part | undefined {
  const type = part.mediaType ?? "text/plain";
  if (modes.some((mode) => mode === type || mode === "*/*" || mode === type.replace(/\/.*$/, "/*"))) return part;
  return part.text !== undefined && modes.includes("text/plain") ? { ...part, mediaType: "text/plain" } : undefined;
}

/** Parts in groups that fit into one request each; a document too large for a group is one of its own. */
export function batches(parts: readonly Part[]): Part[][] {
  const groups: Part[][] = [];
  let room = 0;
  for (const part of parts) {
    const size = (part.text ?? part.raw ?? "").length;
    const group = groups.at(-1);
    if (group === undefined || size > room || group.length === BATCH_DOCUMENTS) {
      groups.push([part]);
      room = BATCH_BYTES - size;
    } else {
      group.push(part);
      room -= size;
    }
  }
  return groups;
}

function mediaTypeOf(path: string): string | undefined {
  const extension = extname(path).toLowerCase();
  return TEXT_TYPES[extension] ?? BINARY_TYPES[extension];
}
