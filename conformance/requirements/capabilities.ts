/** What a card does not declare is refused by the error for it. (A2A 1.0.1, 3.3.4) */
import { randomUUID } from "node:crypto";
import { refusalOf, refused } from "../expect.ts";
import type { OperationName } from "../operations.ts";
import { lacksCapability, message, type Probe, trigger } from "../probe.ts";
import { requirements } from "../requirement.ts";

const PUSH_OPERATIONS: readonly OperationName[] = [
  "CreateTaskPushNotificationConfig",
  "GetTaskPushNotificationConfig",
  "ListTaskPushNotificationConfigs",
  "DeleteTaskPushNotificationConfig",
];

export const CAPABILITIES = requirements("capabilities", [
  {
    id: "capabilities.no-stream",
    section: "3.3.4",
    level: "MUST",
    title: "Without streaming in the card, SendStreamingMessage is UnsupportedOperationError",
    run: async (probe) => {
      lacksCapability(probe, "streaming");
      const stream = await probe.agent.stream("SendStreamingMessage", { message: message(probe, trigger(probe, "text")) });
      refused(refusalOf(stream, "UnsupportedOperationError"), "UnsupportedOperationError", probe.binding);
    },
  },
  {
    id: "capabilities.no-subscription",
    section: "3.3.4",
    level: "MUST",
    title: "Without streaming in the card, SubscribeToTask is UnsupportedOperationError",
    run: async (probe) => {
      lacksCapability(probe, "streaming");
      const { id } = await probe.finished();
      const stream = await probe.agent.stream("SubscribeToTask", { id });
      refused(refusalOf(stream, "UnsupportedOperationError"), "UnsupportedOperationError", probe.binding);
    },
  },
  ...PUSH_OPERATIONS.map((operation) => ({
    id: `capabilities.no-push-${operation.split("Task")[0]?.toLowerCase()}`,
    section: "3.3.4",
    level: "MUST" as const,
    title: `Without pushNotifications in the card, ${operation} is PushNotificationNotSupportedError`,
    run: async (probe: Probe) => {
      lacksCapability(probe, "pushNotifications");
      const { id: taskId } = await probe.finished();
      const named = operation.startsWith("List") ? {} : { id: randomUUID() };
      const params = { taskId, ...named, ...(operation.startsWith("Create") && { url: "https://example.com/hook" }) };
      refused(await probe.agent.call(operation, params), "PushNotificationNotSupportedError", probe.binding);
    },
  })),
  {
    id: "capabilities.no-extended-card",
    section: "3.3.4",
    level: "MUST",
    title: "Without extendedAgentCard in the card, GetExtendedAgentCard is UnsupportedOperationError",
    run: async (probe) => {
      lacksCapability(probe, "extendedAgentCard");
      refused(await probe.agent.call("GetExtendedAgentCard"), "UnsupportedOperationError", probe.binding);
    },
  },
]);
