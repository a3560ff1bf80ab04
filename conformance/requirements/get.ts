/** Reading a task. (A2A 1.0.1, 3.1.3 and 3.2.4) */
import { randomUUID } from "node:crypto";
import { gotTask, hold, refused } from "../expect.ts";
import { answer, asking, read, sent, trigger } from "../probe.ts";
import { requirements } from "../requirement.ts";

export const GET = requirements("get", [
  {
    id: "get.gives-the-task",
    section: "3.1.3",
    level: "MUST",
    title: "GetTask gives the current state of a task, with its artifacts",
    run: async (probe) => {
      const task = await probe.finished();
      const got = await read(probe, task.id);
      hold(got.id === task.id && got.contextId === task.contextId, `the task ${task.id} of the context ${task.contextId}`, got as never);
      hold(got.status.state === task.status.state, `the state ${task.status.state}`, got.status.state);
      const [had, has] = [task.artifacts ?? [], got.artifacts ?? []];
      hold(JSON.stringify(has) === JSON.stringify(had), "the artifacts that the send gave", has as never);
    },
  },
  {
    id: "get.unknown-task",
    section: "3.1.3",
    level: "MUST",
    title: "GetTask of a task that does not exist is TaskNotFoundError",
    run: async ({ agent, binding }) => refused(await agent.call("GetTask", { id: randomUUID() }), "TaskNotFoundError", binding),
  },
  {
    id: "get.history-zero",
    section: "3.2.4",
    level: "SHOULD",
    title: "With historyLength 0 a task comes without the history field",
    run: async (probe) => {
      const { id } = await probe.finished();
      const task = await read(probe, id, { historyLength: 0 });
      hold(task.history === undefined, "no history field", task.history as never);
    },
  },
  {
    id: "get.history-zero-is-empty",
    section: "3.2.4",
    level: "MUST",
    title: "With historyLength 0 no message of the history is given",
    run: async (probe) => {
      const { id } = await probe.finished();
      const task = await read(probe, id, { historyLength: 0 });
      hold((task.history ?? []).length === 0, "no history", task.history as never);
    },
  },
  {
    id: "get.history-bounded",
    section: "3.2.4",
    level: "MUST",
    title: "With a historyLength at most so many messages come, and they are the most recent ones",
    run: async (probe) => {
      const asked = await asking(probe);
      await sent(probe, answer(probe), { taskId: asked.id, contextId: asked.contextId });
      const whole = (await read(probe, asked.id, { historyLength: 100 })).history ?? [];
      const latest = (await read(probe, asked.id, { historyLength: 1 })).history ?? [];
      hold(latest.length <= 1, "at most 1 message", latest as never);
      const wanted = whole.slice(whole.length - latest.length).map(({ messageId }) => messageId);
      hold(
        JSON.stringify(latest.map(({ messageId }) => messageId)) === JSON.stringify(wanted),
        `the most recent message, ${wanted}`,
        latest as never,
      );
    },
  },
  {
    id: "get.history-in-order",
    section: "3.7",
    level: "SHOULD",
    title: "The history holds the messages as they were exchanged, in their order",
    run: async (probe) => {
      const text = trigger(probe, "ask");
      const asked = await asking(probe);
      const reply = answer(probe);
      await sent(probe, reply, { taskId: asked.id, contextId: asked.contextId });
      const { history = [] } = await read(probe, asked.id);
      const ours = history.filter(({ role }) => role === "ROLE_USER").map(({ parts }) => parts[0]?.text ?? "");
      hold(JSON.stringify(ours) === JSON.stringify([text, reply]), `the two messages that were sent: ${text} / ${reply}`, ours);
    },
  },
  {
    id: "get.repeatable",
    section: "3.3.1",
    level: "MUST",
    title: "Reading a task twice gives the same task",
    run: async (probe) => {
      const { id } = await probe.finished();
      const [one, two] = [await probe.agent.call("GetTask", { id }), await probe.agent.call("GetTask", { id })];
      const [first, second] = [gotTask(one), gotTask(two)];
      hold(JSON.stringify(first) === JSON.stringify(second), `the same as before: ${JSON.stringify(first)}`, second as never);
    },
  },
]);
