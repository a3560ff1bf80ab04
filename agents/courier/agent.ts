/**
 * Courier: does something in the world. It sends one message to one allow-listed webhook, and nothing leaves before a
 * person has approved exactly what is sent. It never retries by itself: it says what happened and leaves that to its caller.
 */
import card from "../../agent-cards/courier.json" with { type: "json" };
import { defineAgent } from "../../shared/kit/agent.ts";
import { findingsPart } from "../../shared/kit/finding.ts";
import { completed, failed, type Outcome, rejected, type Skill } from "../../shared/kit/skill.ts";
import { readDelivery } from "./delivery.ts";
import extended from "./extended-card.json" with { type: "json" };
import { checkTarget, targets } from "./targets.ts";
import { type PostResult, post } from "./webhook.ts";

export interface Env {
  /** Comma-separated hosts and URL prefixes; see allow-list.ts. Empty or absent: nothing may be sent. */
  readonly COURIER_ALLOW?: string;
}

const skills: Record<string, Skill<Env>> = {
  targets: ({ parts, env }) => targets(parts, env.COURIER_ALLOW ?? ""),

  deliver: async ({ parts, env, step, act, progress }) => {
    // Read and judged once per task: a later run, after the answer or a crash, must come to the same question.
    const request = await step("read", () => {
      const delivery = readDelivery(parts);
      if (!delivery.ok) return delivery;
      const target = checkTarget(env.COURIER_ALLOW ?? "", delivery.url);
      return target.ok ? { ...delivery, url: target.url } : target;
    });
    if (!request.ok) return rejected(request.reason);

    const { url, body } = request;
    const { host } = new URL(url);
    const action = { description: `Send this message to ${host}?`, args: { method: "POST", url, body } };
    const delivery = await act("deliver", action, async (approved, { key, signal }): Promise<PostResult | { refused: string }> => {
      // Checked again here: an approval may come days later, and the list may have changed since.
      const target = checkTarget(env.COURIER_ALLOW ?? "", approved.url);
      if (!target.ok) return { refused: target.reason };
      progress(`Sending to ${host}`);
      return post({ url: target.url, body: approved.body }, { idempotencyKey: key, signal });
    });
    if (!delivery.done) return rejected(`Nothing was sent to ${url}: the approval was refused (${delivery.reason}).`);
    return "refused" in delivery.value ? rejected(delivery.value.refused) : report(url, delivery.value);
  },
};

export default defineAgent<Env>(card, skills, { extended });

function report(url: string, result: PostResult): Outcome {
  if (!result.sent) {
    const known = result.reason === "unreachable" ? "Nothing arrived as far as we know" : "It may have arrived all the same";
    return failed(`Sending to ${url} broke off: ${result.detail}. ${known}; look there before you send a new task.`);
  }
  const { status, response, location } = result;
  if (status >= 300 && status < 400)
    return failed(`${url} answered ${status}, a redirect to ${location ?? "nowhere"}. Redirects are not followed: send to the final URL.`);
  if (status < 200 || status >= 300)
    return failed(
      `${url} answered ${status}${response === "" ? "" : `: ${response}`}. Correct the message or the webhook, then send a new task.`,
    );
  const { host } = new URL(url);
  const text = `Delivered to ${url}: status ${status}.${response === "" ? "" : `\n\nIts response begins:\n\n${response}`}`;
  return completed({
    artifacts: [
      {
        name: "delivery",
        parts: [
          { text },
          { data: { url, status, response }, mediaType: "application/json" },
          // The host only: a webhook's path is often its secret, and findings are handed on.
          findingsPart([
            {
              text: `The message was delivered to ${host}, status ${status}.`,
              source: { document: "delivery", position: host },
              by: "courier/deliver",
            },
          ]),
        ],
      },
    ],
    text: `Delivered to ${host}, status ${status}`,
  });
}
