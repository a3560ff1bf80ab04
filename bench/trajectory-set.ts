/**
 * Reads the trajectories of two program-repair agents that were published with "Understanding Software Engineering Agents"
 * (ASE 2025, github.com/sola-st/llm-agents-study, MIT): what each run did turn by turn, whether it solved its bug, and which
 * transitions people labelled as repetition. Reads only; nothing of the set is kept in this project.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export interface RunTurn {
  readonly skill: string;
  readonly action: string;
  readonly result: "answer" | "error";
  readonly text: string;
}

export interface Run {
  readonly agent: string;
  readonly name: string;
  readonly solved: boolean;
  readonly turns: readonly RunTurn[];
  /** One for each turn but the first: whether people called its action a repetition of the one before. */
  readonly repeats: readonly boolean[];
}

const AGENTS = [
  { agent: "RepairAgent", folder: "repairagent", actions: "actions_actions", labels: "repairagent_csv" },
  { agent: "AutoCodeRover", folder: "autocoderover", actions: "action_actions", labels: "autocoderover_csv" },
] as const;

const HOW_TO_GET_IT = "clone https://github.com/sola-st/llm-agents-study and name its folder";

/** @throws Error when the folder is not a copy of the set, saying where to get one */
export function readTrajectories(folder: string): readonly Run[] {
  const readme = join(folder, "README.md");
  if (!existsSync(readme) || !existsSync(join(folder, "trajectories"))) throw new Error(`no trajectories in ${folder}: ${HOW_TO_GET_IT}`);
  const outcomes = readFileSync(readme, "utf8");
  return AGENTS.flatMap((each) => runsOf(folder, each, outcomes));
}

function runsOf(folder: string, { agent, folder: own, actions, labels }: (typeof AGENTS)[number], readme: string): readonly Run[] {
  const parsed = join(folder, "trajectories", own, "parsed");
  const files = readdirSync(join(parsed, actions));
  return namesOf(readme, agent).flatMap(({ name, solved }) => {
    const file = files.find((each) => each === name || each.endsWith(`_${name}`));
    if (file === undefined) return [];
    const did = cut(readFileSync(join(parsed, actions, file), "utf8"), ACTION);
    const got = cut(readFileSync(join(parsed, "results_actions", file), "utf8"), RESULT).map((each) => each.split(NEXT)[0]?.trim() ?? "");
    const marks = readFileSync(join(folder, labels, "action_action", `${name}.csv`), "utf8");
    const repeats = marks.split(/[\r\n]+/).filter((mark) => mark !== "" && mark !== "label");
    return [{ agent, name, solved, turns: did.map((action, at) => told(action, got[at] ?? "")), repeats: repeats.map(isRepetition) }];
  });
}

const ACTION = /^;? ?Action at [Ii]teration ?\d+ ?: ?/m;
/** What follows a result in its block: the next action, in the one or the other writing. With it every result would be new. */
const NEXT = /^;? ?(?:Action at [Ii]teration ?\d+ ?:|Next action:)/m;
const RESULT = /^Result at [Ii]teration ?\d+ ?: ?/m;

function cut(text: string, at: RegExp): readonly string[] {
  return text
    .split(at)
    .slice(1)
    .map((each) => each.trim());
}

/** What the agent's shell says before a result is the same in each, and tells nothing. */
function told(action: string, result: string): RunTurn {
  const text = result.replace(/^The result of executing that last command is:\s*/, "");
  const isError = /^(Failure|Error)\b|^Command .{1,60} returned: Error\b/.test(text);
  const skill = /'name': '([^']+)'/.exec(action)?.[1] ?? action.split("(")[0] ?? action;
  return { skill, action, result: isError ? "error" : "answer", text };
}

/** The set lists which runs solved their bug in its README, and nowhere else. */
function namesOf(readme: string, agent: string): readonly { name: string; solved: boolean }[] {
  const section = readme.split(`### ${agent} Instances`)[1]?.split("\n### ")[0] ?? "";
  const [solved = "", unsolved = ""] = section.split("Unresolved instances:");
  const names = (text: string) => text.split("```")[1]?.trim().split(/\s+/) ?? [];
  return [...names(solved).map((name) => ({ name, solved: true })), ...names(unsolved).map((name) => ({ name, solved: false }))];
}

function isRepetition(mark: string): boolean {
  return mark.trim() === "Repetition";
}
