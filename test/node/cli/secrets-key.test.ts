import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { secretsKeyVariable } from "../../../cli/secrets-key.ts";
import { readSecretKeys } from "../../../shared/auth/secret-box.ts";

let root: string;
let state: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "skein-secrets-"));
  state = join(root, ".skein");
  vi.stubEnv("SKEIN_SECRETS_KEY", undefined);
});

afterEach(() => {
  rmSync(root, { recursive: true });
  vi.unstubAllEnvs();
});

describe("the key for secrets of a mesh on this machine", () => {
  it("is made at the first start, is a usable one, and stays the same", async () => {
    const made = secretsKeyVariable(root, state);
    expect(await readSecretKeys(made)).toMatchObject({ ok: true });
    expect(secretsKeyVariable(root, state)).toEqual(made);
    expect(secretsKeyVariable(root, join(root, "fresh"))).not.toEqual(made);
  });

  it("is in a file that only its owner can read", () => {
    const { SKEIN_SECRETS_KEY: key } = secretsKeyVariable(root, state);
    expect(readFileSync(join(state, "secrets.key"), "utf8").trim()).toBe(key);
    expect(statSync(join(state, "secrets.key")).mode & 0o777).toBe(0o600);
  });

  it("is the person's own where one is configured, in the environment before .dev.vars", () => {
    writeFileSync(join(root, ".dev.vars"), "SKEIN_SECRETS_KEY=from-the-file\n");
    expect(secretsKeyVariable(root, state)).toEqual({ SKEIN_SECRETS_KEY: "from-the-file" });
    vi.stubEnv("SKEIN_SECRETS_KEY", "from-the-environment");
    expect(secretsKeyVariable(root, state)).toEqual({ SKEIN_SECRETS_KEY: "from-the-environment" });
  });
});
