/**
 * `defineAgent`: a card and its skills become a program. Card and code must agree, or the Worker refuses to start.
 */
import type { DeletedTask, Outcome, Program, Run } from "../host/program.ts";
import type { AgentCard, Message } from "../task/a2a-types.ts";
import { textOf } from "../task/a2a-types.ts";
import { extendCard, parseCard } from "../task/agent-card.ts";
import { callsOf } from "./calls.ts";
import { pursueGoal } from "./goal.ts";
import type { Skill, SkillContext } from "./skill.ts";

export interface Agent<Env = unknown> {
  readonly card: AgentCard;
  /** What authenticated callers see: the card, and the skills that it does not show. */
  readonly extendedCard?: AgentCard | undefined;
  readonly skills: Readonly<Record<string, Skill<Env>>>;
  readonly program: Program<Env>;
}

export interface AgentOptions<Env = unknown> {
  /** Which skill a message without a named skill is for. Default: the only skill, or the card's first. */
  readonly route?: (message: Message) => string;
  /** Skills for authenticated callers that the public card does not show, as imported from a JSON file: `{ "skills": [ … ] }`. */
  readonly extended?: unknown;
  /**
   * A task is being deleted, because its time is over or its caller wants it gone: deletes what the agent keeps for that task in
   * other places. Called at least once for each task; when it throws, the task stays until a later call succeeds.
   */
  readonly forget?: (task: DeletedTask<Env>) => Promise<void>;
}

/**
 * @param card the agent's card, as imported from `agent-cards/<name>.json`
 * @param skills one function for each skill id of the card, and of the extended one
 * @throws Error naming the skill when the card and the code differ, or the card's field when the card is no A2A 1.0 card
 */
export function defineAgent<Env = unknown>(
  card: unknown,
  skills: Record<string, Skill<Env>>,
  { route, extended, forget }: AgentOptions<Env> = {},
): Agent<Env> {
  const checked = parseCard(card);
  const extendedCard = extendCard(checked, extended);
  const promised = (extendedCard ?? checked).skills.map((skill) => skill.id);
  for (const id of promised)
    if (!Object.hasOwn(skills, id))
      throw new Error(
        `${checked.name}: the card promises skill "${id}", but the code has none: add it to defineAgent, or take it off the card`,
      );
  for (const id of Object.keys(skills))
    if (!promised.includes(id))
      throw new Error(`${checked.name}: the code has skill "${id}", but the card does not promise it: add it to the card's "skills"`);

  const run = async (run: Run<Env>): Promise<Outcome> => {
    const id = run.skill ?? route?.(run.message) ?? promised[0] ?? "";
    const skill = Object.hasOwn(skills, id) ? skills[id] : undefined;
    if (!skill) return { outcome: "rejected", reason: `${checked.name} has no skill "${id}". It has: ${promised.join(", ")}` };
    return skill(skillContext(run));
  };
  return { card: checked, ...(extendedCard && { extendedCard }), skills, program: { run, ...(forget && { forget }) } };
}

/** Narrows a run to what a skill may see, and adds what is convenient there. */
function skillContext<Env>(run: Run<Env>): SkillContext<Env> {
  const calls = callsOf(run);
  const begun = new Set<string>();
  return {
    text: textOf(run.message.parts),
    parts: run.message.parts,
    message: run.message,
    principal: run.principal,
    taskId: run.taskId,
    contextId: run.contextId,
    env: run.env,
    get signal() {
      return run.signal;
    },
    progress: (text, metadata) => run.progress(text, metadata),
    emit: (artifact, chunk) => run.emit(artifact, chunk),
    step: (name, fn) => run.step(name, fn),
    ask: async (question, options) => textOf((await run.ask(question, undefined, options)).parts),
    approve: (action) => run.approve(action),
    act: (name, action, effect) => run.act(name, action, effect),
    spend: (name, cost) => run.spend(name, cost),
    preferences: run.preferences,
    delegate: (target, message, options = {}) => calls(target, typeof message === "string" ? [{ text: message }] : message, options),
    goal: (name, options, pursue) => pursueGoal({ run, calls, begun }, name, options, pursue),
  };
}
