/**
 * What a requirement works with: the card, callers of the agent, and tasks in the state it needs. What cannot be known of a
 * stranger's agent (which text takes long, which one leads to a question) it was told, or it says so and shows nothing.
 */
import { randomUUID } from "node:crypto";
import { type AgentCard, isTerminal, type JsonObject, type Message, type Task } from "../shared/task/a2a-types.ts";
import type { Agent } from "./agent.ts";
import type { HttpAnswer, Trial } from "./exchange.ts";
import { gotTask, sentTask } from "./expect.ts";
import { type Binding, NotShown, type Written } from "./requirement.ts";
import type { Inbox } from "./webhook.ts";

/** Texts that lead somewhere; `text` is known of every agent. */
export interface Triggers {
  /** A task that comes to its end. */
  readonly text: string;
  /** A task that works for some seconds. */
  readonly slow?: string | undefined;
  /** A task that asks for input, and what to answer. */
  readonly ask?: string | undefined;
  readonly answer?: string | undefined;
  /** A task that fails. */
  readonly fail?: string | undefined;
  /** A task that the agent rejects. */
  readonly reject?: string | undefined;
  /** A completed task with at least one artifact. */
  readonly artifact?: string | undefined;
  /** A task that waits for an authorization. */
  readonly auth?: string | undefined;
  /** An answer that is a message, without a task. */
  readonly message?: string | undefined;
  /** The skill every message names, by the extension for it. */
  readonly skill?: string | undefined;
}

export type TriggerName = Exclude<keyof Triggers, "skill" | "answer">;

export interface CardSeen {
  readonly url: string;
  readonly answer: HttpAnswer;
  readonly card: AgentCard;
}

export interface Probe {
  readonly seen: CardSeen;
  readonly card: AgentCard;
  readonly trial: Trial;
  /** @throws Error for a requirement without bindings */
  readonly binding: Binding;
  readonly agent: Agent;
  /** The same agent through a binding that is named. @throws NotShown when the card does not declare it */
  readonly over: (binding: Binding) => Agent;
  /** The same agent, called without credentials. */
  readonly anonymous: Agent;
  /** The same agent, called by somebody else. @throws NotShown when nobody else is known */
  readonly other: () => Agent;
  /** A caller who is known, but may not send messages. @throws NotShown when none is known */
  readonly weak: () => Agent;
  readonly credentials: Readonly<Record<string, string>>;
  /** What every request carries besides its version: credentials, and the extensions that the card requires. */
  readonly usual: Readonly<Record<string, string>>;
  readonly triggers: Triggers;
  /** The address of the suite's own webhook receiver. */
  readonly inbox: () => Promise<Inbox>;
  /** A task that has ended, the same one for all requirements that only look at it. */
  readonly finished: () => Promise<Task>;
}

/** @throws NotShown when the text was not given */
export function trigger({ triggers }: Probe, name: TriggerName): string {
  const text = triggers[name];
  if (text === undefined) throw new NotShown(`needs a text that does it: --${name} "…"`);
  return text;
}

export function message({ triggers }: Pick<Probe, "triggers">, text: string, more: Partial<Message> = {}): JsonObject {
  const skill = triggers.skill && { metadata: { "urn:skein:ext:skill:v1": { skill: triggers.skill } } };
  return { messageId: randomUUID(), role: "ROLE_USER", parts: [{ text }], ...skill, ...more } as unknown as JsonObject;
}

/** Sends a text and gives the task. */
export async function sent(probe: Probe, text: string, more: Partial<Message> = {}, configuration?: JsonObject): Promise<Task> {
  const params = { message: message(probe, text, more), ...(configuration && { configuration }) };
  return sentTask(await probe.agent.call("SendMessage", params));
}

/** A task of its own that has ended, however: most rules ask no more. */
export async function ended(probe: Probe, more: Partial<Message> = {}): Promise<Task> {
  const task = await sent(probe, trigger(probe, "text"), more);
  if (!isTerminal(task.status.state))
    throw new NotShown(`needs a text that leads to an end (--text "…"): this one led to ${task.status.state}`);
  return task;
}

/** A task of its own with something to show. */
export async function withArtifacts(probe: Probe): Promise<Task> {
  const task = await sent(probe, trigger(probe, "artifact"));
  const { artifacts = [] } = await read(probe, task.id);
  if (artifacts.length === 0)
    throw new NotShown(`needs a text that leads to an artifact (--artifact "…"): this one led to ${task.status.state} without`);
  return task;
}

/** A task of its own that is at work. */
export async function working(probe: Probe, configuration: JsonObject = {}): Promise<Task> {
  const task = await sent(probe, trigger(probe, "slow"), {}, { ...configuration, returnImmediately: true });
  if (isTerminal(task.status.state)) throw new NotShown(`needs a text that takes some seconds (--slow "…"): this task had ended at once`);
  return task;
}

/** A task of its own that asks for input. */
export async function asking(probe: Probe, configuration?: JsonObject): Promise<Task> {
  const task = await sent(probe, trigger(probe, "ask"), {}, configuration);
  if (task.status.state !== "TASK_STATE_INPUT_REQUIRED")
    throw new NotShown(`needs a text that leads to a question (--ask "…"): this one led to ${task.status.state}`);
  return task;
}

/** A task of its own that has not ended, of whichever kind can be had. */
export function unfinished(probe: Probe, configuration?: JsonObject): Promise<Task> {
  if (probe.triggers.ask !== undefined) return asking(probe, configuration);
  if (probe.triggers.slow !== undefined) return working(probe, configuration);
  throw new NotShown('needs a task that stays open: --ask "…" or --slow "…"');
}

/** Tasks that have ended otherwise than by completing, as far as they can be had: each with how it ended. */
export async function endedOtherwise(probe: Probe): Promise<Task[]> {
  const { fail, reject, ask, slow } = probe.triggers;
  const ended = await Promise.all([fail, reject].filter((text) => text !== undefined).map((text) => sent(probe, text)));
  if (ask !== undefined || slow !== undefined) {
    const { id } = await unfinished(probe);
    ended.push(gotTask(await probe.agent.call("CancelTask", { id })));
  }
  if (ended.length === 0) throw new NotShown('needs a task that ends otherwise: --fail "…", --reject "…", --ask "…" or --slow "…"');
  const open = ended.find(({ status }) => !isTerminal(status.state));
  if (open) throw new NotShown(`needs tasks that end: one of them is ${open.status.state}`);
  return ended;
}

export function answer({ triggers }: Probe): string {
  if (triggers.answer === undefined) throw new NotShown('needs the answer to the agent\'s question: --answer "…"');
  return triggers.answer;
}

export async function read(probe: Probe, id: string, more: JsonObject = {}): Promise<Task> {
  return gotTask(await probe.agent.call("GetTask", { id, ...more }));
}

/** Reads the task until it is as wanted; how long that may take is the trial's to say. */
export async function until(probe: Probe, id: string, isSo: (task: Task) => boolean): Promise<Task> {
  for (;;) {
    const task = await read(probe, id);
    if (isSo(task)) return task;
    await new Promise((resolve) => setTimeout(resolve, 50));
    probe.trial.signal.throwIfAborted();
  }
}

/** Ends what a requirement left open; whether canceling works is another requirement's question. */
export async function leave(probe: Probe, id: string): Promise<void> {
  await probe.agent.call("CancelTask", { id });
}

export function needsCapability({ card }: Probe, name: "streaming" | "pushNotifications" | "extendedAgentCard"): void {
  if (card.capabilities?.[name] !== true) throw new NotShown(`the card does not declare ${name}`);
}

export function lacksCapability({ card }: Probe, name: "streaming" | "pushNotifications" | "extendedAgentCard"): void {
  if (card.capabilities?.[name] === true) throw new NotShown(`the card declares ${name}`);
}

/** Requirements that are shown only by agents whose card declares streams. */
export const needsStreaming = (written: readonly Written[]): Written[] =>
  written.map((each) => ({
    ...each,
    run: async (probe) => {
      needsCapability(probe, "streaming");
      await each.run(probe);
    },
  }));
