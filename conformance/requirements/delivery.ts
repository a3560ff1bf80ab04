/** Push notifications as they arrive at a webhook. (A2A 1.0.1, 4.3.3, 13.2) */
import { isTerminal, type JsonObject, type Task } from "../../shared/task/a2a-types.ts";
import { hold } from "../expect.ts";
import { answer, asking, needsCapability, type Probe, sent, trigger } from "../probe.ts";
import { Failure, NotShown, requirements } from "../requirement.ts";
import { streamResponse, violations } from "../schema.ts";
import type { Delivery, Inbox } from "../webhook.ts";

/** A task that has completed and told a webhook so. */
async function delivered(probe: Probe, config: JsonObject = {}): Promise<{ task: Task; inbox: Inbox; last: Delivery }> {
  needsCapability(probe, "pushNotifications");
  const inbox = await probe.inbox();
  const taskPushNotificationConfig = { url: inbox.url, ...config };
  const task = await sent(probe, trigger(probe, "text"), {}, { taskPushNotificationConfig });
  if (!isTerminal(task.status.state))
    throw new NotShown(`needs a text that leads to an end (--text "…"): this one led to ${task.status.state}`);
  return { task, inbox, last: await inbox.next(tellsTheEnd, probe.trial.signal) };
}

function parsed({ body }: Delivery): JsonObject {
  try {
    return JSON.parse(body) as JsonObject;
  } catch {
    throw new Failure("JSON in the delivery", body.slice(0, 200));
  }
}

function tellsTheEnd(delivery: Delivery): boolean {
  const { task, statusUpdate } = parsed(delivery) as unknown as Partial<Record<"task" | "statusUpdate", Task>>;
  const state = (task ?? statusUpdate)?.status.state;
  return state !== undefined && isTerminal(state);
}

export const DELIVERY = requirements("delivery", [
  {
    id: "delivery.arrives",
    section: "4.3.3",
    level: "MUST",
    title: "The end of a task is delivered by POST to each webhook that was configured with the message",
    run: async (probe) => {
      const { last } = await delivered(probe);
      hold(last.method === "POST", "POST", last.method);
    },
  },
  {
    id: "delivery.stream-response",
    section: "4.3.3",
    level: "MUST",
    title: "Each delivery is a valid StreamResponse about the task",
    run: async (probe) => {
      const { task, inbox } = await delivered(probe);
      for (const delivery of inbox.deliveries) {
        const payload = parsed(delivery);
        const wrong = violations(streamResponse, payload);
        hold(wrong.length === 0, "a valid StreamResponse", `${wrong.join("; ")} in ${delivery.body}`);
        const about = Object.values(payload)[0] as JsonObject;
        hold((about["taskId"] ?? about["id"]) === task.id, `the task ${task.id}`, about);
      }
    },
  },
  {
    id: "delivery.content-type",
    section: "4.3.3",
    level: "MUST",
    title: "Deliveries come as application/a2a+json",
    run: async (probe) => {
      const { last } = await delivered(probe);
      const type = last.headers["content-type"] ?? "none";
      hold(/^application\/a2a\+json\b/.test(type), "application/a2a+json", type);
    },
  },
  {
    id: "delivery.authorization",
    section: "4.3.3",
    level: "MUST",
    title: "Deliveries carry the credentials of the configuration, in its scheme",
    run: async (probe) => {
      const { last } = await delivered(probe, { authentication: { scheme: "Bearer", credentials: "for-one-task" } });
      hold(
        last.headers["authorization"] === "Bearer for-one-task",
        "Authorization: Bearer for-one-task",
        last.headers["authorization"] ?? "none",
      );
    },
  },
  {
    id: "delivery.token",
    section: "4.3.1",
    level: "SHOULD",
    title: "Deliveries carry the token of the configuration in X-A2A-Notification-Token",
    run: async (probe) => {
      const { last } = await delivered(probe, { token: "only-mine" });
      const token = last.headers["x-a2a-notification-token"] ?? "none";
      hold(token === "only-mine", "only-mine", token);
    },
  },
  {
    id: "delivery.configured-later",
    section: "3.1.7",
    level: "MUST",
    title: "A webhook that is configured for a task already there is told what comes after",
    run: async (probe) => {
      needsCapability(probe, "pushNotifications");
      const text = answer(probe);
      const inbox = await probe.inbox();
      const { id: taskId, contextId } = await asking(probe);
      await probe.agent.call("CreateTaskPushNotificationConfig", { taskId, url: inbox.url });
      await sent(probe, text, { taskId, contextId });
      await inbox.next(tellsTheEnd, probe.trial.signal);
    },
  },
  {
    id: "delivery.every-webhook",
    section: "4.3.3",
    level: "MUST",
    title: "Every webhook of a task is told",
    run: async (probe) => {
      needsCapability(probe, "pushNotifications");
      const text = answer(probe);
      const inboxes = [await probe.inbox(), await probe.inbox()];
      const { id: taskId, contextId } = await asking(probe);
      for (const [index, { url }] of inboxes.entries())
        await probe.agent.call("CreateTaskPushNotificationConfig", { taskId, url, id: `webhook-${index}` });
      await sent(probe, text, { taskId, contextId });
      for (const inbox of inboxes) await inbox.next(tellsTheEnd, probe.trial.signal);
    },
  },
  {
    id: "delivery.in-order",
    section: "3.5.2",
    level: "MUST",
    title: "A webhook is told the end last",
    run: async (probe) => {
      const { inbox } = await delivered(probe);
      const at = inbox.deliveries.findIndex(tellsTheEnd);
      const after = inbox.deliveries.slice(at + 1).filter((delivery) => !tellsTheEnd(delivery));
      hold(
        after.length === 0,
        "nothing but the end after the end",
        after.map(({ body }) => body),
      );
    },
  },
  {
    id: "delivery.again",
    section: "13.2",
    level: "SHOULD",
    title: "A delivery that was refused is tried again",
    run: async (probe) => {
      needsCapability(probe, "pushNotifications");
      const inbox = await probe.inbox();
      inbox.refuse(1, 503);
      const refused = inbox.next(() => true, probe.trial.signal);
      await sent(probe, trigger(probe, "text"), {}, { taskPushNotificationConfig: { url: inbox.url } });
      const { body } = await refused;
      await inbox.next((delivery) => inbox.deliveries.indexOf(delivery) > 0 && delivery.body === body, probe.trial.signal);
    },
  },
  {
    id: "delivery.not-after-deletion",
    section: "3.1.10",
    level: "MUST",
    title: "A webhook whose configuration was deleted is told nothing more",
    run: async (probe) => {
      needsCapability(probe, "pushNotifications");
      const text = answer(probe);
      const [deleted, kept] = [await probe.inbox(), await probe.inbox()];
      const { id: taskId, contextId } = await asking(probe);
      await probe.agent.call("CreateTaskPushNotificationConfig", { taskId, url: deleted.url, id: "deleted" });
      await probe.agent.call("CreateTaskPushNotificationConfig", { taskId, url: kept.url, id: "kept" });
      await probe.agent.call("DeleteTaskPushNotificationConfig", { taskId, id: "deleted" });
      const before = deleted.deliveries.length;
      await sent(probe, text, { taskId, contextId });
      // When the one that was kept knows the end, the other one would have been told, too.
      await kept.next(tellsTheEnd, probe.trial.signal);
      hold(
        deleted.deliveries.length === before,
        "no delivery",
        deleted.deliveries.slice(before).map(({ body }) => body),
      );
    },
  },
]);
