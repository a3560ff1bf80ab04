/**
 * Several Workers in one `workerd serve`, without the Node proxy of `wrangler dev`: service bindings, Durable Objects on
 * a folder of one's choice, variables. Workers reach this machine and nothing beyond it. Knows the bindings our Workers have, and refuses the others.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import type { Readable } from "node:stream";
import type { Bundle } from "./bundle.ts";
import { type Running, startProcess } from "./processes.ts";

export interface Served extends Running {
  /** Where each Worker listens, by its name. */
  readonly urls: ReadonlyMap<string, URL>;
}

/**
 * @param folder for the objects' SQLite files and the configuration; the caller's to delete
 * @throws Error with workerd's own words when it does not start
 */
export async function serve(root: string, bundles: readonly Bundle[], folder: string): Promise<Served> {
  const state = join(folder, "objects");
  await mkdir(state, { recursive: true });
  const config = join(folder, "workerd.capnp");
  await writeFile(config, configText(bundles, folder, state));
  const running = startProcess(join(root, "node_modules", ".bin", "workerd"), ["serve", "--control-fd=3", config]);
  try {
    return { ...running, urls: await listening(running, bundles.length) };
  } catch (error) {
    await running.stop();
    throw error;
  }
}

/** workerd writes one line of JSON for each socket, once it answers there. */
async function listening({ child, ended }: Running, sockets: number): Promise<Map<string, URL>> {
  const urls = new Map<string, URL>();
  const control = child.stdio[3] as Readable;
  const heard = new Promise<Map<string, URL>>((resolve) => {
    let text = "";
    control.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      const lines = text.split("\n");
      text = lines.pop() ?? "";
      for (const line of lines) {
        const event: { event: string; socket?: string; port?: number } = JSON.parse(line);
        if (event.event === "listen" && event.socket) urls.set(event.socket, new URL(`http://127.0.0.1:${event.port}`));
      }
      if (urls.size === sockets) resolve(urls);
    });
  });
  return Promise.race([heard, ended.then((said) => Promise.reject(new Error(`workerd did not start:\n${said}`)))]);
}

function configText(bundles: readonly Bundle[], folder: string, state: string): string {
  const names = bundles.map(({ config }) => nameOf(config));
  return `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "internet", network = (allow = ["local"])),
    (name = "objects", disk = (path = ${quote(state)}, writable = true)),
${bundles.map((bundle) => `    (name = ${quote(nameOf(bundle.config))}, worker = ${workerText(bundle, folder)}),`).join("\n")}
  ],
  sockets = [${names.map((name) => `(name = ${quote(name)}, address = "127.0.0.1:0", http = (), service = ${quote(name)})`).join(", ")}],
);
`;
}

function workerText({ config, modules }: Bundle, folder: string): string {
  // Relative, because an absolute path in Cap'n Proto is looked for in its import paths.
  const embedded = modules.map(({ name, path, kind }) => `(name = ${quote(name)}, ${kind} = embed ${quote(relative(folder, path))})`);
  const classes = config.migrations.flatMap((migration) => [
    ...(migration.new_sqlite_classes ?? []).map((name) => ({ name, sql: true })),
    ...(migration.new_classes ?? []).map((name) => ({ name, sql: false })),
  ]);
  const namespaces = classes.map(
    ({ name, sql }) => `(className = ${quote(name)}, uniqueKey = ${quote(`${nameOf(config)}-${name}`)}, enableSql = ${sql})`,
  );
  return `(
      modules = [${embedded.join(", ")}],
      compatibilityDate = ${quote(config.compatibility_date ?? "")},
      compatibilityFlags = [${config.compatibility_flags.map(quote).join(", ")}],
      durableObjectNamespaces = [${namespaces.join(", ")}],
      ${classes.length > 0 ? `durableObjectStorage = (localDisk = "objects"),` : ""}
      bindings = [${bindingTexts(config).join(", ")}],
    )`;
}

/** As long as the platform's own. */
const VERSION = { id: "00000000-0000-4000-8000-000000000000", tag: "", timestamp: "2026-01-01T00:00:00.000Z" };

function bindingTexts(config: Bundle["config"]): string[] {
  refuseUnknown(config);
  const vars = Object.entries(config.vars).map(([name, value]) =>
    typeof value === "string"
      ? `(name = ${quote(name)}, text = ${quote(value)})`
      : `(name = ${quote(name)}, json = ${quote(JSON.stringify(value))})`,
  );
  const objects = config.durable_objects.bindings.map(({ name, class_name, script_name }) => {
    const designator = `className = ${quote(class_name)}${script_name ? `, serviceName = ${quote(script_name)}` : ""}`;
    return `(name = ${quote(name)}, durableObjectNamespace = (${designator}))`;
  });
  const services = (config.services ?? []).map(
    ({ binding, service, entrypoint }) =>
      `(name = ${quote(binding)}, service = (name = ${quote(service)}${entrypoint ? `, entrypoint = ${quote(entrypoint)}` : ""}))`,
  );
  const { binding } = config.version_metadata ?? {};
  const version = binding === undefined ? [] : [`(name = ${quote(binding)}, json = ${quote(JSON.stringify(VERSION))})`];
  return [...vars, ...objects, ...services, ...version];
}

/** A binding that is silently missing would be measured as an error path. */
function refuseUnknown(config: Bundle["config"]): void {
  const unknown = (["kv_namespaces", "r2_buckets", "d1_databases", "queues", "ai"] as const).filter((key) => {
    const value = config[key];
    return Array.isArray(value) ? value.length > 0 : value !== undefined && JSON.stringify(value) !== '{"producers":[],"consumers":[]}';
  });
  if (unknown.length > 0) throw new Error(`${nameOf(config)}: the bench cannot serve ${unknown.join(", ")}: teach bench/workerd.ts`);
}

function nameOf({ name }: Bundle["config"]): string {
  if (name === undefined) throw new Error('a wrangler.toml without a "name" cannot be served: add one');
  return name;
}

/** Cap'n Proto text takes the same escapes as JSON for what our names, paths and values hold. */
function quote(text: string): string {
  return JSON.stringify(text);
}
