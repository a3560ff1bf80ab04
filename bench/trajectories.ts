/**
 * `npm run measure:breaker -- <folder>`: what the circuit breaker would have said of published runs of other people's agents,
 * each signal apart, on runs that came to a good end and on runs that did not; and how well its notion of a repetition agrees
 * with people's. Changes nothing and calls nobody.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { CircuitBreakerContract } from "../shared/contract/circuit-breaker.ts";
import { readContract } from "../shared/contract/load.ts";
import { decideCircuitBreaker, type Trip } from "../shared/policy/circuit-breaker.ts";
import { shareInCommon } from "../shared/policy/likeness.ts";
import { NO_TURNS, noteReplan, noteTurn, turnOf } from "../shared/policy/turns.ts";
import { type Run, readTrajectories } from "./trajectory-set.ts";

const CONTRACT = "contracts/circuit-breaker.v1.yaml";

/** All of them: a signal that is missing here is a type error. */
const NAMED: Readonly<Record<Trip, true>> = {
  "turn-cap": true,
  "same-error": true,
  repetition: true,
  "unchanged-state": true,
  "calls-without-progress": true,
  decline: true,
};

const HELP = `npm run measure:breaker -- <folder> [--contract <file>]

  <folder>            a clone of https://github.com/sola-st/llm-agents-study (MIT): trajectories of two program-repair agents
  --contract <file>   the figures to measure (default: ${CONTRACT})
  --help
`;

try {
  process.exitCode = measure();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}

function measure(): number {
  const options = { contract: { type: "string" }, help: { type: "boolean", short: "h" } } as const;
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  const folder = positionals[0];
  if (values.help || folder === undefined) {
    process.stdout.write(HELP);
    return values.help ? 0 : 2;
  }
  const file = values.contract ?? join(import.meta.dirname, "..", CONTRACT);
  const contract = readContract("circuit-breaker", readFileSync(file, "utf8"), file);
  const runs = readTrajectories(folder);
  say(agreement(runs, contract), trips(runs, contract), stops(runs, contract));
  return 0;
}

function say(...tables: readonly (readonly string[])[]): void {
  process.stdout.write(`${tables.map((lines) => lines.join("\n")).join("\n\n")}\n`);
}

/** The plain definition is what others measured: words without any punctuation, nothing sampled. */
function agreement(runs: readonly Run[], contract: CircuitBreakerContract): readonly string[] {
  const definitions: readonly [string, (one: string, other: string) => boolean][] = [
    ["the breaker's pieces", (one, other) => shareInCommon(piecesOf(one), piecesOf(other)) > contract.repetition],
    ["plain 4-gram overlap", (one, other) => plainOverlap(one, other) > contract.repetition],
    ["the same text", (one, other) => one === other],
  ];
  const head = "| action repeats the one before | agent | labelled | precision | recall | F1 |\n| --- | --- | --- | --- | --- | --- |";
  return [head, ...agentsOf(runs).flatMap((agent) => definitions.map(([name, repeats]) => agreementRow(name, agent, runs, repeats)))];
}

function agreementRow(name: string, agent: string, runs: readonly Run[], repeats: (one: string, other: string) => boolean): string {
  let [both, onlyOurs, onlyTheirs] = [0, 0, 0];
  for (const { turns, repeats: labels } of runs.filter((each) => each.agent === agent)) {
    for (const [at, label] of labels.entries()) {
      const ours = repeats(turns[at]?.action ?? "", turns[at + 1]?.action ?? "");
      if (ours && label) both++;
      else if (ours) onlyOurs++;
      else if (label) onlyTheirs++;
    }
  }
  const figures = [both / (both + onlyOurs), both / (both + onlyTheirs), (2 * both) / (2 * both + onlyOurs + onlyTheirs)];
  return `| ${name} | ${agent} | ${both + onlyTheirs} | ${figures.map((figure) => figure.toFixed(3)).join(" | ")} |`;
}

function piecesOf(action: string) {
  return turnOf({ skill: "", action, result: "answer", text: "" }).action;
}

function plainOverlap(one: string, other: string): number {
  const [left, right] = [one, other].map((text) => {
    const words = text.toLowerCase().match(/[\p{L}\p{N}_]+/gu) ?? [];
    return new Set(Array.from({ length: Math.max(1, words.length - 3) }, (_, at) => words.slice(at, at + 4).join(" ")));
  }) as [Set<string>, Set<string>];
  const common = [...left].filter((piece) => right.has(piece)).length;
  return common / (left.size + right.size - common);
}

/** Each signal apart, as in shadow mode: nobody is told of anything, and a run counts once. */
function trips(runs: readonly Run[], contract: CircuitBreakerContract): readonly string[] {
  const first = runs.map((run) => ({ run, at: firstTrips(run, contract) }));
  const signals = Object.keys(NAMED) as Trip[];
  const rows = signals.map((trip) => {
    const cells = kindsOf(runs).map(({ agent, solved }) => {
      const kind = first.filter(({ run }) => run.agent === agent && run.solved === solved);
      return `${kind.filter(({ at }) => at.has(trip)).length} of ${kind.length}`;
    });
    return `| ${trip} | ${cells.join(" | ")} |`;
  });
  return [
    `| runs in which it trips | ${kindsOf(runs).map(nameOf).join(" | ")} |\n| --- |${" --- |".repeat(kindsOf(runs).length)}`,
    ...rows,
  ];
}

function firstTrips({ turns }: Run, contract: CircuitBreakerContract): ReadonlyMap<Trip, number> {
  const first = new Map<Trip, number>();
  let state = NO_TURNS;
  for (const [at, told] of turns.entries()) {
    state = noteTurn(state, turnOf(told));
    const decision = decideCircuitBreaker(contract, { ...state.signals, out: 0 });
    if (decision.outcome === "go") continue;
    for (const reason of decision.reasons) if (!first.has(reason)) first.set(reason, at + 1);
  }
  return first;
}

/** All together, as in force: the planner is told of a trip and goes on as it did, because a recorded one cannot listen. */
function stops(runs: readonly Run[], contract: CircuitBreakerContract): readonly string[] {
  const rows = kindsOf(runs).map((kind) => {
    const those = runs.filter((each) => each.agent === kind.agent && each.solved === kind.solved);
    const ends = those.map((run) => ({ ...endOf(run, contract), turns: run.turns.length }));
    const asked = ends.filter(({ askedAt }) => askedAt !== undefined);
    const saved = asked.reduce((sum, { askedAt = 0, turns }) => sum + turns - askedAt, 0);
    const all = ends.reduce((sum, { turns }) => sum + turns, 0);
    return `| ${nameOf(kind)} | ${those.length} | ${ends.filter(({ told }) => told > 0).length} | ${asked.length} | ${saved} of ${all} |`;
  });
  return ["| in force | runs | planner told | person asked | turns after that |\n| --- | --- | --- | --- | --- |", ...rows];
}

function endOf({ turns }: Run, contract: CircuitBreakerContract): { told: number; askedAt?: number } {
  let state = NO_TURNS;
  for (const [at, turn] of turns.entries()) {
    state = noteTurn(state, turnOf(turn));
    const decision = decideCircuitBreaker(contract, { ...state.signals, out: 0 });
    if (decision.outcome === "ask") return { told: state.signals.trips, askedAt: at + 1 };
    if (decision.outcome === "replan") state = noteReplan(state, decision.reasons);
  }
  return { told: state.signals.trips };
}

interface Kind {
  readonly agent: string;
  readonly solved: boolean;
}

function kindsOf(runs: readonly Run[]): readonly Kind[] {
  return agentsOf(runs).flatMap((agent) => [true, false].map((solved) => ({ agent, solved })));
}

function nameOf({ agent, solved }: Kind): string {
  return `${agent}, ${solved ? "solved" : "unsolved"}`;
}

function agentsOf(runs: readonly Run[]): readonly string[] {
  return [...new Set(runs.map(({ agent }) => agent))];
}
