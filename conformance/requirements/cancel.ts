/** Canceling tasks. (A2A 1.0.1, 3.1.5, 3.3.1) */
import { randomUUID } from "node:crypto";
import { gotTask, hold, refused, refusedWithOneOf } from "../expect.ts";
import { asking, endedOtherwise, read, unfinished, working } from "../probe.ts";
import { NotShown, requirements } from "../requirement.ts";

export const CANCEL = requirements("cancel", [
  {
    id: "cancel.at-work",
    section: "3.1.5",
    level: "MUST",
    title: "Canceling a task at work gives the task as it then is",
    run: async (probe) => {
      const { id } = await working(probe);
      const task = gotTask(await probe.agent.call("CancelTask", { id }));
      hold(task.id === id && task.status.state === "TASK_STATE_CANCELED", "TASK_STATE_CANCELED", task.status.state);
    },
  },
  {
    id: "cancel.waiting",
    section: "3.1.5",
    level: "MUST",
    title: "Canceling a task that waits for input gives the task as it then is",
    run: async (probe) => {
      const { id } = await asking(probe);
      const task = gotTask(await probe.agent.call("CancelTask", { id }));
      hold(task.id === id && task.status.state === "TASK_STATE_CANCELED", "TASK_STATE_CANCELED", task.status.state);
    },
  },
  {
    id: "cancel.lasts",
    section: "3.1.5",
    level: "MUST",
    title: "A canceled task stays canceled",
    run: async (probe) => {
      const { id } = await unfinished(probe);
      gotTask(await probe.agent.call("CancelTask", { id }));
      const { status } = await read(probe, id);
      hold(status.state === "TASK_STATE_CANCELED", "TASK_STATE_CANCELED", status.state);
    },
  },
  {
    id: "cancel.twice",
    section: "3.3.1",
    level: "MUST",
    title: "Canceling twice has the effect of canceling once",
    run: async (probe) => {
      const { id } = await unfinished(probe);
      gotTask(await probe.agent.call("CancelTask", { id }));
      const again = await probe.agent.call("CancelTask", { id });
      if (again.error) refusedWithOneOf(again, ["TaskNotCancelableError", "TaskNotFoundError"], probe.binding);
      else hold(gotTask(again).status.state === "TASK_STATE_CANCELED", "TASK_STATE_CANCELED", gotTask(again).status.state);
    },
  },
  {
    id: "cancel.ended-task",
    section: "3.1.5",
    level: "MUST",
    title: "Canceling a task that has completed is TaskNotCancelableError",
    run: async (probe) => {
      const { id } = await probe.finished();
      refused(await probe.agent.call("CancelTask", { id }), "TaskNotCancelableError", probe.binding);
    },
  },
  {
    id: "cancel.ended-otherwise",
    section: "3.1.5",
    level: "MUST",
    title: "Canceling a task that failed or was rejected is TaskNotCancelableError",
    run: async (probe) => {
      const ended = (await endedOtherwise(probe)).filter(({ status }) => status.state !== "TASK_STATE_CANCELED");
      if (ended.length === 0) throw new NotShown('needs a task that fails or is rejected: --fail "…" or --reject "…"');
      for (const { id } of ended) refused(await probe.agent.call("CancelTask", { id }), "TaskNotCancelableError", probe.binding);
    },
  },
  {
    id: "cancel.unknown-task",
    section: "3.1.5",
    level: "MUST",
    title: "Canceling a task that does not exist is TaskNotFoundError",
    run: async ({ agent, binding }) => refused(await agent.call("CancelTask", { id: randomUUID() }), "TaskNotFoundError", binding),
  },
  {
    id: "cancel.without-body",
    section: "11.3.2",
    level: "SHOULD",
    title: "Over HTTP+JSON a task is canceled without a body, too",
    bindings: ["HTTP+JSON"],
    run: async (probe) => {
      const { id } = await unfinished(probe);
      const { status } = gotTask(await probe.agent.raw("POST", `/tasks/${encodeURIComponent(id)}:cancel`, undefined));
      hold(status.state === "TASK_STATE_CANCELED", "TASK_STATE_CANCELED", status.state);
    },
  },
]);
