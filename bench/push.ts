/** Notifications: how long after it was asked for something a webhook hears that it is done. */
import { complaint, messageFor, sendRequest, taskOf } from "./requests.ts";
import { Webhook } from "./webhook.ts";
import type { Session, Workload } from "./workloads.ts";

const TEXT = "the quick brown fox";

/** @param until when a request counts as done: with its answer, or when the webhook has heard that the task has ended */
export function pushing(until: "answer" | "receipt"): Workload {
  return notified((url) => sendRequest(messageFor(undefined, TEXT), { taskPushNotificationConfig: { url } }), {
    isLast: (body) => body.includes('"TASK_STATE_COMPLETED"'),
    check: (response) => (taskOf(response)?.status.state === "TASK_STATE_COMPLETED" ? undefined : complaint(response)),
    until,
  });
}

/** One fetch to the webhook, and nothing else. */
export function fetching(): Workload {
  return notified((url) => ({ method: "POST", path: "/notify", body: url }), {
    isLast: (body) => body === "done",
    check: (response) => (response.status === 200 ? undefined : complaint(response)),
    until: "receipt",
  });
}

interface Notified extends Pick<Session, "check"> {
  readonly isLast: (body: string) => boolean;
  readonly until: "answer" | "receipt";
}

function notified(request: (url: string) => ReturnType<Session["next"]>, { isLast, check, until }: Notified): Workload {
  let webhook: Webhook | undefined;
  return {
    async prepare() {
      webhook = await Webhook.listen();
    },
    session: () => {
      let received: Promise<number> = Promise.reject(new Error("nothing was asked for"));
      received.catch(() => {});
      return {
        next: () => {
          if (!webhook) throw new Error("a round came before its preparation");
          const hook = webhook.expect(isLast);
          received = hook.received;
          // Whoever waits for it hears of its failure; an answer that is wrong comes first.
          received.catch(() => {});
          return request(hook.url);
        },
        check,
        async timed(_response, sent) {
          const answered = performance.now();
          // The next request waits for it either way: what is left to deliver would be on that one's clock.
          const at = await received;
          return (until === "answer" ? answered : at) - sent;
        },
      };
    },
  };
}
