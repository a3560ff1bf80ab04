import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connect } from "../../cli/client.ts";
import { deletionInWords } from "../../cli/deletion.ts";
import { type CopiedMesh, copyMesh } from "./copied-mesh.ts";
import { countTasks } from "./wire.ts";

// A task with all that it had made: deleted at the front door by the command's own client, and gone from every agent and from disk.

const REQUEST = "How many retries does the osprey gateway allow, and what is 17 * 3?";
const HANDBOOK = "# Osprey gateway\n\nThe osprey gateway allows 6 retries for each request.\n";
const AGENTS = ["researcher", "analyst", "writer", "critic"];

let mesh: CopiedMesh;

beforeAll(async () => {
  mesh = await copyMesh();
  await mesh.start();
});
afterAll(() => mesh.remove());

async function documents(): Promise<string> {
  const researcher = await connect(`${mesh.url}/agents/researcher`);
  const task = await researcher.send({ parts: [{ text: "list" }], skill: "documents" });
  await researcher.delete(task.id);
  return JSON.stringify(task.artifacts);
}

const tasksEverywhere = () => Promise.all(AGENTS.map((agent) => countTasks(`${mesh.url}/agents/${agent}`)));

describe("a task of several agents that its caller deletes", () => {
  it("is gone from each of them, with the documents that came with it, also after the runtime was killed", async () => {
    const frontDoor = await connect(mesh.url);
    const task = await frontDoor.send({ parts: [{ text: REQUEST }, { text: HANDBOOK, filename: "osprey.md" }] });
    expect(task.status.state).toBe("TASK_STATE_COMPLETED");
    expect(await documents()).toContain("osprey.md");
    const made = (await tasksEverywhere()).reduce((sum, count) => sum + count, 0);
    expect(made).toBeGreaterThan(2);

    const deletion = await frontDoor.delete(task.id);
    expect(deletion.elsewhere.filter(({ outcome }) => outcome === "deleted")).toHaveLength(made);
    expect(deletionInWords(deletion)).toBe(`deleted ${task.id}, and ${made} tasks that other agents had for it`);
    expect(await tasksEverywhere()).toEqual(AGENTS.map(() => 0));
    expect(await documents()).not.toContain("osprey.md");

    await mesh.kill();
    await mesh.start();
    await expect(frontDoor.get(task.id)).rejects.toThrow("there is no task");
    await expect(frontDoor.delete(task.id)).rejects.toThrow("there is no task");
    expect(await countTasks(mesh.url)).toBe(0);
    expect(await tasksEverywhere()).toEqual(AGENTS.map(() => 0));
  });
});
