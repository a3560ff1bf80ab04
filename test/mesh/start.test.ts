import { execFile, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { parse } from "yaml";
import { freePort } from "../../cli/port.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** What `npm start` writes: the answer to stdout, all the rest to stderr. */
let answer: string;
let told: string;

beforeAll(async () => {
  const env = { ...process.env, npm_lifecycle_event: undefined, PORT: String(await freePort()), NO_COLOR: "1" };
  const command = [join(ROOT, "cli/start.ts"), "--once", "--fresh"];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, command, { cwd: ROOT, env });
  answer = stdout;
  told = stderr;
});

/** At a terminal: `script` makes one of what we write and read. */
function startAtTerminal(onOutput: (said: string, say: (words: string) => void) => void): Promise<string> {
  const command = `${process.execPath} ${join(ROOT, "cli/start.ts")} --once --fresh`;
  return new Promise((resolve, reject) => {
    freePort().then((port) => {
      const env = { ...process.env, npm_lifecycle_event: undefined, PORT: String(port), NO_COLOR: "1" };
      const child = spawn("script", ["--quiet", "--return", "--command", command, "/dev/null"], { cwd: ROOT, env });
      let said = "";
      child.stdout.on("data", (chunk) => {
        said += chunk;
        onOutput(said, (words) => void child.stdin.write(words));
      });
      child.once("error", reject);
      child.once("exit", () => resolve(said));
      // Its terminal goes with it, and with the terminal all that runs at it.
      onTestFinished(() => void child.kill("SIGTERM"));
    }, reject);
  });
}

describe("npm start, with somebody at the terminal", () => {
  it("sends what they were shown when they say yes, and shows that it arrived", async () => {
    let isAnswered = false;
    const said = await startAtTerminal((said, say) => {
      const plain = said.replaceAll("\r", "").replace(/\x1b\[\w+/g, "");
      if (isAnswered || !/Something to approve[\s\S]*"method": "POST"[\s\S]*> $/.test(plain)) return;
      isAnswered = true;
      say("yes\n");
    });
    const [shown, arrived] = [/"text": "(The mesh has answered: [^"]*)"/.exec(said)?.[1], /arrived: (\{.*\})/.exec(said)?.[1]];
    expect(shown).toBeTruthy();
    expect(JSON.parse(arrived ?? "{}"), said.slice(-3_000)).toEqual({ text: shown });
  }, 120_000);
});

describe("npm start, asked nothing", () => {
  it("works out from the contract's own numbers how long a goal may take", () => {
    const { maxAttempts, deadlineMs } = parse(readFileSync(join(ROOT, "contracts/dispatch.v1.yaml"), "utf8"));
    expect(answer).toContain(`maxAttempts * deadlineMs / 1000 = ${(maxAttempts * deadlineMs) / 1000}`);
    expect(answer).toContain(`maxAttempts: ${maxAttempts}`);
    expect(answer).toContain(`deadlineMs: ${deadlineMs}`);
  });

  it("lists nothing that is about something else", () => {
    expect(answer).not.toMatch(/branch/i);
  });

  it.each(["researcher/search", "analyst/calculate", "writer/compose", "critic/check"])("has %s take part, to its end", (who) => {
    expect(told).toMatch(new RegExp(`${who} +is done`));
  });

  it("shows an action that waits for somebody's word: exactly what would be sent, the inbox it stands in, and what approves it", () => {
    expect(told).toContain("Something to approve");
    expect(told).toContain(`"text": "The mesh has answered: maxAttempts * deadlineMs / 1000 = `);
    const [, question = ""] = /npm run approve -- --url \S+ (q-\w+)/.exec(told) ?? [];
    expect(told).toMatch(new RegExp(`^ +${question} approval  courier asks: `, "m"));
    expect(told).not.toContain("arrived");
    expect(told).toContain("it is canceled now, as the mesh stops");
  });

  it("proposes nothing that needs the mesh it is about to stop", () => {
    expect(told).toContain("Try next");
    expect(told).not.toContain("npm run call");
  });

  it("leaves no goal undone and no claim without a source", () => {
    expect(answer).not.toMatch(/What is missing|Not found in the sources|No finding answers this/);
  });

  it("names sources that open: files that are there, at lines that hold what is cited", () => {
    const places = [...told.slice(told.indexOf("\nOpen\n")).matchAll(/^ {2}(\/\S+):(\d+)/gm)];
    expect(places.length).toBeGreaterThanOrEqual(2);
    for (const [, path = "", line = ""] of places) {
      expect(existsSync(path), path).toBe(true);
      const below = readFileSync(path, "utf8")
        .split("\n")
        .slice(Number(line) - 1)
        .join("\n");
      expect(below).toMatch(/maxAttempts|deadlineMs/);
    }
  });
});
