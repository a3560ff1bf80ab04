/** Contexts and ids of tasks over several messages. (A2A 1.0.1, 3.4) */
import { randomUUID } from "node:crypto";
import { isTerminal } from "../../shared/task/a2a-types.ts";
import { described, hold, refusedSomehow, sentTask, tasksOf } from "../expect.ts";
import { answer, asking, ended, leave, message, sent, trigger } from "../probe.ts";
import { Failure, requirements } from "../requirement.ts";

export const CONTEXT = requirements("context", [
  {
    id: "context.generated",
    section: "3.4.1",
    level: "MUST",
    title: "A message without a context leads to a task that says which one it got",
    run: async (probe) => {
      const { contextId } = await probe.finished();
      hold(typeof contextId === "string" && contextId !== "", "a contextId", contextId);
    },
  },
  {
    id: "context.kept-or-refused",
    section: "3.4.1",
    level: "MUST",
    title: "A client's own contextId is kept or refused, never replaced",
    run: async (probe) => {
      const contextId = randomUUID();
      const reply = await probe.agent.call("SendMessage", { message: message(probe, trigger(probe, "text"), { contextId }) });
      if (reply.error) return refusedSomehow(reply, "a contextId of the client");
      const task = sentTask(reply);
      if (task.contextId !== contextId) throw new Failure(`the context ${contextId}, or a refusal`, described(reply));
    },
  },
  {
    id: "context.goes-on",
    section: "3.4.3",
    level: "MUST",
    title: "A message with the context of an ended task starts a new task in that context",
    run: async (probe) => {
      const first = await probe.finished();
      const second = await sent(probe, trigger(probe, "text"), { contextId: first.contextId });
      hold(second.id !== first.id, "another task", second.id);
      hold(second.contextId === first.contextId, first.contextId, second.contextId);
    },
  },
  {
    id: "context.groups",
    section: "3.4.1",
    level: "MUST",
    title: "Tasks of one context are found by it",
    run: async (probe) => {
      const one = await ended(probe);
      const two = await sent(probe, trigger(probe, "text"), { contextId: one.contextId });
      const ids = tasksOf(await probe.agent.call("ListTasks", { contextId: one.contextId })).map(({ id }) => id);
      hold(ids.includes(one.id) && ids.includes(two.id), `the tasks ${one.id} and ${two.id}`, ids);
    },
  },
  {
    id: "context.task-ids",
    section: "3.4.2",
    level: "MUST",
    title: "Every new task has an id of its own",
    run: async (probe) => {
      const text = trigger(probe, "text");
      const ids = (await Promise.all([sent(probe, text), sent(probe, text), sent(probe, text)])).map(({ id }) => id);
      hold(new Set(ids).size === ids.length && ids.every((id) => id !== ""), "three different ids", ids);
    },
  },
  {
    id: "context.inferred",
    section: "3.4.3",
    level: "MUST",
    title: "A message that names only its task is taken to be of the task's context",
    run: async (probe) => {
      const asked = await asking(probe);
      const { contextId } = await sent(probe, answer(probe), { taskId: asked.id });
      hold(contextId === asked.contextId, asked.contextId, contextId);
    },
  },
  {
    id: "context.references",
    section: "3.4.3",
    level: "SHOULD",
    title: "A message may refer to other tasks of its context",
    run: async (probe) => {
      const { id, contextId } = await probe.finished();
      const { history = [] } = await sent(probe, trigger(probe, "text"), { contextId, referenceTaskIds: [id] });
      const kept = history.find(({ role }) => role === "ROLE_USER")?.referenceTaskIds ?? [id];
      hold(kept.includes(id), `a reference to ${id}`, kept);
    },
  },
  {
    id: "context.mismatch",
    section: "3.4.3",
    level: "MUST",
    title: "A message whose context is not its task's is refused, and does nothing",
    run: async (probe) => {
      const asked = await asking(probe);
      const to = { taskId: asked.id, contextId: randomUUID() };
      const reply = await probe.agent.call("SendMessage", { message: message(probe, answer(probe), to) });
      refusedSomehow(reply, "a context that is not the task's");
      const [task] = tasksOf(await probe.agent.call("ListTasks", { contextId: asked.contextId }));
      hold(task?.status.state === "TASK_STATE_INPUT_REQUIRED", "a task that still waits", task as never);
      await leave(probe, asked.id);
    },
  },
  {
    id: "context.answers-a-question",
    section: "3.4.3",
    level: "MUST",
    title: "A task that asked for input goes on to its end with a message that names it",
    run: async (probe) => {
      const asked = await asking(probe);
      const to = { taskId: asked.id, contextId: asked.contextId };
      const reply = await probe.agent.call("SendMessage", { message: message(probe, answer(probe), to) });
      const { id, status } = sentTask(reply);
      hold(id === asked.id, `the same task, ${asked.id}`, id);
      hold(isTerminal(status.state), "a task that has ended", status.state);
    },
  },
  {
    id: "context.says-what-it-asks",
    section: "3.4.3",
    level: "SHOULD",
    title: "A task that asks for input says what it asks in its status message",
    run: async (probe) => {
      const { status, id } = await asking(probe);
      hold((status.message?.parts ?? []).length > 0, "a status message with parts", status as never);
      await leave(probe, id);
    },
  },
]);
