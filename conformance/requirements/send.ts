/** Sending a message and what comes of it. (A2A 1.0.1, 3.1.1, 3.2.2, 3.2.4, 3.7) */
import { randomUUID } from "node:crypto";
import { isTerminal } from "../../shared/task/a2a-types.ts";
import { described, gotTask, hold, refused, resultOf, sentTask } from "../expect.ts";
import { answer, asking, ended, endedOtherwise, leave, message, read, sent, trigger, until, withArtifacts, working } from "../probe.ts";
import { Failure, NotShown, requirements } from "../requirement.ts";

const SOON_MS = 500;
const RESTED = /_(COMPLETED|FAILED|CANCELED|REJECTED|INPUT_REQUIRED|AUTH_REQUIRED)$/;

export const SEND = requirements("send", [
  {
    id: "send.task-or-message",
    section: "3.1.1",
    level: "MUST",
    title: "SendMessage answers with exactly one of a task and a message",
    run: async (probe) => {
      const result = resultOf(await probe.agent.call("SendMessage", { message: message(probe, trigger(probe, "text")) }));
      hold("task" in result !== "message" in result, "exactly one of task and message", Object.keys(result));
    },
  },
  {
    id: "send.message",
    section: "3.1.1",
    level: "MUST",
    title: "A direct answer is a message of the agent, and its context is in it",
    run: async (probe) => {
      const reply = await probe.agent.call("SendMessage", { message: message(probe, trigger(probe, "message")) });
      const said = resultOf(reply)["message"];
      const isSaid = typeof said === "object" && said !== null && !Array.isArray(said) && said["role"] === "ROLE_AGENT";
      if (!isSaid) throw new Failure("a message with the role ROLE_AGENT", described(reply));
    },
  },
  {
    id: "send.blocks",
    section: "3.2.2",
    level: "MUST",
    title: "Without returnImmediately the answer comes when the task has ended or waits for somebody",
    run: async (probe) => {
      const text = probe.triggers.slow ?? trigger(probe, "text");
      const { status } = await sent(probe, text);
      hold(RESTED.test(status.state), "a terminal or interrupted state", status.state);
    },
  },
  {
    id: "send.blocks-until-failed",
    section: "3.2.2",
    level: "MUST",
    title: "A task that fails is answered as failed, not as an error",
    run: async (probe) => {
      const { status } = await sent(probe, trigger(probe, "fail"));
      if (status.state !== "TASK_STATE_FAILED")
        throw new NotShown(`needs a text that does it (--fail "…"): this one led to ${status.state}`);
    },
  },
  {
    id: "send.blocks-until-rejected",
    section: "3.2.2",
    level: "MUST",
    title: "A task that the agent rejects is answered as rejected, not as an error",
    run: async (probe) => {
      const { status } = await sent(probe, trigger(probe, "reject"));
      if (status.state !== "TASK_STATE_REJECTED")
        throw new NotShown(`needs a text that does it (--reject "…"): this one led to ${status.state}`);
    },
  },
  {
    id: "send.whole-answer",
    section: "3.2.2",
    level: "MUST",
    title: "The answer to a blocking send carries all artifacts and the latest status",
    run: async (probe) => {
      const task = await withArtifacts(probe);
      const later = await read(probe, task.id);
      hold(JSON.stringify(task.artifacts) === JSON.stringify(later.artifacts), "all artifacts that GetTask gives", task.artifacts as never);
      hold(task.status.state === later.status.state, later.status.state, task.status.state);
    },
  },
  {
    id: "send.returns-immediately",
    section: "3.2.2",
    level: "MUST",
    title: "With returnImmediately the answer comes while the task is still at work",
    run: async (probe) => {
      const start = performance.now();
      const task = await sent(probe, trigger(probe, "slow"), {}, { returnImmediately: true });
      // Over at once: then it was never slow.
      if (isTerminal(task.status.state) && performance.now() - start < SOON_MS)
        throw new NotShown('needs a text that takes some seconds: --slow "…"');
      hold(!isTerminal(task.status.state), "a task that has not ended", task.status.state);
      await leave(probe, task.id);
    },
  },
  {
    id: "send.goes-on",
    section: "3.2.2",
    level: "MUST",
    title: "After returnImmediately the work goes on without the caller",
    run: async (probe) => {
      const { id } = await working(probe);
      await until(probe, id, ({ status }) => isTerminal(status.state));
    },
  },
  {
    id: "send.history-zero",
    section: "3.2.4",
    level: "SHOULD",
    title: "With configuration.historyLength 0 the task comes without the history field",
    run: async (probe) => {
      const { history } = await sent(probe, trigger(probe, "text"), {}, { historyLength: 0 });
      hold(history === undefined, "no history field", history as never);
    },
  },
  {
    id: "send.history-bounded",
    section: "3.2.4",
    level: "MUST",
    title: "With configuration.historyLength at most so many messages come",
    run: async (probe) => {
      const asked = await asking(probe);
      const to = { taskId: asked.id, contextId: asked.contextId };
      const { history = [] } = await sent(probe, answer(probe), to, { historyLength: 1 });
      hold(history.length <= 1, "at most 1 message", history as never);
    },
  },
  {
    id: "send.media-type",
    section: "3.1.1",
    level: "MUST",
    title: "A part of a media type that the card does not take is ContentTypeNotSupportedError",
    run: async (probe) => {
      const modes = [...probe.card.defaultInputModes, ...probe.card.skills.flatMap(({ inputModes = [] }) => inputModes)];
      if (modes.some((mode) => /^(\*|application)\/\*/.test(mode))) throw new NotShown("the card takes every media type");
      const parts = [{ raw: "AAEC", mediaType: "application/x-nobody-takes-this" }];
      const reply = await probe.agent.call("SendMessage", { message: message(probe, "", { parts }) });
      refused(reply, "ContentTypeNotSupportedError", probe.binding);
    },
  },
  {
    id: "send.ended-task",
    section: "3.1.1",
    level: "MUST",
    title: "A message to a task that has ended is UnsupportedOperationError",
    run: async (probe) => {
      const { id, contextId } = await probe.finished();
      const reply = await probe.agent.call("SendMessage", { message: message(probe, "and another thing", { taskId: id, contextId }) });
      refused(reply, "UnsupportedOperationError", probe.binding);
    },
  },
  {
    id: "send.ended-otherwise",
    section: "3.1.1",
    level: "MUST",
    title: "A message to a task that failed, was rejected or canceled is UnsupportedOperationError",
    run: async (probe) => {
      for (const { id } of await endedOtherwise(probe)) {
        const reply = await probe.agent.call("SendMessage", { message: message(probe, "once more", { taskId: id }) });
        refused(reply, "UnsupportedOperationError", probe.binding);
      }
    },
  },
  {
    id: "send.unknown-task",
    section: "3.4.2",
    level: "MUST",
    title: "A message to a task that does not exist is TaskNotFoundError: callers make no task ids",
    run: async (probe) => {
      const reply = await probe.agent.call("SendMessage", { message: message(probe, trigger(probe, "text"), { taskId: randomUUID() }) });
      refused(reply, "TaskNotFoundError", probe.binding);
    },
  },
  {
    id: "send.unknown-fields",
    section: "5.7",
    level: "SHOULD",
    title: "Fields that the server does not know are passed over",
    run: async (probe) => {
      const unknown = { ofTheFuture: { deep: [1, null] } };
      const params = { message: { ...message(probe, trigger(probe, "text")), ...unknown }, ...unknown };
      resultOf(await probe.agent.call("SendMessage", params), "the message taken");
    },
  },
  {
    id: "send.results-are-artifacts",
    section: "3.7",
    level: "SHOULD",
    title: "What a task has made is in its artifacts, not only in messages",
    run: async (probe) => {
      const { artifacts = [], status } = await sent(probe, trigger(probe, "artifact"));
      const isSilent = status.state !== "TASK_STATE_COMPLETED" || (artifacts.length === 0 && status.message === undefined);
      if (isSilent) throw new NotShown(`needs a text that leads to a result (--artifact "…"): this one led to ${status.state}`);
      hold(
        artifacts.some(({ parts }) => parts.length > 0),
        "an artifact with parts",
        status as never,
      );
    },
  },
  {
    id: "send.same-message-twice",
    section: "3.3.1",
    level: "MAY",
    title: "The same messageId twice is taken for one message",
    run: async (probe) => {
      const twice = message(probe, trigger(probe, "text"));
      const [one, two] = [
        await probe.agent.call("SendMessage", { message: twice }),
        await probe.agent.call("SendMessage", { message: twice }),
      ];
      hold(sentTask(one).id === sentTask(two).id, "the same task again", sentTask(two).id);
    },
  },
  {
    id: "send.kept",
    section: "3.1.3",
    level: "MUST",
    title: "A task that has ended can still be read",
    run: async (probe) => {
      const { id } = await ended(probe);
      gotTask(await probe.agent.call("GetTask", { id }));
    },
  },
]);
