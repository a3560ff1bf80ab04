import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { chainKeyVariable } from "../../../cli/chain-key.ts";
import { chainKeys } from "../../../shared/chain/keys.ts";

let root: string;
let state: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "skein-chain-"));
  state = join(root, ".skein");
  vi.stubEnv("SKEIN_CHAIN_KEY", undefined);
});

afterEach(() => {
  rmSync(root, { recursive: true });
  vi.unstubAllEnvs();
});

describe("the key for delegations of a mesh on this machine", () => {
  it("is made at the first start, is one that the Workers sign with, and stays the same", async () => {
    const made = chainKeyVariable(root, state);
    const { sign, verify } = await chainKeys(made);
    expect([...verify.keys()]).toEqual([sign?.kid]);
    expect(chainKeyVariable(root, state)).toEqual(made);
    expect(chainKeyVariable(root, join(root, "fresh"))).not.toEqual(made);
  });

  it("is in a file that only its owner can read", () => {
    const { SKEIN_CHAIN_KEY: key } = chainKeyVariable(root, state);
    expect(readFileSync(join(state, "chain-key.json"), "utf8").trim()).toBe(key);
    expect(statSync(join(state, "chain-key.json")).mode & 0o777).toBe(0o600);
  });

  it("is the person's own where one is configured, in the environment before .dev.vars", () => {
    writeFileSync(join(root, ".dev.vars"), "SKEIN_CHAIN_KEY=from-the-file\n");
    expect(chainKeyVariable(root, state)).toEqual({ SKEIN_CHAIN_KEY: "from-the-file" });
    vi.stubEnv("SKEIN_CHAIN_KEY", "from-the-environment");
    expect(chainKeyVariable(root, state)).toEqual({ SKEIN_CHAIN_KEY: "from-the-environment" });
  });
});
