import { isTerminal, type JsonObject } from "../../shared/task/a2a-types.ts";
import { isObject, type Stream } from "../agent.ts";
import { collect, flowing, hold } from "../expect.ts";
import { asking, leave, message, needsStreaming, type Probe, read, type TriggerName, trigger, until } from "../probe.ts";
import { NotShown, requirements } from "../requirement.ts";
import { streamResponse, violations } from "../schema.ts";
import { contents, stateIn, taskIn, toldBy, whole } from "../told.ts";

async function streamed(probe: Probe, name: TriggerName, configuration: JsonObject = {}): Promise<Stream> {
  const params = { message: message(probe, trigger(probe, name)), configuration };
  return flowing(await probe.agent.stream("SendStreamingMessage", params));
}

export const STREAM = requirements(
  "stream",
  needsStreaming([
    {
      id: "stream.event-stream",
      section: "3.1.2",
      level: "MUST",
      title: "SendStreamingMessage is answered with a stream of server-sent events",
      run: async (probe) => {
        const stream = await streamed(probe, "text");
        hold(stream.status === 200, "HTTP 200", `HTTP ${stream.status}`);
        hold(stream.contentType.startsWith("text/event-stream"), "text/event-stream", stream.contentType);
        hold((await collect(stream)).length > 0, "at least one event", "none");
      },
    },
    {
      id: "stream.stream-response",
      section: "3.2.3",
      level: "MUST",
      title: "Each event is a valid StreamResponse",
      run: async (probe) => {
        for (const { event } of await whole(await streamed(probe, "text"))) {
          const wrong = violations(streamResponse, event);
          hold(wrong.length === 0, "a valid StreamResponse", `${wrong.join("; ")} in ${JSON.stringify(event)}`);
        }
      },
    },
    {
      id: "stream.json-rpc-envelope",
      section: "9.4.2",
      level: "MUST",
      title: "Over JSON-RPC each event is a response with the id of the request",
      bindings: ["JSONRPC"],
      run: async (probe) => {
        const events = await whole(await streamed(probe, "text"));
        const { body } = probe.trial.exchanges.findLast(({ request }) => request.method === "POST")?.request ?? {};
        const asked = JSON.parse(String(body)) as { id: string };
        for (const { raw } of events) {
          const isResponse = isObject(raw) && raw["jsonrpc"] === "2.0" && raw["id"] === asked.id;
          hold(isResponse, `jsonrpc 2.0 and the id ${asked.id}`, raw);
        }
      },
    },
    {
      id: "stream.begins-with-task",
      section: "3.1.2",
      level: "MUST",
      title: "A stream begins with the task, or is one message",
      run: async (probe) => {
        const events = await whole(await streamed(probe, "text"));
        const [first] = events;
        const isMessage = isObject(first?.event["message"]) && events.length === 1;
        hold(isMessage || isObject(first?.event["task"]), "the task first", first?.event);
      },
    },
    {
      id: "stream.message-only",
      section: "3.1.2",
      level: "MUST",
      title: "A direct answer is a stream of exactly one message",
      run: async (probe) => {
        const events = await collect(await streamed(probe, "message"));
        const names = events.flatMap(({ event }) => Object.keys(event));
        hold(names.length === 1 && names[0] === "message", "one message", names);
      },
    },
    {
      id: "stream.closes",
      section: "3.1.2",
      level: "MUST",
      title: "A stream closes when its task has ended, having told so, and tells nothing after it",
      run: async (probe) => {
        const events = await whole(await streamed(probe, "text"));
        taskIn(events);
        const ends = events.flatMap((event, index) => (isTerminal(stateIn(event) ?? "TASK_STATE_WORKING") ? [index] : []));
        hold(
          ends.length > 0,
          "an event with a terminal state",
          events.map(({ event }) => event),
        );
        const after = events.slice(ends[0]).filter((event) => !isTerminal(stateIn(event) ?? "TASK_STATE_WORKING"));
        hold(
          after.length === 0,
          "nothing but the end after the end",
          after.map(({ event }) => event),
        );
      },
    },
    {
      id: "stream.one-task",
      section: "4.2",
      level: "MUST",
      title: "Every event names the task and the context of the stream",
      run: async (probe) => {
        const events = await whole(await streamed(probe, "text"));
        const { id, contextId } = taskIn(events);
        for (const { event } of events.slice(1)) {
          const update = (event["statusUpdate"] ?? event["artifactUpdate"] ?? event["task"]) as JsonObject | undefined;
          hold(
            (update?.["taskId"] ?? update?.["id"]) === id && update?.["contextId"] === contextId,
            `the task ${id} of ${contextId}`,
            event,
          );
        }
      },
    },
    {
      id: "stream.tells-all",
      section: "3.5.2",
      level: "MUST",
      title: "What the events tell in their order is what the task then is",
      run: async (probe) => {
        const events = await whole(await streamed(probe, probe.triggers.artifact === undefined ? "text" : "artifact"));
        const told = toldBy(events);
        const task = await read(probe, taskIn(events).id);
        hold(told.state === task.status.state, task.status.state, told.state);
        hold(
          JSON.stringify(told.artifacts) === JSON.stringify(contents(task.artifacts)),
          `the artifacts of the task: ${JSON.stringify(contents(task.artifacts))}`,
          told.artifacts as never,
        );
      },
    },
    {
      id: "stream.in-real-time",
      section: "3.1.2",
      level: "MUST",
      title: "Events come while the task is at work, not all at its end",
      run: async (probe) => {
        const stream = await streamed(probe, "slow");
        const events = await collect(stream, () => true);
        const { id } = taskIn(events);
        const { status } = await read(probe, id);
        hold(!isTerminal(status.state), "a first event before the end", status.state);
        await leave(probe, id);
        stream.close();
      },
    },
    {
      id: "stream.ignores-return-immediately",
      section: "3.2.2",
      level: "MUST",
      title: "returnImmediately changes nothing of a stream",
      run: async (probe) => {
        const events = await collect(
          await streamed(probe, probe.triggers.slow === undefined ? "text" : "slow", { returnImmediately: true }),
        );
        const last = events.map(stateIn).findLast((state) => state !== undefined);
        hold(last !== undefined && isTerminal(last), "a stream up to the task's end", last);
      },
    },
    {
      id: "stream.tells-questions",
      section: "3.4.3",
      level: "MUST",
      title: "A stream tells when its task asks for input",
      run: async (probe) => {
        const stream = await streamed(probe, "ask");
        const events = await collect(stream, (event) => stateIn(event) === "TASK_STATE_INPUT_REQUIRED");
        stream.close();
        const [state] = events.map(stateIn).slice(-1);
        const is = (await read(probe, taskIn(events).id)).status.state;
        if (is !== "TASK_STATE_INPUT_REQUIRED")
          throw new NotShown(`needs a text that leads to a question (--ask "…"): this one led to ${is}`);
        hold(
          state === "TASK_STATE_INPUT_REQUIRED",
          "an event with TASK_STATE_INPUT_REQUIRED",
          events.map(({ event }) => event),
        );
        await leave(probe, taskIn(events).id);
      },
    },
    {
      id: "stream.reader-may-leave",
      section: "3.5.2",
      level: "MUST",
      title: "A task goes on when the reader of its stream has left",
      run: async (probe) => {
        const stream = await streamed(probe, "slow");
        const { id } = taskIn(await collect(stream, () => true));
        stream.close();
        await until(probe, id, ({ status }) => isTerminal(status.state));
      },
    },
    {
      id: "stream.answer",
      section: "3.4.3",
      level: "MUST",
      title: "The answer to a question may be sent by a stream, which tells what comes of it",
      run: async (probe) => {
        const asked = await asking(probe);
        const { answer } = probe.triggers;
        if (answer === undefined) throw new NotShown('needs the answer to the agent\'s question: --answer "…"');
        const params = { message: message(probe, answer, { taskId: asked.id, contextId: asked.contextId }) };
        const events = await collect(await probe.agent.stream("SendStreamingMessage", params));
        hold(taskIn(events).id === asked.id, asked.id, taskIn(events).id);
        const last = events.map(stateIn).findLast((state) => state !== undefined);
        hold(last !== undefined && isTerminal(last), "a terminal state", last);
      },
    },
  ]),
);
