/**
 * What a home does with whole logs: tells them in words, shows the task as it was at a position, hands a log out as a stream that is
 * never in memory whole, and takes one in as a task of its own, which its program then takes up.
 */
import { isInterrupted, type Message, textOf } from "../task/a2a-types.ts";
import { interruptOf } from "../task/answering.ts";
import { readVerdict } from "../task/approval.ts";
import type { LogEntry } from "../task/event.ts";
import type { AnsweredQuestion } from "../task/fork.ts";
import { evolve, HISTORY_LIMIT, keyName, type TaskHead } from "../task/head.ts";
import { historyOf, type TaskHistory } from "../task/history.ts";
import { hitlResponse, withHitl } from "../task/hitl-extension.ts";
import { logHeader, withoutSecrets } from "../task/log-file.ts";
import { renderTask } from "../task/render.ts";
import { stateAfter } from "../task/turn.ts";
import type { AdoptedAnswer, AnswerGiven, FollowUp, HomeRefusal, JsonText, TaskReply } from "./api.ts";
import type { LiveTask } from "./live-task.ts";
import type { Residents } from "./residents.ts";
import type { Runner } from "./runner.ts";

/** Entries that are in memory at a time. */
const AT_ONCE = 100;
/** How long a new task is waited for until it asks again what it has the answer to. Milliseconds. */
const ASKS_WITHIN_MS = 10_000;
/** Of the message that answers: given once, however often the fork is asked for. No caller's key is empty. */
const ANSWER_KEY = "";

export interface TaskLogsOptions<Env> {
  readonly agent: string;
  readonly tasks: Residents;
  readonly runner: Runner<Env>;
  /** Answers as a message does. */
  readonly message: (followUp: FollowUp) => Promise<{ readonly refusal: HomeRefusal } | object>;
}

const encoder = new TextEncoder();

export class TaskLogs<Env> {
  readonly #options: TaskLogsOptions<Env>;

  constructor(options: TaskLogsOptions<Env>) {
    this.#options = options;
  }

  /** @param after the position after which to begin @param limit entries at most */
  history(task: LiveTask, after: number, limit: number): JsonText<TaskHistory> {
    task.flush();
    const { id, state, seq: last, forkedFrom } = task.head;
    const end = Math.min(last, after + limit);
    const [following] = end < last ? task.read(end + 1, end + 1) : [];
    const history: TaskHistory = {
      id,
      agent: this.#options.agent,
      state,
      last,
      ...(forkedFrom && { forkedFrom }),
      entries: historyOf(task.read(after + 1, end), stateAt(task, after), following),
      ...(end < last && { next: end }),
    };
    return JSON.stringify(history);
  }

  /** The task as it was when its log was so long. */
  at(task: LiveTask, seq: number): TaskReply {
    task.flush();
    const last = task.head.seq;
    if (seq < 1 || seq > last) return { ok: false, refusal: { code: "position-unknown", after: seq, last } };
    let head: TaskHead | undefined;
    for (const entries of pages(task, 1, seq)) for (const entry of entries) head = evolve(head, entry, task.id);
    if (!head) throw new Error(`task ${task.id} has no beginning`);
    const shown = renderTask(head, (first, end) => task.read(first, end), { historyLength: HISTORY_LIMIT, artifacts: true });
    return { ok: true, task: JSON.stringify(shown) };
  }

  /** The log as it stands, a line for each entry after the header. What comes meanwhile is not in it. */
  stream(task: LiveTask, cardVersion: string): ReadableStream<Uint8Array> {
    task.flush();
    const header = logHeader(task.head, this.#options.agent, cardVersion, new Date().toISOString());
    const rest = pages(task, 1, header.entries);
    const line = (value: object) => `${JSON.stringify(value)}\n`;
    return new ReadableStream({
      type: "bytes",
      start: (controller) => controller.enqueue(encoder.encode(line(header))),
      pull: (controller) => {
        const { value: entries, done } = rest.next();
        if (done) {
          controller.close();
          // A reader that brought its own buffer waits for it. (Streams Standard, 4.7.3)
          controller.byobRequest?.respond(0);
        } else controller.enqueue(encoder.encode(entries.map((entry) => line({ ...entry, event: withoutSecrets(entry.event) })).join("")));
      },
    });
  }

  /** Makes a task of a log, and lets its program go on; the task that is there already when it was taken in before. */
  async adopt(id: string, entries: readonly LogEntry[], answer: AdoptedAnswer | undefined): Promise<AnswerGiven | undefined> {
    const { tasks, runner } = this.#options;
    const known = tasks.find(id);
    const task = known ?? tasks.adopt(id, entries);
    if (!known && !task.ended) await runner.begin(task);
    task.flush();
    // Also to one that was taken in before: its object may have been lost between the two.
    return answer && this.#answer(task, answer);
  }

  /** The program asks what it asked before, word for word: then, and only then, this is the answer. */
  async #answer(task: LiveTask, { question, text, by }: AdoptedAnswer): Promise<AnswerGiven> {
    await Promise.race([task.rest(), new Promise((resolve) => setTimeout(resolve, ASKS_WITHIN_MS))]);
    if (Object.hasOwn(task.head.keys, keyName(ANSWER_KEY))) return { given: true };
    const asked = askedAgain(task, question);
    if (!asked || !isInterrupted(task.head.state)) return { given: false };
    const { id, kind } = interruptOf(task.id, asked.name, asked.metadata, "");
    const said = kind === "approval" ? readVerdict(text) : { text };
    const plain: Message = { messageId: crypto.randomUUID(), role: "ROLE_USER", parts: [{ text }], taskId: task.id };
    const taken = await this.#options.message({
      taskId: task.id,
      message: withHitl(plain, hitlResponse(id, said)),
      by: [by],
      key: ANSWER_KEY,
    });
    return "refusal" in taken ? { given: false, refusal: taken.refusal } : { given: true };
  }
}

/** Under its name; or, where a call that was made anew passed it up, in the same words. */
function askedAgain(task: LiveTask, { name, call, text }: AnsweredQuestion) {
  const open = task.head.questions.flatMap((_, index) => task.question(index) ?? []);
  const passedUp = open.filter((each) => call !== undefined && each.name.startsWith(`${call}:`) && textOf(each.message.parts) === text);
  return open.find((each) => each.name === name) ?? (passedUp.length === 1 ? passedUp[0] : undefined);
}

function* pages(task: LiveTask, first: number, last: number): Generator<readonly LogEntry[], undefined> {
  for (let from = first; from <= last; from += AT_ONCE) yield task.read(from, Math.min(last, from + AT_ONCE - 1));
  return undefined;
}

/** The state of the task when its log was so long: what the last status before said, which is seldom far. */
function stateAt(task: LiveTask, seq: number): TaskHead["state"] {
  for (let last = seq; last >= 1; last -= AT_ONCE) {
    const statuses = task.read(Math.max(1, last - AT_ONCE + 1), last).filter(({ event }) => event.type === "status");
    const latest = statuses.at(-1);
    if (latest) return stateAfter("TASK_STATE_SUBMITTED", latest.event);
  }
  return "TASK_STATE_SUBMITTED";
}
