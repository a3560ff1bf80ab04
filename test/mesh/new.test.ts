import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { answerOf } from "../../cli/answer.ts";
import { connect } from "../../cli/client.ts";
import { type Mesh, startMesh } from "../../cli/mesh.ts";
import { freePort } from "../../cli/port.ts";

// A whole copy of the project gets a new agent by the command, and nothing else is touched.

const REPOSITORY = fileURLToPath(new URL("../..", import.meta.url));
const LEFT_OUT = ["node_modules", ".git", ".skein", ".wrangler", ".bench"];
const NAME = "tide-table";
const PLAIN = { ...process.env, NO_COLOR: "1" };

let root: string;
let mesh: Mesh | undefined;

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "skein-test-"));
  cpSync(REPOSITORY, root, { recursive: true, filter: (path) => !LEFT_OUT.includes(basename(path)) });
  symlinkSync(join(REPOSITORY, "node_modules"), join(root, "node_modules"));
  execFileSync(process.execPath, ["cli/new.ts", NAME], { cwd: root, env: PLAIN });
});

afterAll(async () => {
  await mesh?.stop();
  rmSync(root, { recursive: true, maxRetries: 3 });
});

/** A tool's output, whether it is content or not. */
function outputOf(tool: string, ...args: string[]): string {
  const { stdout, stderr } = spawnSync(process.execPath, [join("node_modules", tool), ...args], {
    cwd: root,
    encoding: "utf8",
    env: PLAIN,
  });
  return stdout + stderr;
}

describe("an agent made by npm run new", () => {
  it("has the right types on both sides, Worker and test", () => {
    for (const project of ["tsconfig.json", "tsconfig.node.json"])
      expect(outputOf("typescript/bin/tsc", "-p", project, "--pretty", "false")).not.toContain(NAME);
  });

  it("is laid out and linted as the rest of the house", () => {
    const made = [`agents/${NAME}`, `agent-cards/${NAME}.json`, `test/node/agents/${NAME}.test.ts`];
    expect(outputOf("@biomejs/biome/bin/biome", "check", ...made)).toMatch(/Checked 4 files .*No fixes applied/);
  });

  it("passes its own test", () => {
    const report = join(root, "report.json");
    outputOf(
      "vitest/vitest.mjs",
      "run",
      "--project",
      "node",
      `test/node/agents/${NAME}.test.ts`,
      "--reporter=json",
      `--outputFile=${report}`,
    );
    expect(JSON.parse(readFileSync(report, "utf8"))).toMatchObject({ success: true, numPassedTests: 4 });
  });

  it("answers any A2A client, and is found by the front door, without another edit", async () => {
    mesh = await startMesh({ root, port: await freePort(), fresh: true });
    const agent = await connect(`${mesh.url}/agents/${NAME}`);
    const direct = await agent.send({ parts: [{ text: "High water came 12 min late. It stood 3.5 m high." }] });
    expect(answerOf(direct)).toBe("- 12 min: High water came 12 min late.\n- 3.5 m: It stood 3.5 m high.");

    const frontDoor = await connect(mesh.url);
    const found = await frontDoor.send({ parts: [{ text: "List the figures in this tide table note: high water stood 3.5 m high" }] });
    expect(found.status.state).toBe("TASK_STATE_COMPLETED");
    expect(JSON.stringify(found.metadata)).toContain(`"agent":"${NAME}"`);
    expect(answerOf(found)).toContain("3.5 m");
  });
});
