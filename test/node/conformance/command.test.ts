import { spawn } from "node:child_process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Peer, startPeer } from "../../mesh/conformance-peer.ts";

let peer: Peer;
beforeAll(async () => {
  peer = await startPeer({ streaming: true, pushNotifications: true, extendedAgentCard: true });
});
afterAll(() => peer.close());

function conformance(...args: string[]): Promise<{ code: number | null; said: string; complained: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ["cli/conformance.ts", ...args], { stdio: ["ignore", "pipe", "pipe"] });
    let [said, complained] = ["", ""];
    child.stdout.on("data", (chunk) => (said += chunk));
    child.stderr.on("data", (chunk) => (complained += chunk));
    child.once("close", (code) => resolve({ code, said, complained }));
  });
}

describe("npm run conformance", () => {
  it("says of each requirement whether it holds, and ends with 0 when none that counts is broken", async () => {
    const { code, said } = await conformance(peer.url, "--only", "get.");
    expect(said).toMatch(/^✓ MUST {3}3\.1\.3 +GetTask gives the current state .* get\.gives-the-task$/m);
    expect(said).toMatch(/not shown: needs a text .*--ask/);
    expect(said).toMatch(/^MUST +\d+ hold, 0 broken, \d+ not shown$/m);
    expect(code).toBe(0);
  });

  it("shows what was expected, what came, and the request, and ends with 1 when something is broken", async () => {
    const { code, said } = await conformance(peer.url, "--only", "versions.patch");
    expect(said).toMatch(/^✗ MUST +3\.6 .*\n +expected the task\n +got +HTTP .*-32009.*\n +curl .*'A2A-Version: 1\.0\.7'/m);
    expect(code).toBe(1);
  });

  it("has a form for machines: one object for each trial", async () => {
    const { said } = await conformance(peer.url, "--only", "get.unknown", "--json");
    const trials = said
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { id: string; binding: string; status: string });
    expect(trials.map(({ binding }) => binding).sort()).toEqual(["HTTP+JSON", "JSONRPC"]);
    expect(trials.every(({ id, status }) => id === "get.unknown-task" && status === "passed")).toBe(true);
  });

  it("has a form for pages: a table", async () => {
    const { said } = await conformance(peer.url, "--only", "get.unknown", "--md");
    expect(said).toMatch(/^\| GetTask of a task .* \| 3\.1\.3 \| MUST \| `get\.unknown-task` \| .* \| ✓ \|$/m);
  });

  it("says on the way, where no terminal looks on, which themes are done", async () => {
    const { complained } = await conformance(peer.url, "--only", "get.,cancel.");
    const lines = complained.trim().split("\n");
    expect(lines).toHaveLength(2);
    for (const line of lines) expect(line).toMatch(/^.+: done \(\d+ trials so far\)$/);
  });

  it.each([
    [[], /say which server/],
    [["nowhere"], /say which server/],
    [["http://127.0.0.1:9", "--only", "no-such-rule"], /no requirement has "no-such-rule"/],
    [["http://127.0.0.1:9", "--json", "--md"], /two forms of the same/],
    [["http://127.0.0.1:9", "--timeout", "soon"], /--timeout must be/],
    [["http://127.0.0.1:9", "--token", "a", "--key", "b"], /both say who is calling/],
  ])("called as %j says in one line what is wrong, and ends with 2", async (args, words) => {
    const { code, complained } = await conformance(...args);
    expect(complained).toMatch(words);
    expect(complained.trim().split("\n")).toHaveLength(1);
    expect(code).toBe(2);
  });

  it("says where it looked when there is no card, and ends with 1", async () => {
    const { code, complained } = await conformance(`${peer.url}/nowhere`);
    expect(complained).toMatch(/expected an agent card at .*\/nowhere\/\.well-known\/agent-card\.json, got HTTP 404/);
    expect(code).toBe(1);
  });
});
