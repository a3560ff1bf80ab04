import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { appendFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { freePort } from "../../cli/port.ts";

// The commands are tried on a mesh of two very small Workers: what matters here is the processes, not what they answer.

const REPOSITORY = fileURLToPath(new URL("../..", import.meta.url));
const CONFIG = 'main = "worker.ts"\ncompatibility_date = "2026-11-17"\n';
const FRONT_DOOR = `
import { DurableObject } from "cloudflare:workers";
export class Visits extends DurableObject {
  async next() { const n = ((await this.ctx.storage.get("n")) ?? 0) + 1; await this.ctx.storage.put("n", n); return n; }
}
export default { async fetch(request, env) {
  if (new URL(request.url).pathname === "/agents/one") return env.AGENT_ONE.fetch(request);
  if (new URL(request.url).pathname === "/env") return Response.json(env);
  if (new URL(request.url).pathname === "/visits") return Response.json(await env.VISITS.getByName("all").next());
  return Response.json({ name: "front" });
} };
`;
const AGENT = `
import { WorkerEntrypoint } from "cloudflare:workers";
export class Mesh extends WorkerEntrypoint { fetch() { return Response.json(this.env); } }
export default { fetch: () => new Response("one") };
`;

const ISSUERS = '[{"issuer":"https://id.acme.example","audience":"skein"}]';

let root: string;
let port: number;
let running: ChildProcess[];

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), "skein-test-"));
  for (const folder of ["cli", "shared"]) cpSync(join(REPOSITORY, folder), join(root, folder), { recursive: true });
  symlinkSync(join(REPOSITORY, "node_modules"), join(root, "node_modules"));
  mkdirSync(join(root, "agents/one"), { recursive: true });
  writeFileSync(
    join(root, "wrangler.toml"),
    `name = "skein"\n${CONFIG}durable_objects.bindings = [{ name = "VISITS", class_name = "Visits" }]
[[migrations]]\ntag = "v1"\nnew_sqlite_classes = ["Visits"]
# agents: begin\n[[services]]\nbinding = "AGENT_ONE"\nservice = "skein-one"\nentrypoint = "Mesh"\n# agents: end\n`,
  );
  writeFileSync(join(root, "worker.ts"), FRONT_DOOR);
  writeFileSync(join(root, "agents/one/wrangler.toml"), `name = "skein-one"\n${CONFIG}`);
  writeFileSync(join(root, "agents/one/worker.ts"), AGENT);
  port = await freePort();
  running = [];
});

afterEach(async () => {
  for (const child of running) await end(child, "SIGKILL");
  await vi.waitFor(() => expect(group()).toEqual([]), { timeout: 5_000 }).finally(endLeftOvers);
  rmSync(root, { recursive: true, maxRetries: 3 });
});

/** Everything that runs for this test's mesh, by its port. */
function group(): string[] {
  const all = execFileSync("ps", ["-A", "-o", "pid=,args="], { encoding: "utf8" });
  return all.split("\n").filter((line) => line.includes(`--port ${port}`) || line.includes(`127.0.0.1:${port}`));
}

/** A test that fails must not leave behind what it looks for: the runtime leads a group, and its line names this test's folder. */
function endLeftOvers(): void {
  for (const line of group()) if (line.includes(root)) process.kill(-Number.parseInt(line, 10), "SIGKILL");
}

interface Dev {
  readonly child: ChildProcess;
  said(): string;
}

function dev(args: string[] = [], env: NodeJS.ProcessEnv = {}): Dev {
  return command("cli/dev.ts", args, env);
}

function command(file: string, args: string[], env: NodeJS.ProcessEnv): Dev {
  const child = spawn(process.execPath, [file, ...args], {
    cwd: root,
    env: { ...process.env, npm_lifecycle_event: undefined, PORT: String(port), NO_COLOR: "1", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  running.push(child);
  let text = "";
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk) => (text += chunk));
  return { child, said: () => text };
}

async function up(mesh: Dev): Promise<void> {
  await vi.waitFor(() => expect(mesh.said()).toContain("Skein is up"), { timeout: 30_000, interval: 100 });
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) {
    const exit = new Promise((resolve) => child.once("exit", resolve));
    child.kill(signal);
    await exit;
  }
  return child.exitCode;
}

async function exitOf({ child }: Dev): Promise<number | null> {
  if (child.exitCode === null) await new Promise((resolve) => child.once("exit", resolve));
  return child.exitCode;
}

async function read(path: string): Promise<unknown> {
  return (await fetch(`http://127.0.0.1:${port}${path}`)).json();
}

describe("npm run dev", () => {
  it.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)("leaves no process behind after %s", async (signal) => {
    const mesh = dev();
    await up(mesh);
    expect(group().length).toBeGreaterThan(0);
    expect(await end(mesh.child, signal)).toBe(0);
    expect(group()).toEqual([]);
  });

  it("leaves no process behind when it is killed itself, and starts again on the same state", async () => {
    const mesh = dev();
    await up(mesh);
    expect(await read("/visits")).toBe(1);
    await end(mesh.child, "SIGKILL");
    await vi.waitFor(() => expect(group()).toEqual([]), { timeout: 5_000 });
    await up(dev());
    expect(await read("/visits")).toBe(2);
  });

  it.runIf(existsSync("/proc/self/stat"))("starts again also while nobody has asked how the one that was killed has ended", async () => {
    // Whoever became of the shell asks about no child.
    const shell = spawn("sh", ["-c", `"${process.execPath}" cli/dev.ts & echo $!; exec sleep 300`], {
      cwd: root,
      env: { ...process.env, npm_lifecycle_event: undefined, PORT: String(port) },
      stdio: ["ignore", "pipe", "ignore"],
    });
    running.push(shell);
    const pid = await new Promise<number>((resolve) => shell.stdout?.once("data", (line) => resolve(Number(String(line).trim()))));
    await vi.waitFor(async () => expect(await read("/visits")).toBe(1), { timeout: 30_000, interval: 200 });
    process.kill(pid, "SIGKILL");
    await vi.waitFor(() => expect(group()).toEqual([]), { timeout: 5_000 });
    expect(readFileSync(`/proc/${pid}/stat`, "utf8")).toContain(") Z ");
    const mesh = dev();
    await up(mesh);
    expect(mesh.said()).not.toContain("already");
  });

  it("waits for a mesh of this folder that is just ending", async () => {
    const other = spawn("sleep", ["300"]);
    running.push(other);
    mkdirSync(join(root, ".skein"), { recursive: true });
    writeFileSync(join(root, ".skein/mesh.json"), JSON.stringify({ pid: other.pid, url: `http://127.0.0.1:${port}` }));
    const mesh = dev();
    await vi.waitFor(() => expect(mesh.said()).toContain(`(process ${other.pid})`), { timeout: 5_000 });
    await end(other, "SIGTERM");
    await up(mesh);
  });

  it("ends when the npm that started it is gone", async () => {
    // A shell that waits stands for npm: it starts the command, and is killed.
    const shell = spawn("sh", ["-c", `"${process.execPath}" cli/dev.ts & wait`], {
      cwd: root,
      env: { ...process.env, npm_lifecycle_event: "dev", PORT: String(port) },
      stdio: "ignore",
    });
    running.push(shell);
    await vi.waitFor(async () => expect(await read("/")).toEqual({ name: "front" }), { timeout: 30_000, interval: 200 });
    await end(shell, "SIGKILL");
    await vi.waitFor(() => expect(group()).toEqual([]), { timeout: 10_000, interval: 100 });
  });

  it("tells every Worker that it runs locally, and none of them what is not named for it", async () => {
    await up(dev([], { SECRET_OF_MINE: "x", SKEIN_KEY: "mine", SKEIN_TOKEN: "", COURIER_ALLOW: "hooks.example.com" }));
    const env = await read("/agents/one");
    expect(env).toMatchObject({ SKEIN_LOCAL: "1", COURIER_ALLOW: "hooks.example.com" });
    for (const mine of ["SECRET_OF_MINE", "SKEIN_KEY", "SKEIN_TOKEN"]) expect(env).not.toHaveProperty(mine);
  });

  it("tells every Worker who may call, and says so at start", async () => {
    writeFileSync(join(root, ".dev.vars"), `AUTH_ISSUERS='${ISSUERS}'\n`);
    const mesh = dev();
    await up(mesh);
    await vi.waitFor(() => expect(mesh.said()).toContain("whoever sends a bearer token of https://id.acme.example"));
    for (const path of ["/agents/one", "/env"]) expect(await read(path)).toMatchObject({ SKEIN_LOCAL: "1", AUTH_ISSUERS: ISSUERS });
  });

  it("does not start when what says who may call is broken, and says where", async () => {
    const mesh = dev([], { AUTH_ISSUERS: '[{"issuer":"https://id.acme.example"}]' });
    expect(await exitOf(mesh)).toBe(1);
    expect(mesh.said()).toMatch(/AUTH_ISSUERS\[0\]\.audience/);
  });

  it("remembers nothing and forgets nothing with --fresh", async () => {
    const mesh = dev(["--fresh"]);
    await up(mesh);
    expect(await read("/visits")).toBe(1);
    await end(mesh.child, "SIGTERM");
    expect(existsSync(join(root, ".skein"))).toBe(false);
  });

  it("says which mesh of this folder runs already, instead of sharing its databases", async () => {
    await up(dev());
    const second = dev([], { PORT: String(await freePort()) });
    expect(await exitOf(second)).toBe(1);
    expect(second.said()).toMatch(new RegExp(`already runs at http://127.0.0.1:${port} .*--fresh`));
  });

  it("names the port in use, and the command that takes another one", async () => {
    const holder = createServer();
    await new Promise<void>((resolve) => holder.listen(port, "127.0.0.1", resolve));
    try {
      const mesh = dev();
      expect(await exitOf(mesh)).toBe(1);
      expect(mesh.said().trim()).toBe(
        `✘ port ${port} is in use. Stop what listens there, or take another one: PORT=${port + 1} npm run dev`,
      );
    } finally {
      holder.close();
    }
  });

  it.each([
    ["a config that is no TOML", "agents/one/wrangler.toml", 'x = "y', /✘ agents\/one\/wrangler\.toml:4:\d+: Invalid TOML/],
    ["a file that does not compile", "agents/one/worker.ts", "conzt a = 1;", /✘ agents\/one\/worker\.ts:5:\d+: Expected ";" but found "a"/],
    ["a Worker that refuses to start", "agents/one/worker.ts", 'throw new Error("one: no");', /✘ skein-one does not start: one: no/],
    // Once in many runs, wrangler beside others that start says nothing at all of a build that failed.
  ])("says in one line what to mend, and ends: %s", { retry: 1 }, async (_what, file, wrong, line) => {
    appendFileSync(join(root, file), `${wrong}\n`);
    const mesh = dev();
    expect(await exitOf(mesh)).toBe(1);
    const complaints = mesh
      .said()
      .split("\n")
      .filter((each) => each.startsWith("✘"));
    expect(complaints).toEqual([expect.stringMatching(line)]);
    expect(mesh.said()).not.toMatch(/\n\s+at /);
    expect(group()).toEqual([]);
  });

  it("says which service has no agent", async () => {
    rmSync(join(root, "agents/one"), { recursive: true });
    const mesh = dev();
    expect(await exitOf(mesh)).toBe(1);
    expect(mesh.said()).toContain('service "skein-one" has no agents/one/wrangler.toml');
  });

  it("goes on when a saved file has a mistake, says where, and runs it once it is mended", async () => {
    const mesh = dev();
    await up(mesh);
    const file = join(root, "worker.ts");
    const code = readFileSync(file, "utf8");
    writeFileSync(file, `${code}conzt a = 1;\n`);
    await vi.waitFor(() => expect(mesh.said()).toMatch(/✘ worker\.ts:\d+:\d+: Expected ";"/), { timeout: 15_000, interval: 100 });
    writeFileSync(file, code.replace('"front"', '"mended"'));
    await vi.waitFor(async () => expect(await read("/")).toEqual({ name: "mended" }), { timeout: 15_000, interval: 200 });
  });
});

describe("npm run serve", () => {
  it("gives one agent nothing of the mesh's: not its secrets, not its state, not what is asked in secret", async () => {
    writeFileSync(join(root, "agents/one/worker.ts"), "export default { fetch: (_request, env) => Response.json(env) };\n");
    writeFileSync(join(root, ".dev.vars"), `AUTH_ISSUERS='${ISSUERS}'\n`);
    const agent = command("cli/serve.ts", ["one"], { SKEIN_HIDDEN_PROBES: '{"one":[]}', COURIER_ALLOW: "hooks.example.com" });
    await vi.waitFor(() => expect(agent.said()).toContain("one is up"), { timeout: 30_000, interval: 100 });
    const env = await read("/");
    expect(env).toMatchObject({ SKEIN_LOCAL: "1", COURIER_ALLOW: "hooks.example.com" });
    expect(env).not.toHaveProperty("AUTH_ISSUERS");
    expect(JSON.stringify(env)).not.toContain('"one"');
    expect(existsSync(join(root, ".skein"))).toBe(false);
    expect(existsSync(join(root, "agents/one/.skein/card-keys.json"))).toBe(true);
    expect(await end(agent.child, "SIGTERM")).toBe(0);
    expect(group()).toEqual([]);
  });

  it("runs two versions side by side with one key, each as it was built, and publishes the one that the card has", async () => {
    const write = (version: string) => {
      mkdirSync(join(root, "agent-cards"), { recursive: true });
      writeFileSync(join(root, "agent-cards/one.json"), JSON.stringify({ name: "one", version }));
      writeFileSync(join(root, "agents/one/words.yaml"), `said: by ${version}\n`);
    };
    const worker =
      'import words from "./words.yaml";\nexport default { fetch: (_r, env) => Response.json({ words, keys: env.CARD_SIGNING_KEYS }) };\n';
    writeFileSync(join(root, "agents/one/worker.ts"), worker);
    appendFileSync(join(root, "agents/one/wrangler.toml"), '[[rules]]\ntype = "Text"\nglobs = ["**/*.yaml"]\nfallthrough = true\n');
    write("1.0.0");
    const first = command("cli/serve.ts", ["one", "--pin"], {});
    await vi.waitFor(() => expect(first.said()).toContain(`one 1.0.0 is up at http://127.0.0.1:${port}`), { timeout: 30_000 });

    write("1.1.0");
    const other = await freePort();
    const second = command("cli/serve.ts", ["one", "--pin"], { PORT: String(other) });
    await vi.waitFor(() => expect(second.said()).toContain("one 1.1.0 is up"), { timeout: 30_000 });
    const later = (await (await fetch(`http://127.0.0.1:${other}/`)).json()) as object;
    expect(later).toMatchObject({ words: "said: by 1.1.0\n", keys: expect.stringContaining('"d"') });
    expect(await read("/")).toEqual({ ...later, words: "said: by 1.0.0\n" });

    const asked: string[] = [];
    const registry = createHttpServer((request, response) => {
      request.on("data", (body: Buffer) => asked.push(body.toString()));
      request.on("end", () => response.writeHead(503).end());
    });
    await new Promise<void>((resolve) => registry.listen(0, "127.0.0.1", resolve));
    const mesh = `http://127.0.0.1:${(registry.address() as AddressInfo).port}`;
    await exitOf(command("cli/publish-card.ts", ["one", "--url", mesh], {}));
    registry.close();
    expect(asked).toEqual([JSON.stringify({ name: "one", url: `http://127.0.0.1:${other}` })]);

    expect(await end(second.child, "SIGTERM")).toBe(0);
    expect(await end(first.child, "SIGTERM")).toBe(0);
  });

  it("keeps a version that was built when the next build of it fails, and says what to mend", async () => {
    mkdirSync(join(root, "agent-cards"));
    writeFileSync(join(root, "agent-cards/one.json"), JSON.stringify({ name: "one", version: "1.0.0" }));
    writeFileSync(join(root, "agents/one/worker.ts"), 'export default { fetch: () => Response.json("sound") };\n');
    const sound = command("cli/serve.ts", ["one", "--pin"], {});
    await vi.waitFor(() => expect(sound.said()).toContain("is up"), { timeout: 30_000 });
    await end(sound.child, "SIGTERM");
    appendFileSync(join(root, "agents/one/worker.ts"), "conzt a = 1;\n");
    const broken = command("cli/serve.ts", ["one", "--pin"], {});
    expect(await exitOf(broken)).toBe(1);
    expect(broken.said()).toMatch(/✘ agents\/one\/worker\.ts:2:6: Expected ";" but found "a"/);
    const kept = command("cli/serve.ts", ["one", "--version", "1.0.0"], {});
    await vi.waitFor(() => expect(kept.said()).toContain("is up"), { timeout: 30_000 });
    expect(await read("/")).toBe("sound");
  });

  it.each([
    [["one", "--version", "2.0.0"], 1, "--pin builds what is there now; none was pinned yet"],
    [["one", "--pin"], 1, "agent-cards/one.json has no version"],
    [["one", "--pin", "--version", "1.0.0"], 2, "give one of them"],
  ])("starts nothing when it is called as %j", async (args, code, says) => {
    const agent = command("cli/serve.ts", args, {});
    expect(await exitOf(agent)).toBe(code);
    expect(agent.said()).toContain(says);
  });

  it("says which agents there are when there is none of that name", async () => {
    const agent = command("cli/serve.ts", ["two"], {});
    expect(await exitOf(agent)).toBe(1);
    expect(agent.said()).toMatch(/no agents\/two: npm run new -- two --apart makes it; there is one/);
  });
});
