/**
 * Requests of which each is the first that its object gets after it was lost: answers to tasks that wait, or inserts into plain
 * objects. The runner kills the server between the preparation and the round, so that no object is in memory.
 */
import type { Task } from "../shared/task/a2a-types.ts";
import type { HttpRequest, HttpResponse } from "./http-connection.ts";
import { insertsFor } from "./recovery.ts";
import { complaint, messageFor, sendAll, sendRequest, taskOf } from "./requests.ts";
import type { Session, Workload } from "./workloads.ts";

/** Tasks that wait, each with an object that no other one wakes. */
export function answeringCold(tasks: number): Workload {
  let waiting: Pick<Task, "id" | "contextId">[] = [];
  const next = (task: Pick<Task, "id" | "contextId">): HttpRequest =>
    sendRequest({ ...messageFor(undefined, "answer"), taskId: task.id, contextId: task.contextId }, { historyLength: 0 });
  return {
    async prepare(target) {
      const questions = Array.from({ length: tasks }, (_, index) =>
        sendRequest({ ...messageFor("chat", "question"), contextId: `cold-${index}` }),
      );
      waiting = (await sendAll(target, questions)).map((answer) => waitingIn(answer));
    },
    session: () => once(waiting.map(next), (response) => (asksAgain(response) ? undefined : complaint(response))),
  };
}

export function insertingCold(objects: number): Workload {
  const inserts = insertsFor(objects);
  return {
    prepare: async (target) => void (await sendAll(target, inserts)),
    session: () => once(inserts, (response) => (response.body === '{"rows":1}' ? undefined : complaint(response))),
  };
}

/** Each request once: a second one would find its object in memory. */
function once(requests: readonly HttpRequest[], check: Session["check"]): Session {
  const left = requests.values();
  return {
    next() {
      const { value, done } = left.next();
      if (done) throw new Error("a round asked for more than was prepared");
      return value;
    },
    check,
  };
}

function waitingIn(answer: HttpResponse): Task {
  const task = taskOf(answer);
  if (task?.status.state !== "TASK_STATE_INPUT_REQUIRED") throw new Error(`no waiting task came about: ${complaint(answer)}`);
  return task;
}

function asksAgain(response: HttpResponse): boolean {
  const status = taskOf(response)?.status;
  return status?.state === "TASK_STATE_INPUT_REQUIRED" && status.message?.parts[0]?.text?.includes("answer") === true;
}
