/**
 * From a `wrangler.toml` to a bundle: what `wrangler deploy` would upload, so that what is measured is what would be
 * deployed. Nothing leaves the machine (`--dry-run`).
 */
import { execFile } from "node:child_process";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { unstable_readConfig as readConfig, type Unstable_Config as WranglerConfig } from "wrangler";

const QUIET = {
  WRANGLER_SEND_METRICS: "false",
  WRANGLER_SEND_ERROR_REPORTS: "false",
  WRANGLER_HIDE_BANNER: "true",
  DO_NOT_TRACK: "1",
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
};

export interface Bundle {
  readonly config: WranglerConfig;
  /** Files of the bundle, the entry first. */
  readonly modules: readonly BundledModule[];
}

interface BundledModule {
  /** As the other modules import it. */
  readonly name: string;
  readonly path: string;
  readonly kind: "esModule" | "text" | "wasm";
}

/**
 * @param out an empty folder for the bundle
 * @param configPath the Worker's `wrangler.toml`, from the root of the project
 * @param entry another entry than the configuration's `main`
 * @throws Error with wrangler's own words when the Worker cannot be bundled
 */
export async function bundle(root: string, out: string, configPath: string, entry?: string): Promise<Bundle> {
  const wrangler = join(root, "node_modules", "wrangler", "bin", "wrangler.js");
  const args = [wrangler, "deploy", ...(entry ? [entry] : []), "--config", configPath, "--dry-run", "--outdir", out];
  try {
    await promisify(execFile)(process.execPath, args, { cwd: root, env: { ...process.env, ...QUIET } });
  } catch (error) {
    const said = error instanceof Error && "stderr" in error ? String(error.stderr).trim() : String(error);
    throw new Error(`${configPath} cannot be bundled:\n${said}`);
  }
  const modules = (await readdir(out)).flatMap((file) => moduleOf(out, file));
  return { config: readConfig({ config: join(root, configPath) }), modules: modules.sort((a, b) => rank(a) - rank(b)) };
}

/** Wrangler puts the entry beside source maps, a README, and the modules that `[[rules]]` keep apart from it. */
function moduleOf(out: string, name: string): BundledModule[] {
  if (name.endsWith(".map") || name === "README.md") return [];
  const kind = name.endsWith(".js") || name.endsWith(".mjs") ? "esModule" : name.endsWith(".wasm") ? "wasm" : "text";
  return [{ name, path: join(out, name), kind }];
}

/** workerd takes the first module for the entry; a bundle has only one of JavaScript. */
function rank({ kind }: BundledModule): number {
  return kind === "esModule" ? 0 : 1;
}
