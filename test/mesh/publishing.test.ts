import { type ChildProcess, execFile, execFileSync, spawn } from "node:child_process";
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { freePort } from "../../cli/port.ts";

// A newcomer's way, by the commands they would type, in a copy of the project: each test goes on where the one before it ended.

const REPOSITORY = fileURLToPath(new URL("../..", import.meta.url));
const LEFT_OUT = ["node_modules", ".git", ".skein", ".wrangler", ".bench"];
const NAME = "weather";
const REQUEST = "List the figures in this weather note: the first took 12 min, the second 30 min";
const REASON = "its publisher has moved on";
/** As long as the mesh may take to hear of a change, with room for a machine that has much to do. */
const HEARD = { timeout: 20_000, interval: 300 };

let root: string;
let port: number;
let mesh: Stays;
let agent: Stays;

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), "skein-test-"));
  cpSync(REPOSITORY, root, { recursive: true, filter: (path) => !LEFT_OUT.includes(basename(path)) });
  symlinkSync(join(REPOSITORY, "node_modules"), join(root, "node_modules"));
  port = await freePort();
  mesh = await started("dev", [], { PORT: String(port) });
});

afterAll(async () => {
  await agent?.end();
  await mesh?.end();
  rmSync(root, { recursive: true, maxRetries: 3 });
});

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function environment(more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  return { ...process.env, npm_lifecycle_event: undefined, PORT: undefined, NO_COLOR: "1", ...more };
}

function run(command: string, ...args: string[]): Promise<Ran> {
  return new Promise((resolve) => {
    const options = { cwd: root, env: environment(), timeout: 50_000 };
    const child = execFile(process.execPath, [`cli/${command}.ts`, ...args], options, (error, out, err) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? -1), out, err });
    });
    child.stdin?.end();
  });
}

/** A command that stays up. */
interface Stays {
  readonly url: string;
  /** @returns its exit code */
  end(): Promise<number | null>;
}

async function started(command: string, args: string[], more: NodeJS.ProcessEnv = {}): Promise<Stays> {
  const options = { cwd: root, env: environment(more), stdio: ["ignore", "pipe", "pipe"] as ["ignore", "pipe", "pipe"] };
  const child: ChildProcess = spawn(process.execPath, [`cli/${command}.ts`, ...args], options);
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk) => (said += chunk));
  const urlIn = () => / is up\S* at (http:\S+)/.exec(said)?.[1] ?? "";
  await vi.waitFor(() => expect(urlIn(), said).not.toBe(""), { timeout: 50_000, interval: 50 });
  return {
    url: urlIn(),
    async end() {
      const exit = new Promise((resolve) => child.once("exit", resolve));
      if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
      child.kill("SIGTERM");
      await exit;
      return child.exitCode;
    },
  };
}

function runningIn(folder: string): string[] {
  const all = execFileSync("ps", ["-A", "-o", "pid=,args="], { encoding: "utf8" });
  return all.split("\n").filter((line) => line.includes(folder));
}

/** Asks the mesh until it has heard what was changed. */
async function asked(heard: (ran: Ran) => boolean): Promise<Ran> {
  let last: Ran = { code: -1, out: "", err: "" };
  await vi.waitFor(async () => {
    last = await run("call", REQUEST);
    expect(heard(last), last.err).toBe(true);
  }, HEARD);
  return last;
}

describe("an agent that is written, run and published while a mesh runs", () => {
  it("is made without a change to anything that the mesh runs on", async () => {
    const config = () => readFileSync(join(root, "wrangler.toml"), "utf8");
    const before = config();
    const { code, out } = await run("new", NAME, "--apart");
    expect(out).toContain(`npm run publish:card -- ${NAME}`);
    expect(code).toBe(0);
    expect(config()).toBe(before);
  });

  it("runs by itself, with a signing key that is not the mesh's", async () => {
    agent = await started("serve", [NAME]);
    const keyOf = (folder: string) => JSON.parse(readFileSync(join(root, folder, ".skein/card-keys.json"), "utf8")).keys[0].kid as string;
    const keys = await (await fetch(`${agent.url}/.well-known/jwks.json`)).json();
    expect(keys).toMatchObject({ keys: [{ kid: keyOf(`agents/${NAME}`) }] });
    expect(keyOf(`agents/${NAME}`)).not.toBe(keyOf("."));
    expect(await run("serve", NAME)).toMatchObject({ code: 1, err: expect.stringContaining(`served already, at ${agent.url}`) });
  });

  it("is published with what was checked and what was measured, and shown so to everybody", async () => {
    const { code, out, err } = await run("publish-card", NAME);
    expect(out, err).toContain(`${NAME} 1.0.0 is published at ${mesh.url}`);
    expect(out).toMatch(/✓ signatures {2}/);
    expect(out).toContain("list-figures  2 of 2 held");
    expect(code).toBe(0);
    expect((await run("agents")).out).toMatch(/^weather 1\.0\.0 {2}listed .*\n {2}list-figures {2}2 of 2 held/m);
  });

  it("is found by what it does", async () => {
    const { out } = await run("search", "list the figures of a weather note");
    expect(out).toMatch(/^\d\.\d\d {2}weather\/list-figures 1\.0\.0\n/);
  });

  it("is called through the mesh by whoever asks for what it does, and at its own address by its name", async () => {
    const { out } = await asked(({ err }) => err.includes(`${NAME}/list-figures`));
    expect(out).toContain("12 min");
    expect(await run("call", "--agent", NAME, "It took 12 min.")).toMatchObject({ code: 0, out: "- 12 min: It took 12 min.\n" });
  });

  it("ends cleanly, and comes back at the address that was published", async () => {
    expect(await agent.end()).toBe(0);
    expect(runningIn(join(root, "agents", NAME))).toEqual([]);
    const { url } = agent;
    agent = await started("serve", [NAME]);
    expect(agent.url).toBe(url);
    expect((await run("publish-card", NAME)).out).toContain("was published already, the same");
    // Two probes before, two now, and the calls between.
    const verified = await run("verify", NAME);
    expect(Number(/list-figures {2}(\d+) of \1 held/.exec(verified.out)?.[1]), verified.out).toBeGreaterThanOrEqual(4);
  });

  it("gets no call any more when it is revoked, and whoever asks is told why", async () => {
    const revoked = await run("revoke", NAME, "--reason", REASON);
    expect(revoked.out).toContain(`revoked: ${REASON}`);
    const { code } = await asked(({ err }) => err.includes(REASON) || !err.includes(`${NAME}/list-figures`));
    expect(code).not.toBe(0);
    expect(await run("call", "--agent", NAME, "It took 12 min.")).toMatchObject({ code: 1, err: expect.stringContaining(REASON) });
    expect(await run("publish-card", NAME)).toMatchObject({ code: 1, err: expect.stringMatching(/the rule: version /) });
  });

  it("leaves a log that anybody can check, and that shows when a row in it was altered", async () => {
    const good = await run("verify", "--log");
    expect(good.out, good.err).toContain("4 rows about 1 agent");
    expect(good.code).toBe(0);

    await mesh.end();
    alter(REASON, "it lied");
    mesh = await started("dev", [], { PORT: String(port) });
    const bad = await run("verify", "--log");
    expect(bad.err).toContain("row 4 of the log");
    expect(bad).toMatchObject({ code: 1, out: "" });
  });
});

/** As somebody would who has the machine, and no key that would help. */
function alter(from: string, to: string): void {
  const files = globSync(".skein/state/v3/do/skein-registry-RegistryObject/*.sqlite", { cwd: root }).map((file) => join(root, file));
  const changed = files.map((file) => {
    const database = new DatabaseSync(file);
    const isOurs = database.prepare("SELECT 1 FROM sqlite_master WHERE name = 'log'").get() !== undefined;
    const { changes } = isOurs ? database.prepare("UPDATE log SET body = replace(body, ?, ?)").run(from, to) : { changes: 0 };
    database.close();
    return Number(changes);
  });
  expect(changed.reduce((sum, each) => sum + each, 0)).toBeGreaterThan(0);
}
