import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { freePort } from "../../cli/port.ts";

// Two starts of one folder's mesh on the same state, as a person makes them: what the first read, the second must not know.

const REPOSITORY = fileURLToPath(new URL("../..", import.meta.url));
const COPIED = ["cli", "agents", "agent-cards", "contracts", "shared", "workers", "wrangler.toml", "package.json"];

let root: string;
let documents: string;

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "skein-start-"));
  documents = mkdtempSync(join(tmpdir(), "skein-docs-"));
  for (const name of COPIED) cpSync(join(REPOSITORY, name), join(root, name), { recursive: true });
  symlinkSync(join(REPOSITORY, "node_modules"), join(root, "node_modules"));
  mkdirSync(join(documents, "herons"));
  mkdirSync(join(documents, "kites"));
  writeFileSync(join(documents, "herons/heron.txt"), "A heron waits 12 minutes for a fish.\n");
  writeFileSync(join(documents, "kites/kite.yaml"), "# Birds of prey.\n\nkite:\n  speed: 44\n");
});
afterAll(() => {
  for (const folder of [root, documents]) rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
});

async function start(folder: string, question: string): Promise<{ answer: string; told: string }> {
  const env = { ...process.env, npm_lifecycle_event: undefined, PORT: String(await freePort()), NO_COLOR: "1" };
  const args = ["cli/start.ts", "--once", "--docs", join(documents, folder), question];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { cwd: root, env });
  return { answer: stdout, told: stderr };
}

it("npm start answers from the given folder, and not from the one of an earlier start", async () => {
  const question = "What is the speed of a kite, and how long does a heron wait for a fish?";
  const first = await start("herons", question);
  expect(first.answer).toContain("12 minutes");
  const second = await start("kites", question);
  expect(second.told).toContain("Forgot 1 earlier document");
  expect(second.answer).toContain("speed: 44");
  expect(second.answer).not.toContain("12 minutes");
  expect(second.told).toContain(`${join(documents, "kites/kite.yaml")}:4`);
});
