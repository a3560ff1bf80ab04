/**
 * The servers a group's subjects run on: ours and the floors under `workerd serve`, the peer under this Node. Each start
 * begins with an empty folder on the storage asked for, and each stop deletes it.
 */
import { generateKeyPairSync } from "node:crypto";
import { existsSync, rmSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Bundle, bundle } from "./bundle.ts";
import type { CredentialKind, ServerKind, Storage } from "./group.ts";
import { startIssuer } from "./issuer.ts";
import { nextMessage, type Running, startModule } from "./processes.ts";
import { serve } from "./workerd.ts";

export const ROOT = fileURLToPath(new URL("..", import.meta.url));

export interface Server {
  /** @param worker by its name in `wrangler.toml`; default: the only one, or the first */
  url(worker?: string): URL;
  /** What a caller sends with its requests, in turn, to be let in where the server asks who it is. */
  headers(credential: CredentialKind): readonly Readonly<Record<string, string>>[];
  readonly pid: number;
  stop(): Promise<void>;
  /** Kills it, and starts it again on what it had stored, at other addresses. @returns when it was killed, milliseconds since the epoch */
  restart(): Promise<number>;
}

type Started = Omit<Server, "restart"> & Pick<Running, "kill">;

type OursKind = Exclude<ServerKind, "sdk-memory" | "sdk-sqlite" | "none">;

/** Whom every agent has bindings to: what tenants may spend, and what was measured of agents. */
const GOVERNANCE: readonly WorkerSource[] = [
  { name: "ledger", config: "workers/ledger/wrangler.toml" },
  { name: "registry", config: "workers/registry/wrangler.toml" },
];
const RELAYS: readonly WorkerSource[] = [
  { name: "relay-one", config: "bench/relay/one.wrangler.toml" },
  { name: "relay-two", config: "bench/relay/two.wrangler.toml" },
];
const UNGOVERNED_ECHO = { name: "echo-ungoverned", config: "bench/echo/wrangler.toml", entry: "bench/echo/ungoverned.worker.ts" };

/** Workers of each server, the one that is called first. */
const WORKERS: Readonly<Record<OursKind, readonly WorkerSource[]>> = {
  floors: [{ name: "floors", config: "bench/floors/wrangler.toml" }],
  governance: [{ name: "governance", config: "bench/governance/wrangler.toml" }, ...GOVERNANCE],
  echo: [{ name: "echo", config: "bench/echo/wrangler.toml" }, ...GOVERNANCE],
  "echo-own-homes": [{ name: "echo-own-homes", config: "bench/echo/wrangler.toml", entry: "bench/echo/own-home.worker.ts" }, ...GOVERNANCE],
  "echo-guarded": [{ name: "echo", config: "bench/echo/wrangler.toml" }, ...GOVERNANCE],
  "echo-ungoverned": [UNGOVERNED_ECHO, ...GOVERNANCE],
  fan: [
    { name: "fan", config: "bench/fan/wrangler.toml" },
    { name: "orchestrator", config: "bench/orchestrator/wrangler.toml" },
    { name: "echo", config: "bench/echo/wrangler.toml" },
    ...RELAYS,
    ...GOVERNANCE,
  ],
  "fan-ungoverned": [
    { name: "fan-ungoverned", config: "bench/fan/wrangler.toml", entry: "bench/fan/ungoverned.worker.ts" },
    {
      name: "orchestrator-ungoverned",
      config: "bench/orchestrator/wrangler.toml",
      entry: "bench/orchestrator/ungoverned.worker.ts",
    },
    UNGOVERNED_ECHO,
    ...RELAYS,
    ...GOVERNANCE,
  ],
};

interface WorkerSource {
  readonly name: string;
  readonly config: string;
  readonly entry?: string;
}

/** A Worker is bundled once a run, however many servers it is in. */
const bundled = new Map<string, Promise<Bundle>>();
const folders = new Set<string>();

/** @throws Error that says what did not start, in its own words */
export async function startServer(kind: ServerKind, storage: Storage): Promise<Server> {
  if (kind === "none") return NOTHING_SERVED;
  const bundles = kind === "sdk-memory" || kind === "sdk-sqlite" ? [] : await Promise.all(WORKERS[kind].map(bundleOnce));
  const folder = await newFolder(storage);
  try {
    const start = () =>
      bundles.length === 0
        ? startPeer(kind, folder)
        : kind === "echo-guarded"
          ? startGuarded(bundles, folder)
          : startWorkers(bundles, folder);
    let started = await start();
    return {
      url: (worker) => started.url(worker),
      headers: (credential) => started.headers(credential),
      get pid() {
        return started.pid;
      },
      async restart() {
        const killedAt = Date.now();
        await started.kill();
        started = await start();
        return killedAt;
      },
      async stop() {
        await started.stop();
        await rm(folder, { recursive: true, force: true });
        folders.delete(folder);
      },
    };
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

const NOTHING_SERVED: Server = {
  url: () => new URL("http://127.0.0.1:0"),
  headers: nobodyAsks,
  pid: process.pid,
  stop: () => Promise.resolve(),
  restart: () => Promise.resolve(Date.now()),
};

/** Deletes what is left at the end of a run or when it is broken off: its bundles, and what servers it did not stop wrote. */
export function removeFolders(): void {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  folders.clear();
}

async function startWorkers(bundles: readonly Bundle[], folder: string): Promise<Started> {
  const served = await serve(ROOT, bundles.map(withChainKey), folder);
  const first = bundles[0]?.config.name ?? "";
  const url = (worker = first) => {
    const found = served.urls.get(worker);
    if (!found) throw new Error(`no Worker "${worker}" is served here. There are: ${[...served.urls.keys()].join(", ")}`);
    return found;
  };
  return { url, headers: nobodyAsks, pid: pidOf(served), stop: served.stop, kill: served.kill };
}

/** One for all Workers of this run, as those of a mesh have one. */
const SKEIN_CHAIN_KEY = JSON.stringify(generateKeyPairSync("ed25519").privateKey.export({ format: "jwk" }));

/** For those that begin chains or verify them: each of them has a budget as well. */
function withChainKey(bundle: Bundle): Bundle {
  const { config, modules } = bundle;
  if (!config.durable_objects.bindings.some(({ name }) => name === "BUDGET")) return bundle;
  return { config: { ...config, vars: { ...config.vars, SKEIN_CHAIN_KEY } }, modules };
}

/** The same Workers, with callers to tell apart in the place of local mode. */
async function startGuarded(bundles: readonly Bundle[], folder: string): Promise<Started> {
  const issuer = await startIssuer();
  try {
    const guarded = bundles.map(({ config, modules }) => ({ config: { ...config, vars: issuer.vars }, modules }));
    const server = await startWorkers(guarded, folder);
    const stop = async () => {
      await server.stop();
      await issuer.close();
    };
    const kill = async () => {
      await server.kill();
      await issuer.close();
    };
    return { ...server, headers: (credential) => issuer.headers[credential], stop, kill };
  } catch (error) {
    await issuer.close();
    throw error;
  }
}

function pidOf({ child }: Running): number {
  if (child.pid === undefined) throw new Error(`${child.spawnfile} has not started`);
  return child.pid;
}

function nobodyAsks(credential: CredentialKind): never {
  throw new Error(`a server that asks nobody who it is takes no credential (${credential}): leave it out, or name another server`);
}

async function startPeer(kind: ServerKind, folder: string): Promise<Started> {
  const args = [kind === "sdk-sqlite" ? join(folder, "tasks.sqlite") : "memory"];
  const peer = startModule(new URL("./peers/sdk-express.ts", import.meta.url), args);
  const { port } = await nextMessage<{ port: number }>(peer);
  return { url: () => new URL(`http://127.0.0.1:${port}`), headers: nobodyAsks, pid: pidOf(peer), stop: peer.stop, kill: peer.kill };
}

function bundleOnce({ name, config, entry }: WorkerSource): Promise<Bundle> {
  const known = bundled.get(name);
  if (known !== undefined) return known;
  // Not a fixed folder: another run must not pull it away under this one.
  const made = newFolder("disk").then((out) => bundle(ROOT, out, config, entry));
  bundled.set(name, made);
  return made;
}

async function newFolder(storage: Storage): Promise<string> {
  const parent = storage === "disk" ? join(ROOT, ".bench") : existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
  await mkdir(parent, { recursive: true });
  const folder = await mkdtemp(join(parent, "skein-bench-"));
  folders.add(folder);
  return folder;
}
