/** Going on with a stream that broke, by an extension that a card may declare. */
import type { JsonObject } from "../../shared/task/a2a-types.ts";
import type { Stream, StreamEvent } from "../agent.ts";
import { collect, described, flowing, hold, refused, refusedSomehow } from "../expect.ts";
import { message, needsCapability, type Probe, trigger } from "../probe.ts";
import { Failure, requirements } from "../requirement.ts";
import { taskIn, whole } from "../told.ts";
import { declaresResume, RESUME_EXTENSION } from "./idempotency.ts";

/** A whole stream, with the ids of its events. */
async function streamed(probe: Probe): Promise<{ id: string; events: StreamEvent[] }> {
  declaresResume(probe);
  needsCapability(probe, "streaming");
  const text = probe.triggers.artifact ?? trigger(probe, "text");
  const stream = flowing(await probe.agent.stream("SendStreamingMessage", { message: message(probe, text) }));
  const events = await whole(stream);
  hold(
    events.length >= 2,
    "at least two events",
    events.map(({ event }) => event),
  );
  return { id: taskIn(events).id, events };
}

function subscribe(probe: Probe, id: string, lastEventId: string | undefined, metadata?: JsonObject): Promise<Stream> {
  const headers = lastEventId === undefined ? {} : { "Last-Event-ID": lastEventId };
  return probe.agent.stream("SubscribeToTask", { id, ...(metadata && { metadata }) }, headers);
}

const plain = (events: readonly StreamEvent[]) => JSON.stringify(events.map(({ id, event }) => [id, event]));

export const RESUME = requirements("resume", [
  {
    id: "resume.ids",
    section: RESUME_EXTENSION,
    level: "SKEIN",
    title: "Each event of a stream has an id, a number that grows",
    run: async (probe) => {
      const ids = (await streamed(probe)).events.map(({ id }) => Number(id ?? "none"));
      hold(
        ids.every((id, at) => Number.isSafeInteger(id) && id > (ids[at - 1] ?? -1)),
        "growing numbers",
        ids,
      );
    },
  },
  {
    id: "resume.no-gap-no-repeat",
    section: RESUME_EXTENSION,
    level: "SKEIN",
    title: "A subscription with Last-Event-ID goes on right after that event, also when the task has ended since",
    run: async (probe) => {
      const { id, events } = await streamed(probe);
      for (const [at, { id: last }] of events.slice(0, -1).entries()) {
        const rest = await collect(await subscribe(probe, id, last));
        hold(plain(rest) === plain(events.slice(at + 1)), `what came after ${last}: ${plain(events.slice(at + 1))}`, plain(rest));
      }
    },
  },
  {
    id: "resume.by-metadata",
    section: RESUME_EXTENSION,
    level: "SKEIN",
    title: "The extension's after says the same as Last-Event-ID",
    run: async (probe) => {
      const { id, events } = await streamed(probe);
      const [first] = events;
      const after = Number(first?.id);
      const rest =
        probe.binding === "JSONRPC"
          ? await collect(await subscribe(probe, id, undefined, { [RESUME_EXTENSION]: { after } }))
          : await collect(await probe.agent.stream("SubscribeToTask", { id, metadata: { [RESUME_EXTENSION]: { after } } }));
      hold(plain(rest) === plain(events.slice(1)), plain(events.slice(1)), plain(rest));
    },
  },
  {
    id: "resume.nothing-left",
    section: RESUME_EXTENSION,
    level: "SKEIN",
    title: "Whoever has all events of an ended task is told that nothing comes: UnsupportedOperationError",
    run: async (probe) => {
      const { id, events } = await streamed(probe);
      const stream = await subscribe(probe, id, events.at(-1)?.id);
      if (!stream.refusal) throw new Failure("UnsupportedOperationError", `HTTP ${stream.status}, a stream`);
      refused(stream.refusal, "UnsupportedOperationError", probe.binding);
    },
  },
  {
    id: "resume.unknown-event",
    section: RESUME_EXTENSION,
    level: "SKEIN",
    title: "An event id that the task does not have is refused",
    run: async (probe) => {
      const { id, events } = await streamed(probe);
      const beyond = String(Number(events.at(-1)?.id) + 1_000);
      for (const last of [beyond, "-1", "yesterday"]) {
        const { refusal, status, close } = await subscribe(probe, id, last);
        close();
        if (!refusal) throw new Failure(`Last-Event-ID: ${last} refused`, `HTTP ${status}, a stream`);
        refusedSomehow(refusal, `Last-Event-ID: ${last}`);
        hold(refusal.error !== undefined, "an error", described(refusal));
      }
    },
  },
]);
