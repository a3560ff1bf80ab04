/**
 * A task's events as lines a person can follow: when, who, what. Pure but for what it has already told: the clock is handed in.
 */
import { isInterrupted, type JsonObject, type StreamResponse, type TaskState, textOf } from "../shared/task/a2a-types.ts";
import { interruptIn } from "../shared/task/interrupt-extension.ts";

export interface Narration {
  /** The line for this event, or undefined when it holds nothing new to a person. */
  line(event: StreamResponse, elapsedMs: number): string | undefined;
  /** What was seen so far. */
  tally(): { readonly agents: number; readonly calls: number };
}

const IN_WORDS: Record<TaskState, string> = {
  TASK_STATE_SUBMITTED: "accepted",
  TASK_STATE_WORKING: "working",
  TASK_STATE_INPUT_REQUIRED: "asks back",
  TASK_STATE_AUTH_REQUIRED: "needs an authorisation",
  TASK_STATE_COMPLETED: "completed",
  TASK_STATE_FAILED: "failed",
  TASK_STATE_CANCELED: "canceled",
  TASK_STATE_REJECTED: "rejected",
};

/** @param metadata of the task, or of the change: says for what a task waits whose state alone would say that it asks */
export function inWords(state: TaskState, metadata?: JsonObject): string {
  const kind = isInterrupted(state) ? interruptIn(metadata)?.kind : undefined;
  if (kind === "paused") return "paused";
  return kind === "approval" ? "needs an approval" : (IN_WORDS[state] ?? state);
}

export function narrate(paint: (style: "dim" | "cyan", text: string) => string = (_style, text) => text): Narration {
  const agents = new Set<string>();
  const calls = new Set<string>();
  let last = "";

  const tell = (who: string, what: string, elapsedMs: number): string | undefined => {
    const line = `${who} ${what}`;
    if (what === "" || line === last) return undefined;
    last = line;
    return `${paint("dim", `${seconds(elapsedMs).padStart(7)}`)}  ${paint("cyan", who.padEnd(18))} ${what}`;
  };

  return {
    line(event, elapsedMs) {
      if ("artifactUpdate" in event) {
        // One line for the artifact, none for each of its chunks: the answer itself comes at the end.
        const { artifact, append } = event.artifactUpdate;
        return append ? undefined : tell("", `made ${artifact.name ?? artifact.artifactId}`, elapsedMs);
      }
      if ("task" in event) return tell("", inWords(event.task.status.state, event.task.metadata), elapsedMs);
      const { status, metadata } = event.statusUpdate;
      const { agent, skill, goal } = { ...status.message?.metadata, ...metadata };
      const who = typeof agent === "string" ? (typeof skill === "string" ? `${agent}/${skill}` : agent) : "";
      if (who !== "") {
        agents.add(String(agent));
        calls.add(`${JSON.stringify(goal ?? "")} ${who}`);
      }
      const text = firstLine(textOf(status.message?.parts ?? []));
      if (status.state === "TASK_STATE_WORKING") return tell(who, withoutPrefix(text, who), elapsedMs);
      return tell(who, inWords(status.state, metadata), elapsedMs);
    },
    tally: () => ({ agents: agents.size, calls: calls.size }),
  };
}

/** "researcher/search: finding …" under a column that already says who. */
function withoutPrefix(text: string, who: string): string {
  return who !== "" && text.startsWith(who) ? text.slice(who.length).replace(/^\s*:?\s*/, "") : text;
}

function firstLine(text: string): string {
  const line = text.trim().split("\n", 1)[0] ?? "";
  return line.length > 160 ? `${line.slice(0, 159)}…` : line;
}

export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(ms < 100_000 ? 1 : 0)} s`;
}
