/** Subscribing to a task, once and several times over. (A2A 1.0.1, 3.1.6, 3.5.2, 7.6.1) */
import { randomUUID } from "node:crypto";
import { isTerminal } from "../../shared/task/a2a-types.ts";
import type { Stream, StreamEvent } from "../agent.ts";
import { collect, described, flowing, hold, refusalOf, refused } from "../expect.ts";
import { answer, asking, endedOtherwise, leave, needsCapability, type Probe, sent, unfinished, working } from "../probe.ts";
import { NotShown, requirements } from "../requirement.ts";
import { streamResponse, violations } from "../schema.ts";
import { stateIn, taskIn } from "../told.ts";

async function subscribed(probe: Probe, id: string): Promise<Stream> {
  needsCapability(probe, "streaming");
  return flowing(await probe.agent.stream("SubscribeToTask", { id }));
}

const updates = (events: readonly StreamEvent[]) => events.filter(({ event }) => !("task" in event)).map(({ event }) => event);

export const SUBSCRIBE = requirements("subscribe", [
  {
    id: "subscribe.begins-with-task",
    section: "3.1.6",
    level: "MUST",
    title: "A subscription begins with the task as it stands, and its events are valid",
    run: async (probe) => {
      needsCapability(probe, "streaming");
      const open = await unfinished(probe);
      const stream = await subscribed(probe, open.id);
      const events = await collect(stream, () => true);
      const { id, status } = taskIn(events);
      hold(id === open.id && !isTerminal(status.state), `the open task ${open.id}`, events[0]?.event);
      hold(violations(streamResponse, events[0]?.event).length === 0, "a valid StreamResponse", events[0]?.event);
      stream.close();
      await leave(probe, id);
    },
  },
  {
    id: "subscribe.closes",
    section: "3.1.6",
    level: "MUST",
    title: "A subscription tells the end of its task, and closes",
    run: async (probe) => {
      needsCapability(probe, "streaming");
      const { id } = await working(probe);
      const events = await collect(await subscribed(probe, id));
      const last = events.map(stateIn).findLast((state) => state !== undefined);
      hold(
        last !== undefined && isTerminal(last),
        "a terminal state, and the end of the stream",
        events.map(({ event }) => event),
      );
    },
  },
  {
    id: "subscribe.tells-cancel",
    section: "3.1.6",
    level: "MUST",
    title: "A subscription tells that its task was canceled, and closes",
    run: async (probe) => {
      needsCapability(probe, "streaming");
      const { id } = await unfinished(probe);
      const stream = await subscribed(probe, id);
      const reading = collect(stream);
      const reply = await probe.agent.call("CancelTask", { id });
      if (reply.error) throw new NotShown(`the task could not be canceled: ${described(reply)}`);
      const last = (await reading).map(stateIn).findLast((state) => state !== undefined);
      hold(last === "TASK_STATE_CANCELED", "TASK_STATE_CANCELED", last);
    },
  },
  {
    id: "subscribe.waits-through-questions",
    section: "3.1.6",
    level: "MUST",
    title: "A task that asks for input can be subscribed to; the subscription tells what comes of the answer",
    run: async (probe) => {
      needsCapability(probe, "streaming");
      const text = answer(probe);
      const asked = await asking(probe);
      const reading = collect(await subscribed(probe, asked.id));
      await sent(probe, text, { taskId: asked.id, contextId: asked.contextId });
      const last = (await reading).map(stateIn).findLast((state) => state !== undefined);
      hold(last !== undefined && isTerminal(last), "a terminal state", last);
    },
  },
  {
    id: "subscribe.everyone-the-same",
    section: "3.5.2",
    level: "MUST",
    title: "All subscribers get the same events in the same order",
    run: async (probe) => {
      needsCapability(probe, "streaming");
      const { id } = await working(probe);
      const streams = [await subscribed(probe, id), await subscribed(probe, id), await subscribed(probe, id)];
      const [one = [], ...others] = (await Promise.all(streams.map((stream) => collect(stream)))).map(updates);
      // Whoever came later may have found some of it in the task already.
      for (const other of others) {
        const shared = Math.min(one.length, other.length);
        hold(shared > 0, "events for every subscriber", other);
        hold(
          JSON.stringify(one.slice(-shared)) === JSON.stringify(other.slice(-shared)),
          JSON.stringify(one.slice(-shared)),
          other.slice(-shared),
        );
      }
    },
  },
  {
    id: "subscribe.leaving-disturbs-nobody",
    section: "3.5.2",
    level: "MUST",
    title: "Closing one stream touches neither the task nor the other streams",
    run: async (probe) => {
      needsCapability(probe, "streaming");
      const { id } = await working(probe);
      const [leaving, staying] = [await subscribed(probe, id), await subscribed(probe, id)];
      await collect(leaving, () => true);
      leaving.close();
      const last = (await collect(staying)).map(stateIn).findLast((state) => state !== undefined);
      hold(last !== undefined && isTerminal(last), "a stream up to the end", last);
    },
  },
  {
    id: "subscribe.ended-task",
    section: "3.1.6",
    level: "MUST",
    title: "Subscribing to a task that has ended is UnsupportedOperationError",
    run: async (probe) => {
      needsCapability(probe, "streaming");
      const { id } = await probe.finished();
      const reply = refusalOf(await probe.agent.stream("SubscribeToTask", { id }), "UnsupportedOperationError");
      refused(reply, "UnsupportedOperationError", probe.binding);
    },
  },
  {
    id: "subscribe.ended-otherwise",
    section: "3.1.6",
    level: "MUST",
    title: "Subscribing to a task that failed, was rejected or canceled is UnsupportedOperationError",
    run: async (probe) => {
      needsCapability(probe, "streaming");
      for (const { id } of await endedOtherwise(probe)) {
        const reply = refusalOf(await probe.agent.stream("SubscribeToTask", { id }), "UnsupportedOperationError");
        refused(reply, "UnsupportedOperationError", probe.binding);
      }
    },
  },
  {
    id: "subscribe.unknown-task",
    section: "3.1.6",
    level: "MUST",
    title: "Subscribing to a task that does not exist is TaskNotFoundError",
    run: async (probe) => {
      needsCapability(probe, "streaming");
      const reply = refusalOf(await probe.agent.stream("SubscribeToTask", { id: randomUUID() }), "TaskNotFoundError");
      refused(reply, "TaskNotFoundError", probe.binding);
    },
  },
  {
    id: "subscribe.by-get",
    section: "5.3",
    level: "SHOULD",
    title: "Over HTTP+JSON a subscription by GET is taken as well: the proto says GET where the text says POST",
    bindings: ["HTTP+JSON"],
    run: async (probe) => {
      needsCapability(probe, "streaming");
      const { id } = await probe.finished();
      // An ended task gives an answer that ends: what counts is that the operation was reached.
      const reply = await probe.agent.raw("GET", `/tasks/${encodeURIComponent(id)}:subscribe`, undefined);
      refused(reply, "UnsupportedOperationError", probe.binding);
    },
  },
]);
