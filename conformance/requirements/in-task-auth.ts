/** Tasks that wait for an authorization. (A2A 1.0.1, 7.6) */
import { setTimeout as sleep } from "node:timers/promises";
import type { Task } from "../../shared/task/a2a-types.ts";
import { collect, flowing, hold, resultOf } from "../expect.ts";
import { leave, message, needsCapability, type Probe, sent, trigger } from "../probe.ts";
import { Failure, NotShown, requirements } from "../requirement.ts";

async function waiting(probe: Probe): Promise<Task> {
  const task = await sent(probe, trigger(probe, "auth"));
  if (task.status.state !== "TASK_STATE_AUTH_REQUIRED")
    throw new NotShown(`needs a text that leads to AUTH_REQUIRED (--auth "…"): this one led to ${task.status.state}`);
  return task;
}

export const IN_TASK_AUTH = requirements("in-task-auth", [
  {
    id: "in-task-auth.asks",
    section: "7.6.1",
    level: "MUST",
    title: "A task that waits for an authorization says what it waits for",
    run: async (probe) => {
      const { id, status } = await waiting(probe);
      hold((status.message?.parts ?? []).length > 0, "a status message that explains it", status as never);
      await leave(probe, id);
    },
  },
  {
    id: "in-task-auth.talks",
    section: "7.6.1",
    level: "SHOULD",
    title: "A task that waits for an authorization takes messages",
    run: async (probe) => {
      const { id } = await waiting(probe);
      resultOf(await probe.agent.call("SendMessage", { message: message(probe, "What is it for?", { taskId: id }) }), "the message taken");
      await leave(probe, id);
    },
  },
  {
    id: "in-task-auth.streams-stay",
    section: "7.6.1",
    level: "SHOULD",
    title: "Streams stay open while a task waits for an authorization",
    run: async (probe) => {
      needsCapability(probe, "streaming");
      const { id } = await waiting(probe);
      const stream = flowing(await probe.agent.stream("SubscribeToTask", { id }));
      const reading = collect(stream).then(() => "closed");
      // That nothing happens can only be waited for.
      const first = await Promise.race([reading, sleep(400, "open")]);
      stream.close();
      await leave(probe, id);
      if (first === "closed") throw new Failure("a stream that stays open", "a stream that was closed");
    },
  },
]);
