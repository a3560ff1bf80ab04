/**
 * One version of an agent that somebody else runs, at an address of its own and with a signed card. It keeps all that it is sent, and
 * a test may break it.
 */
import { randomUUID } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { type Message, type Task, textOf } from "../../shared/task/a2a-types.ts";
import { GOVERNANCE_EXTENSION } from "../../shared/task/governance-extension.ts";
import { anAgent, json } from "../node/registry/an-agent.ts";

export interface Sent {
  readonly headers: IncomingHttpHeaders;
  readonly params: { readonly message: Message };
  /** The request's body as it came. */
  readonly text: string;
}

type End = "TASK_STATE_FAILED" | "TASK_STATE_REJECTED";

export interface Trainer extends AsyncDisposable {
  readonly url: string;
  readonly version: string;
  /** Messages, in the order in which they came. */
  readonly sent: readonly Sent[];
  /** From now on it fails, or rejects, whatever it is asked, and says this. */
  breaks(why: string, as?: End): void;
}

/** @param subject whom it trains, one word: it is found by that @returns one whose name is `<subject>-trainer` */
export async function startTrainer(subject: string, version: string): Promise<Trainer> {
  const sent: Sent[] = [];
  const tasks = new Map<string, Task>();
  const now = () => new Date().toISOString();
  let broken: { readonly why: string; readonly as: End } | undefined;
  const agent = await anAgent({
    name: `${subject}-trainer`,
    version,
    description: `Trains ${subject}s.`,
    capabilities: { streaming: false, extensions: [{ uri: GOVERNANCE_EXTENSION, params: { skills: { train: { readOnly: true } } } }] },
    skills: [{ id: "train", name: `Train a ${subject}`, description: `Works out how to train a ${subject}.`, tags: [subject, "train"] }],
  });

  /** "Carefully" in a text has it ask back, once. */
  function answerTo(message: Message): Task {
    const text = textOf(message.parts);
    const id = message.taskId ?? randomUUID();
    const rests = (state: Task["status"]["state"], words: string): Task => {
      const said: Message = { messageId: randomUUID(), role: "ROLE_AGENT", parts: [{ text: words }], taskId: id };
      return { id, contextId: id, status: { state, message: said, timestamp: now() } };
    };
    if (broken !== undefined) return rests(broken.as, broken.why);
    if (text.includes("carefully") && message.taskId === undefined) return rests("TASK_STATE_INPUT_REQUIRED", "Which glove?");
    const artifacts = [{ artifactId: randomUUID(), parts: [{ text: `A plan for: ${text}` }] }];
    return { id, contextId: id, status: { state: "TASK_STATE_COMPLETED", timestamp: now() }, artifacts };
  }

  agent.at("/", (request, response, body) => {
    const { id, method, params } = JSON.parse(body) as { id: number; method: string; params: Sent["params"] & { id?: string } };
    if (method === "SendMessage") {
      sent.push({ headers: request.headers, params, text: body });
      const task = answerTo(params.message);
      tasks.set(task.id, task);
      return json({ jsonrpc: "2.0", id, result: { task } })(request, response, body);
    }
    const task = method === "GetTask" ? tasks.get(params.id ?? "") : undefined;
    const said = task ? { result: task } : { error: { code: -32001, message: "there is no such task" } };
    return json({ jsonrpc: "2.0", id, ...said })(request, response, body);
  });
  return {
    url: agent.url,
    version,
    sent,
    breaks(why, as = "TASK_STATE_FAILED") {
      broken = { why, as };
    },
    [Symbol.asyncDispose]: () => agent[Symbol.asyncDispose](),
  };
}
