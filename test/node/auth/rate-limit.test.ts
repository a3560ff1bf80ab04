import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { RATE_PERIOD_SECONDS } from "../../../shared/auth/rate-limit.ts";

const ROOT = new URL("../../../", import.meta.url);
const agents = readdirSync(new URL("agents", ROOT), { withFileTypes: true }).filter((entry) => entry.isDirectory());
const configs = ["wrangler.toml", "cli/templates/wrangler.toml.txt", ...agents.map(({ name }) => `agents/${name}/wrangler.toml`)];

function limitsIn(path: string): string[][] {
  const blocks = readFileSync(new URL(path, ROOT), "utf8").matchAll(
    /^\[\[ratelimits\]\]\nname = "(\w+)"\nnamespace_id = "(\d+)"\nsimple = \{ limit = (\d+), period = (\d+) \}$/gm,
  );
  return [...blocks].map(([, ...values]) => values);
}

describe("every Worker that callers reach", () => {
  it.each(configs)("counts them, and tells them the period that it counts by: %s", (path) => {
    expect(limitsIn(path)).toEqual([["RATE_LIMIT", expect.any(String), expect.any(String), String(RATE_PERIOD_SECONDS)]]);
  });

  it("counts them together with the others", () => {
    expect(new Set(configs.map((path) => limitsIn(path).join())).size).toBe(1);
  });
});
