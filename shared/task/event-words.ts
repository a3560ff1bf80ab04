/**
 * An entry of a log in words: what was asked, answered, called, spent and decided, in a line. What is nobody's to see is not in it:
 * envelopes, keys, and what steps gave. Pure.
 */
import type { Principal } from "../auth/principal.ts";
import { isObject, isTerminal, type Json, type Message, type TaskState, textOf } from "./a2a-types.ts";
import { callOf } from "./account.ts";
import type { TaskEvent } from "./event.ts";
import { limitIn } from "./governance-extension.ts";
import { interruptIn } from "./interrupt-extension.ts";
import { wordsOfAmount } from "./limit-question.ts";

/** What a line shows of a text. */
const CHARS = 160;

const ENDS: Partial<Record<TaskState, string>> = {
  TASK_STATE_COMPLETED: "completed",
  TASK_STATE_FAILED: "failed",
  TASK_STATE_CANCELED: "canceled",
  TASK_STATE_REJECTED: "rejected",
};

/** The names of questions and calls that came before, so that later entries can say what they are about. */
export interface Known {
  readonly calls: Map<string, string>;
  readonly questions: Map<string, string>;
}

export function wordsOf(event: TaskEvent, known: Known): string {
  switch (event.type) {
    case "created":
      return `${nameOf(event.principal)} asks${event.skill === undefined ? "" : ` for ${event.skill}`}: ${said(event.message)}`;
    case "message":
      return wordsOfMessage(event, known);
    case "status":
      return wordsOfStatus(event, known);
    case "asked":
      known.questions.set(event.name, quoted(event.message));
      return `has another question, which waits: ${said(event.message)}`;
    case "expired":
      if (event.withdrawn) return `needs no answer any more${about(event.name, known)}`;
      return `nobody answered in time${about(event.name, known)}${event.value === undefined ? "" : `; "${short(event.value)}" counts`}`;
    case "artifact": {
      const { artifact, append } = event;
      const name = artifact.name ?? artifact.artifactId;
      return append ? `more of ${name}` : `gives ${name}${said(artifact) && `: ${said(artifact)}`}`;
    }
    case "memo":
      return wordsOfMemo(event.name, event.value, known);
    case "delegating": {
      const call = callOf(event.name);
      const called = `${event.agent}/${event.skill}`;
      known.calls.set(call, called);
      const callee = called + versionIn(event);
      const may = event.lease ? `, which may spend ${wordsOfAmount(event.lease)}` : "";
      return call === event.name ? `calls ${callee}${may}` : `passes an answer on to ${callee}${may}`;
    }
    case "called":
      known.calls.set(event.name, `${event.agent}/${event.skill}`);
      return `${event.agent}/${event.skill} has cost ${wordsOfAmount(event.cost)}`;
    case "spent":
      return `spends ${wordsOfAmount(event.cost)} (${bare(event.name)})`;
    case "raised":
      return `its limit is raised by ${wordsOfAmount(event.by)}`;
    case "let-go-on":
      return event.by === "person" ? `may take ${event.added} turns more` : `is told to plan anew: ${event.reasons.join(", ")}`;
    case "decision":
      return wordsOfDecision(event.name, event.decision, known);
    case "let-go":
      return `${known.calls.get(event.name) ?? bare(event.name)} was told to stop${event.cost ? `, and has cost ${wordsOfAmount(event.cost)}` : ""}`;
    case "forked":
      return `what stands before is a copy of task ${event.from} up to ${event.seq}, with what that had cost`;
    case "granted":
      return "is asked for again by the agent that gave it, which gives it longer";
    case "resumed":
      return `is begun again after its object was lost${event.idle === undefined ? "" : `; nobody worked on it for ${(event.idle / 1000).toFixed(1)} s`}`;
    case "push-stopped":
      return `notifications were given up after ${event.attempts} attempts: ${event.reason}`;
    case "push-changed":
      return "notifications were set up anew";
  }
}

function versionIn({ card }: TaskEvent & { type: "delegating" }): string {
  return card ? ` ${card.version}${card.candidate ? " (candidate)" : ""}` : "";
}

function wordsOfMessage({ message, answers, approves, by }: TaskEvent & { type: "message" }, known: Known): string {
  const who = people(by);
  if (approves !== undefined) return `${who ?? "its caller"} approves${about(approves, known)}, and more people have to`;
  if (answers === undefined) return `${who ?? "its caller"} says: ${said(message)}`;
  return `${who ?? "its caller"} answers${about(answers, known)}: ${said(message)}`;
}

function wordsOfStatus(event: TaskEvent & { type: "status" }, known: Known): string {
  const { state, message, metadata, ask, paused, transient } = event;
  const text = message ? said(message) : "";
  if (ask !== undefined && message) known.questions.set(ask, quoted(message));
  if (paused === true) return `an operator stops it${text && `: ${text}`}`;
  if (paused === false) return `an operator lets it go on${ask === undefined ? "" : `, and it asks again: ${text}`}`;
  if (isTerminal(state)) return `${ENDS[state]}${text && `: ${text}`}`;
  if (ask !== undefined) return `${asking(interruptIn(metadata)?.kind, limitIn(metadata) !== undefined)}: ${text}`;
  if (transient) return text || "works";
  return text || (state === "TASK_STATE_WORKING" ? "works" : "waits");
}

function asking(kind: string | undefined, atLimit: boolean): string {
  if (kind === "approval") return "asks for an approval";
  return kind === "limit" || atLimit ? "stands at a limit, and asks" : "asks";
}

/** What a step gave is the agent's own; what a call gave is an answer. */
function wordsOfMemo(name: string, value: Json, known: Known): string {
  if (!name.startsWith("delegate:")) return `has done ${bare(name)}`;
  const callee = known.calls.get(callOf(name)) ?? bare(callOf(name));
  const { ok, text, message, question } = isObject(value) ? value : {};
  if (ok === "asks") return `${callee} asks back: ${short(question)}`;
  return ok === true ? `${callee} answers: ${short(text) || "with its artifacts"}` : `${callee} gives nothing: ${short(message)}`;
}

function wordsOfDecision(name: string, decision: Json, known: Known): string {
  const [kind = "", ...rest] = name.replace(/^decision:/, "").split(":");
  const { outcome, reason, mode } = isObject(decision) ? decision : {};
  const decided = `${mode === "shadow" ? "would " : ""}${short(outcome) || "decided"}${short(reason) && ` (${short(reason)})`}`;
  const about = calleeIn(rest.join(":"), known) ?? chosenIn(decision);
  return `${kind}: ${decided}${about === undefined ? "" : `, about ${about}`}`;
}

/** Whom a decision chose. */
function chosenIn(decision: Json): string | undefined {
  const { agent, skill } = isObject(decision) ? decision : {};
  return typeof agent === "string" && typeof skill === "string" ? `${agent}/${skill}` : undefined;
}

/** The callee of the call that a decision's name begins with. */
function calleeIn(name: string, { calls }: Known): string | undefined {
  for (let cut = name; cut !== ""; cut = cut.slice(0, Math.max(0, cut.lastIndexOf(":")))) {
    const callee = calls.get(cut);
    if (callee !== undefined) return callee;
  }
  return undefined;
}

function about(question: string, { questions }: Known): string {
  const words = questions.get(question);
  return words === undefined ? "" : ` ${words}`;
}

function people(by: readonly Principal[] | undefined): string | undefined {
  return by && by.length > 0 ? by.map(nameOf).join(" and ") : undefined;
}

function quoted(message: Pick<Message, "parts">): string {
  return `"${short(textOf(message.parts), 60)}"`;
}

function said({ parts }: Pick<Message, "parts">): string {
  const text = textOf(parts);
  return text === "" && parts.length > 0 ? `(${parts.length === 1 ? "one part" : `${parts.length} parts`} without text)` : short(text);
}

function nameOf({ app, subject }: Principal): string {
  return `${app}/${subject}`;
}

/** A name without the kind that it begins with. */
function bare(name: string): string {
  return `"${short(name.slice(name.indexOf(":") + 1), 80)}"`;
}

/** The first line that says something, in no more than so many characters. */
function short(text: Json | undefined, chars = CHARS): string {
  if (typeof text !== "string") return "";
  const line = text.trim().split("\n", 1)[0] ?? "";
  return line.length > chars ? `${line.slice(0, chars - 1).trimEnd()}…` : line;
}
