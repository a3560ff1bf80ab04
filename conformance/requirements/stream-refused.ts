/** Streams that are refused, and before they begin. (A2A 1.0.1, 3.1.2 and 3.3.2) */
import { randomUUID } from "node:crypto";
import { refusalOf, refused, refusedAsInvalid } from "../expect.ts";
import { message, needsStreaming } from "../probe.ts";
import { NotShown, requirements } from "../requirement.ts";

export const STREAM_REFUSED = requirements(
  "stream-refused",
  needsStreaming([
    {
      id: "stream-refused.ended-task",
      section: "3.1.2",
      level: "MUST",
      title: "A stream for a message to a task that has ended is UnsupportedOperationError",
      run: async (probe) => {
        const { id } = await probe.finished();
        const stream = await probe.agent.stream("SendStreamingMessage", { message: message(probe, "more", { taskId: id }) });
        refused(refusalOf(stream, "UnsupportedOperationError"), "UnsupportedOperationError", probe.binding);
      },
    },
    {
      id: "stream-refused.unknown-task",
      section: "3.1.2",
      level: "MUST",
      title: "A stream for a message to a task that does not exist is TaskNotFoundError",
      run: async (probe) => {
        const params = { message: message(probe, "more", { taskId: randomUUID() }) };
        const stream = await probe.agent.stream("SendStreamingMessage", params);
        refused(refusalOf(stream, "TaskNotFoundError"), "TaskNotFoundError", probe.binding);
      },
    },
    {
      id: "stream-refused.media-type",
      section: "3.1.2",
      level: "MUST",
      title: "A stream for a media type that the card does not take is ContentTypeNotSupportedError",
      run: async (probe) => {
        if (probe.card.defaultInputModes.some((mode) => /^(\*|application)\/\*/.test(mode)))
          throw new NotShown("the card takes every media type");
        const parts = [{ raw: "AAEC", mediaType: "application/x-nobody-takes-this" }];
        const stream = await probe.agent.stream("SendStreamingMessage", { message: message(probe, "", { parts }) });
        refused(refusalOf(stream, "ContentTypeNotSupportedError"), "ContentTypeNotSupportedError", probe.binding);
      },
    },
    {
      id: "stream-refused.invalid",
      section: "3.3.2",
      level: "MUST",
      title: "A stream for an invalid message is refused before it begins",
      run: async (probe) => {
        const { parts: _, ...partless } = message(probe, "");
        const stream = await probe.agent.stream("SendStreamingMessage", { message: partless });
        refusedAsInvalid(refusalOf(stream, "a refusal"), probe.binding, "a message without parts");
      },
    },
  ]),
);
