import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { calculateJwkThumbprint } from "jose";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type CardKey, cardKeyVariables } from "../../../cli/card-keys.ts";
import { cardKeysOf } from "../../../shared/a2a/card/keys.ts";

const COMMAND = fileURLToPath(new URL("../../../cli/card-key.ts", import.meta.url));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "skein-test-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function run(...args: string[]): { status: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["--no-warnings", COMMAND, ...args], { cwd: folder, encoding: "utf8" });
  return { status, out: stdout, err: stderr };
}

const text = (file = "card-keys.json") => readFileSync(join(folder, file), "utf8");
const keys = () => (JSON.parse(text()) as { keys: CardKey[] }).keys;
const only = (mode: number) => mode & 0o777;

/** How the Workers take it: who signs, and who can be verified. */
async function taken() {
  const read = await cardKeysOf({ CARD_SIGNING_KEYS: text() });
  if (read.mode !== "ready") throw new Error(`the Workers say: ${read.mode}`);
  return { signing: read.signers.map(({ kid }) => kid), published: read.published.map(({ kid }) => kid) };
}

describe("npm run card:key", () => {
  it.each(["ES256", "EdDSA"])(
    "makes a key for %s that the Workers take, in a file of its owner's, and shows nothing of it",
    async (alg) => {
      const { status, out, err } = run("--alg", alg);
      expect([status, err]).toEqual([0, ""]);
      const [key] = keys();
      expect(await taken()).toEqual({ signing: [key?.kid], published: [key?.kid] });
      expect(key?.kid).toBe(await calculateJwkThumbprint({ ...key, kty: key?.kty ?? "" }));
      expect(only(statSync(join(folder, "card-keys.json")).mode)).toBe(0o600);
      expect(out).toContain("npx wrangler secret put CARD_SIGNING_KEYS -c agents/writer/wrangler.toml < card-keys.json");
      expect(out).not.toContain(key?.d);
    },
  );

  it("changes keys in three steps: both sign, the new one signs, and the old one is known until it is taken out", async () => {
    run();
    const [old] = keys();
    expect(run("--add", "--alg", "EdDSA").out).toContain(`--retire=${old?.kid}`);
    const [fresh] = keys();
    expect(await taken()).toEqual({ signing: [fresh?.kid, old?.kid], published: [fresh?.kid, old?.kid] });
    expect(run(`--retire=${old?.kid}`).status).toBe(0);
    expect(await taken()).toEqual({ signing: [fresh?.kid], published: [fresh?.kid, old?.kid] });
    expect(only(statSync(join(folder, "card-keys.json")).mode)).toBe(0o600);
    expect(readdirSync(folder)).toEqual(["card-keys.json"]);
  });

  it.each<[string, string[], number, string]>([
    ["to make a key where there are some", [], 1, "--add makes another"],
    ["to retire a key that is not there", ["--retire=-nobody"], 1, 'there is no key "-nobody"'],
    ["to add to a file that is not there", ["--add", "--file", "other.json"], 1, "other.json is not there"],
    ["another algorithm", ["--add", "--alg", "RS256"], 2, "take ES256 or EdDSA"],
    ["two steps at once", ["--add", "--retire=x"], 2, "are two steps"],
  ])("refuses %s, says what to do, and leaves the file", (_what, args, status, advice) => {
    run();
    const before = text();
    const refused = run(...args);
    expect([refused.status, refused.out]).toEqual([status, ""]);
    expect(refused.err).toContain(advice);
    expect(text()).toBe(before);
  });

  it("refuses to retire the only key that signs, and to read what is no key set", () => {
    run();
    expect(run(`--retire=${keys()[0]?.kid}`).err).toContain("make another one first");
    for (const damaged of ["{", "[]", '{"keys":[]}', '{"keys":[{"secret":"hunter2"}]}']) {
      writeFileSync(join(folder, "card-keys.json"), damaged);
      const { status, err } = run("--add");
      expect(status).toBe(1);
      expect(err).toMatch(/is no (?:JSON|key set)/);
      expect(err).not.toContain("hunter2");
    }
  });
});

describe("a mesh on this machine", () => {
  it("signs with one key, made once, that only its owner can read", async () => {
    const state = join(folder, ".skein");
    const { CARD_SIGNING_KEYS } = cardKeyVariables(folder, state);
    expect(await cardKeysOf({ CARD_SIGNING_KEYS })).toMatchObject({ mode: "ready", signers: [{ alg: "ES256" }] });
    expect(cardKeyVariables(folder, state)).toEqual({ CARD_SIGNING_KEYS });
    expect(only(statSync(join(state, "card-keys.json")).mode)).toBe(0o600);
  });

  it("has another key in another state folder", () => {
    expect(cardKeyVariables(folder, join(folder, "a"))).not.toEqual(cardKeyVariables(folder, join(folder, "b")));
  });

  it("signs with the keys that the person has configured, and makes none", () => {
    writeFileSync(join(folder, ".dev.vars"), "CARD_SIGNING_KEYS='{\"keys\":[]}'\n");
    expect(cardKeyVariables(folder, join(folder, ".skein"))).toEqual({ CARD_SIGNING_KEYS: '{"keys":[]}' });
    expect(readdirSync(folder)).toEqual([".dev.vars"]);
  });

  it("says what to do about a damaged file", () => {
    cardKeyVariables(folder, folder);
    writeFileSync(join(folder, "card-keys.json"), "{");
    expect(() => cardKeyVariables(folder, folder)).toThrow(/card-keys\.json is damaged: delete it/);
  });
});
