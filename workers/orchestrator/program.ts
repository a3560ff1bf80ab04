/**
 * The orchestrator's program: plan, settle who takes what, delegate, merge, answer. It carries out what the planner
 * proposed and the dispatch policy decided, and never judges by itself. It may be run again from the top at any time:
 * whatever it learns from outside comes through a step, an answer or a delegate call, all named by goal and attempt.
 */
import type { DispatchContract } from "../../shared/contract/dispatch.ts";
import type { Tried } from "../../shared/contract/shelf.ts";
import { attachmentOf, isAttachment } from "../../shared/control/attachment.ts";
import { describeProblem, layersOf, type Plan, type PlannedGoal } from "../../shared/control/plan.ts";
import type { Planner } from "../../shared/control/planner.ts";
import { type ControlState, controlStateOf, isFinished, readyGoals } from "../../shared/control/state.ts";
import type { Outcome, Program, Run } from "../../shared/host/program.ts";
import { type AgentCard, type Message, textOf } from "../../shared/task/a2a-types.ts";
import { skillNamedIn } from "../../shared/task/skill-extension.ts";
import { skillFactsIn } from "../../shared/task/skill-facts.ts";
import { answerFrom } from "./answer.ts";
import { type Course, describeRefusal, settle } from "./course.ts";
import { fromLog, toLog } from "./logged.ts";
import { pursue } from "./pursuit.ts";

export interface OrchestratorDeps<Env> {
  /** The agents of the mesh, without the orchestrator itself, that may be meant by a text. Called inside steps only. */
  catalogue(run: Run<Env>, text: string): Promise<AgentCard[]>;
  /** Of these agents, the ones that were published to the mesh. */
  published(run: Run<Env>, agents: readonly string[]): ReadonlySet<string>;
  /** What each candidate of the goals is worth to the caller, where that was measured. Called inside steps only. */
  weigh(run: Run<Env>, goals: readonly PlannedGoal[], cards: readonly AgentCard[]): Promise<readonly PlannedGoal[]>;
  /** The dispatch contract of a task, in the version that the task was made under. */
  contract(run: Run<Env>): Tried<DispatchContract>;
  /** Chance (0..1) that a check passes a wrong result. */
  checkMisses(run: Run<Env>): number;
  readonly planner: Planner;
}

/** Characters that the names of all goals together may take: progress is shown in one line. */
const NAMES_LINE = 130;
const SHORTEST_NAME = 12;
/** Characters of text that are planned, and of one word in it: what a caller sends must not decide what planning costs. */
const LONGEST_TEXT = 200_000;
const LONGEST_WORD = 1_000;
/** Characters of an answer that choose a skill. */
const RANKED = 2_000;

/** As it stands in the log: a task that was planned before there was `readOnly` has none. */
type Planned =
  | { readonly plan: Plan; readonly names: Record<string, string>; readonly readOnly?: readonly string[] }
  | { readonly refused: string };

export function orchestratorProgram<Env>(deps: OrchestratorDeps<Env>): Program<Env> {
  return { run: (run) => orchestrate(run, deps) };
}

async function orchestrate<Env>(run: Run<Env>, deps: OrchestratorDeps<Env>): Promise<Outcome> {
  const attachments = run.message.parts.filter(isAttachment);
  const text = textOf(run.message.parts.filter((part) => !isAttachment(part))).trim();
  if (!text && attachments.length === 0) return { outcome: "rejected", reason: "The message is empty: say what you want done." };
  const excess = tooLong(text);
  if (excess) return { outcome: "rejected", reason: excess };

  const contract = deps.contract(run);
  const planned = fromLog<Planned>(await run.step("plan", async () => toLog(await propose(run, deps, text))));
  if ("refused" in planned) return { outcome: "rejected", reason: planned.refused };
  const started = controlStateOf(planned.plan);
  if ("problem" in started) return { outcome: "failed", reason: `The request could not be planned: ${describeProblem(started.problem)}.` };

  const course: Course<Env> = {
    run,
    contract,
    checkMisses: deps.checkMisses(run),
    attachments,
    names: planned.names,
    layers: layersOf(planned.plan),
    rerank: async (goal) => {
      const cards = await deps.catalogue(run, goal.text);
      const candidates = deps.planner.rank({ ...goal, text: goal.text.slice(0, RANKED) }, cards);
      const [weighed] = await deps.weigh(run, [{ ...goal, candidates }], cards);
      return weighed?.candidates ?? candidates;
    },
    state: started.state,
    readOnly: new Set(planned.readOnly),
    first: new Map(),
    roads: new Map(),
    questions: 0,
  };
  run.progress(announce(course.state), { state: "planned", goals: course.state.goals.length });

  // All questions come before the first call: a person is asked while nothing is half done.
  const refused = await settle(course);
  if (refused) return { outcome: "rejected", reason: describeRefusal(refused, contract) };
  await carryOut(course);
  return answerFrom(course.state, course.checkMisses);
}

function tooLong(text: string): string | undefined {
  const instead = "send long texts and data as documents, each a part with a filename";
  if (text.length > LONGEST_TEXT)
    return `The message has ${text.length.toLocaleString("en")} characters of text, and a request may have ${LONGEST_TEXT.toLocaleString("en")}: ${instead}.`;
  if (new RegExp(`[\\p{L}\\p{N}'’-]{${LONGEST_WORD + 1}}`, "u").test(text))
    return `The message has a word of more than ${LONGEST_WORD.toLocaleString("en")} characters: ${instead}.`;
  return undefined;
}

async function propose<Env>(run: Run<Env>, deps: OrchestratorDeps<Env>, text: string): Promise<Planned> {
  const cards = await deps.catalogue(run, text);
  const names = Object.fromEntries(cards.flatMap((card) => card.skills.map((skill) => [`${card.name}/${skill.id}`, skill.name])));
  const named = namedSkill(run.message);
  if (named && !Object.hasOwn(names, named)) {
    return { refused: `The mesh has no skill "${named}". It has: ${Object.keys(names).join(", ")}.` };
  }
  const attachments = run.message.parts.filter(isAttachment).map(attachmentOf);
  const published = deps.published(
    run,
    cards.map(({ name }) => name),
  );
  const plan = await deps.planner.plan({ text, attachments, catalogue: cards, published, ...(named ? { named } : {}) });
  return { plan: { ...plan, goals: await deps.weigh(run, plan.goals, cards) }, names, readOnly: cards.flatMap(readOnlyIn) };
}

/** Its skills that change nothing, by what the card says. */
function readOnlyIn(card: AgentCard): string[] {
  return [...skillFactsIn(card)].flatMap(([skill, { readOnly }]) => (readOnly ? [`${card.name}/${skill}`] : []));
}

/** `agent/skill`. A name without an agent is a skill of the orchestrator itself. */
function namedSkill(message: Message): string | undefined {
  const skill = skillNamedIn(message);
  return skill?.includes("/") ? skill : undefined;
}

/** Whatever is ready goes out, as many together as the policy said; each result may make others ready. */
async function carryOut<Env>(course: Course<Env>): Promise<void> {
  const out = new Map<string, Promise<void>>();
  while (!isFinished(course.state)) {
    const ready = readyGoals(course.state).filter(({ id }) => !out.has(id));
    // Cannot be in a sound plan; but a loop that waits for nothing would never end.
    if (ready.length + out.size === 0) throw new Error("goals are waiting, and none of them can go out");
    const width = Math.max(1, ...[...ready.map(({ id }) => id), ...out.keys()].map((id) => widthOf(course, id)));
    for (const { id } of ready) {
      // One that is put to more agents than may be called at once goes out alone.
      if (out.size > 0 && callsOf(course, [...out.keys(), id]) > width) break;
      const pursued = pursue(course, id).finally(() => out.delete(id));
      out.set(id, pursued);
    }
    await Promise.race(out.values());
  }
}

/** Calls that these goals make side by side. */
function callsOf<Env>({ roads }: Course<Env>, ids: readonly string[]): number {
  return ids.reduce((sum, id) => sum + (roads.get(id)?.length ?? 1), 0);
}

function widthOf<Env>({ first, roads, contract }: Course<Env>, id: string): number {
  if (roads.has(id)) return contract.maxFanOut;
  const decision = first.get(id);
  return decision?.outcome === "delegate" ? decision.width : 1;
}

/** What was asked for and what that takes; whether there will be anything to compose and check is not known yet. */
function announce({ goals }: ControlState): string {
  const sure = goals.filter(({ origin, role, when }) => origin === "request" || (role !== "check" && when === "always"));
  const room = Math.max(SHORTEST_NAME, Math.floor(NAMES_LINE / sure.length));
  const names = sure.map(({ text }) => `"${brief(text, room)}"`);
  return `Planned ${sure.length} goal${sure.length === 1 ? "" : "s"}: ${names.join(", ")}`;
}

/** The beginning of its first line: behind it may stand a whole table. */
function brief(text: string, room: number): string {
  const line = text.split("\n", 1)[0] ?? "";
  return line.length > room || line.length < text.length ? `${line.slice(0, room - 1).trimEnd()}…` : line;
}
