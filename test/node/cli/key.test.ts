import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { checkKey, type KeyRecord } from "../../../shared/auth/api-key.ts";
import { readConfiguration } from "../../../shared/auth/configuration.ts";

const COMMAND = fileURLToPath(new URL("../../../cli/key.ts", import.meta.url));

function key(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  return new Promise((resolve) => {
    const env = { ...process.env, AUTH_API_KEYS: "" };
    execFile(process.execPath, [COMMAND, ...args], { env }, (error, out, err) => resolve({ code: Number(error?.code ?? 0), out, err }));
  });
}

async function made(...args: string[]): Promise<{ key: string; record: KeyRecord }> {
  const { out, err } = await key("--json", ...args);
  expect(err).toBe("");
  const { key: text, record } = JSON.parse(out) as { key: string; record: object };
  const configuration = readConfiguration({ AUTH_API_KEYS: JSON.stringify([record]) });
  if (configuration.mode !== "required" || !configuration.keys[0]) throw new Error(JSON.stringify(configuration));
  return { key: text, record: configuration.keys[0] };
}

describe("npm run key", () => {
  it("makes a key that the mesh takes, with what was asked for", async () => {
    const { key: text, record } = await made("--app", "desk", "--scopes", "call, approve", "--tenant", "acme", "--expires", "90d");
    expect(record).toMatchObject({ tenant: "acme", app: "desk", subject: "desk", scopes: ["call", "approve"] });
    expect(await checkKey(text, [record], Date.now())).toEqual({ ok: true, record });
    const end = record.expires ?? 0;
    expect(Math.abs(end - Date.now() - 90 * 86_400_000)).toBeLessThan(60_000);
  });

  it("shows the key, what is kept of it, and what to do with both", async () => {
    const { out, code } = await key("--app", "desk", "--scopes", "call");
    expect(code).toBe(0);
    expect(out).toMatch(/skein_[0-9a-f]{8}_[\w-]{43}\n/);
    const [, list = ""] = /AUTH_API_KEYS='(.*)'/.exec(out) ?? [];
    expect(readConfiguration({ AUTH_API_KEYS: list }).mode).toBe("required");
    const [secret = ""] = /skein_[0-9a-f]{8}_[\w-]{43}/.exec(out) ?? [];
    expect(list).not.toContain(secret.slice(-43));
  });

  it.each<[string[], RegExp]>([
    [[], /whose key\?/],
    [["--app", "desk"], /what may it do\?/],
    [["--app", "desk", "--scopes", "all"], /--scopes must be among call/],
    [["--app", "my desk", "--scopes", "call"], /--app must be a name without spaces/],
    [["--app", "desk", "--scopes", "call", "--expires", "soon"], /"soon" is no time/],
    [["--app", "desk", "--scopes", "call", "--expires", "2001-01-01T00:00:00Z"], /is over/],
  ])("says what is wrong in one line: %j", async (args, line) => {
    const { code, out, err } = await key(...args);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err.trim().split("\n")).toEqual([expect.stringMatching(line)]);
  });
});
