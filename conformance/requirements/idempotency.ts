/** Sending again after a lost answer, by an extension that a card may declare. */
import { randomUUID } from "node:crypto";
import type { JsonObject } from "../../shared/task/a2a-types.ts";
import { type HeaderChanges, isObject } from "../agent.ts";
import { collect, described, hold, refusedSomehow, sentTask, tasksOf } from "../expect.ts";
import { leave, message, type Probe, trigger } from "../probe.ts";
import { Failure, NotShown, requirements } from "../requirement.ts";

export const RESUME_EXTENSION = "urn:skein:ext:resume:v1";

export function declaresResume({ card }: Probe): void {
  const uris = (card.capabilities?.extensions ?? []).map(({ uri }) => uri);
  if (!uris.includes(RESUME_EXTENSION)) throw new NotShown(`the card does not declare ${RESUME_EXTENSION}`);
}

async function sentWith(probe: Probe, params: JsonObject, headers: HeaderChanges = {}) {
  return sentTask(await probe.agent.call("SendMessage", params, headers));
}

export const IDEMPOTENCY = requirements("idempotency", [
  {
    id: "idempotency.same-task",
    section: RESUME_EXTENSION,
    level: "SKEIN",
    title: "The same Idempotency-Key with the same content gives the same task, with one task made",
    run: async (probe) => {
      declaresResume(probe);
      const key = { "Idempotency-Key": randomUUID() };
      const params = { message: message(probe, trigger(probe, "text"), { contextId: randomUUID() }) };
      const [one, two] = [await sentWith(probe, params, key), await sentWith(probe, params, key)];
      hold(one.id === two.id, one.id, two.id);
      const tasks = tasksOf(await probe.agent.call("ListTasks", { contextId: one.contextId }));
      hold(tasks.length === 1, "one task", tasks as never);
    },
  },
  {
    id: "idempotency.at-the-same-time",
    section: RESUME_EXTENSION,
    level: "SKEIN",
    title: "Requests with one key that come at the same time make one task",
    run: async (probe) => {
      declaresResume(probe);
      const key = { "Idempotency-Key": randomUUID() };
      const params = { message: message(probe, probe.triggers.slow ?? trigger(probe, "text")), configuration: { returnImmediately: true } };
      const ids = (await Promise.all(Array.from({ length: 4 }, () => sentWith(probe, params, key)))).map(({ id }) => id);
      hold(new Set(ids).size === 1, "one id", ids);
      await leave(probe, ids[0] ?? "");
    },
  },
  {
    id: "idempotency.other-content",
    section: RESUME_EXTENSION,
    level: "SKEIN",
    title: "The same key with other content is refused",
    run: async (probe) => {
      declaresResume(probe);
      const key = { "Idempotency-Key": randomUUID() };
      await sentWith(probe, { message: message(probe, trigger(probe, "text")) }, key);
      const other = { message: message(probe, `${trigger(probe, "text")} and more`) };
      refusedSomehow(await probe.agent.call("SendMessage", other, key), "the same key with other content");
    },
  },
  {
    id: "idempotency.by-metadata",
    section: RESUME_EXTENSION,
    level: "SKEIN",
    title: "The extension's idempotencyKey says the same as the header",
    run: async (probe) => {
      declaresResume(probe);
      const key = randomUUID();
      const sentMessage = message(probe, trigger(probe, "text"));
      const params = { message: sentMessage, metadata: { [RESUME_EXTENSION]: { idempotencyKey: key } } };
      const [one, two] = [await sentWith(probe, params), await sentWith(probe, { message: sentMessage }, { "Idempotency-Key": key })];
      hold(one.id === two.id, one.id, two.id);
    },
  },
  {
    id: "idempotency.no-key",
    section: RESUME_EXTENSION,
    level: "SKEIN",
    title: "Without a key the same messageId makes tasks of its own",
    run: async (probe) => {
      declaresResume(probe);
      const params = { message: message(probe, trigger(probe, "text")) };
      const [one, two] = [await sentWith(probe, params), await sentWith(probe, params)];
      hold(one.id !== two.id, "two tasks", one.id);
    },
  },
  {
    id: "idempotency.stream",
    section: RESUME_EXTENSION,
    level: "SKEIN",
    title: "A stream that is asked for again with its key is of the same task",
    run: async (probe) => {
      declaresResume(probe);
      if (probe.card.capabilities.streaming !== true) throw new NotShown("the card does not declare streaming");
      const key = { "Idempotency-Key": randomUUID() };
      const params = { message: message(probe, trigger(probe, "text")) };
      const streamed = async () => {
        const [first] = await collect(await probe.agent.stream("SendStreamingMessage", params, key));
        return isObject(first?.event["task"]) ? first.event["task"]["id"] : undefined;
      };
      const [one, two] = [await streamed(), await streamed()];
      hold(one !== undefined && one === two, String(one), two);
    },
  },
  {
    id: "idempotency.bad-key",
    section: RESUME_EXTENSION,
    level: "SKEIN",
    title: "A key that is too long is refused, and not cut",
    run: async (probe) => {
      declaresResume(probe);
      const key = { "Idempotency-Key": "k".repeat(2_000) };
      const reply = await probe.agent.call("SendMessage", { message: message(probe, trigger(probe, "text")) }, key);
      if (!reply.error) throw new Failure("a refusal", described(reply));
    },
  },
]);
