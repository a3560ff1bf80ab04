import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readTrajectories } from "../../../bench/trajectory-set.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "trajectories-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function put(path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}

const FENCE = "```";
const names = (solved: string, unsolved: string) =>
  `Resolved instances:\n${FENCE}\n${solved}\n${FENCE}\nUnresolved instances:\n${FENCE}\n${unsolved}\n${FENCE}\n`;
/** One of the two writings in which the set gives the next action at the end of a result. */
const result = (at: number, text: string, next: string) =>
  `Result at iteration ${at}: The result of executing that last command is:\n ${text}\n; ${next}{'name': 'other'}\n---\n`;

describe("readTrajectories", () => {
  it("gives each run its turns, its end and its labels, and leaves the next action out of a result", () => {
    put("README.md", `### RepairAgent Instances\n${names("Good_1", "Bad_2\nGone_3")}\n### AutoCodeRover Instances\n${names("x__x-1", "")}`);
    const labels = "label\r\r\nFollow-up\r\r\nRepetition\r\r\n";
    for (const [name, file, next] of [
      ["Good_1", "Good_1", "Next action: "],
      ["Bad_2", "experiment_7_Bad_2", "Action at iteration9 : "],
    ] as const) {
      put(`repairagent_csv/action_action/${name}.csv`, labels);
      const actions = [0, 1, 2].map((at) => `Action at iteration ${at}: {'name': 'read', 'at': ${at}}\n`);
      put(`trajectories/repairagent/parsed/actions_actions/${file}`, actions.join(""));
      const said = ["Command read returned: a page", "Command read returned: Error: no page", "Failure: too long"];
      put(`trajectories/repairagent/parsed/results_actions/${file}`, said.map((text, at) => result(at, text, next)).join(""));
    }
    put("autocoderover_csv/action_action/x__x-1.csv", "label\nDivergence\n");
    put("trajectories/autocoderover/parsed/action_actions/x__x-1", 'Action at Iteration 0: search("a")\n\nAction at Iteration 1: patch\n');
    put("trajectories/autocoderover/parsed/results_actions/x__x-1", "Result at Iteration 0: found a\nAction at Iteration 1: patch\n");

    const runs = readTrajectories(folder);
    expect(runs.map(({ agent, name, solved }) => [agent, name, solved])).toEqual([
      ["RepairAgent", "Good_1", true],
      ["RepairAgent", "Bad_2", false],
      ["AutoCodeRover", "x__x-1", true],
    ]);
    for (const run of runs.slice(0, 2)) {
      expect(run.repeats).toEqual([false, true]);
      expect(run.turns[0]).toEqual({
        skill: "read",
        action: "{'name': 'read', 'at': 0}",
        result: "answer",
        text: "Command read returned: a page",
      });
      expect(run.turns.map((turn) => turn.result)).toEqual(["answer", "error", "error"]);
    }
    expect(runs[2]?.turns).toEqual([
      { skill: "search", action: 'search("a")', result: "answer", text: "found a" },
      // How the last one went is not told.
      { skill: "patch", action: "patch", result: "answer", text: "" },
    ]);
  });

  it("says where the set is to be had when the folder is another", () => {
    expect(() => readTrajectories(folder)).toThrow("github.com/sola-st/llm-agents-study");
  });
});
