import fc from "fast-check";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { sendHttp, sendRpc, type Verdict } from "./fuzz/answers.ts";
import { change, changed, type Params, type Request, request } from "./fuzz/requests.ts";
import { HUNT_MS, RUNS } from "./fuzz/runs.ts";
import { Pairs, Raw, toText } from "./fuzz/values.ts";
import { newHook } from "./hook.ts";
import { http, message, rpc, type Sent, served, value } from "./wire.ts";

// Requests of every operation, changed in one to three places, through both bindings. What every answer is held to stands
// in fuzz/answers.ts; here: that the bindings agree, that a refusal names the place, and that the agent stays as it was.

vi.setConfig({ testTimeout: HUNT_MS });

const pool = { hook: newHook().url, tasks: ["t-1", "s0-00000000000000000000000000000000-000000"] };
let open = "";

const agent = served({ capabilities: { streaming: true, pushNotifications: true, extendedAgentCard: true } });

async function sent(text: string, skill: string, tenant?: string): Promise<string> {
  return ((await value(await rpc("SendMessage", { message: message(text, skill), tenant }))) as Sent).task.id;
}

beforeAll(async () => {
  open = await sent("stays open", "question");
  pool.tasks.push(await sent("ended", "echo"), await sent("open", "question"), await sent("foreign", "question", "acme"));
});

/** After whatever was sent: the same objects answer a plain request, and what they held is what they hold. */
async function expectIntact(): Promise<void> {
  expect(await value(await http("GET", `/tasks/${open}`))).toMatchObject({ id: open, status: { state: "TASK_STATE_INPUT_REQUIRED" } });
  expect(await value(await rpc("SendMessage", { message: message("plain", "echo") }))).toMatchObject({
    task: { artifacts: [{ parts: [{ text: "plain" }] }] },
  });
  for (const tenant of [undefined, "acme"]) {
    const { tasks, totalSize } = (await value(await rpc("ListTasks", { tenant, pageSize: 100, includeArtifacts: true }))) as {
      tasks: { id: string }[];
      totalSize: number;
    };
    expect(tasks.length).toBe(Math.min(100, totalSize));
    expect(new Set(tasks.map(({ id }) => id)).size).toBe(tasks.length);
  }
}

const isPlain = (params: unknown): params is Params =>
  typeof params === "object" && params !== null && !Array.isArray(params) && !(params instanceof Raw) && !(params instanceof Pairs);

/** What a first success may have changed for the second of two equal requests. */
const CHANGES = new Set(["SendMessage", "SendStreamingMessage", "CancelTask", "SubscribeToTask"]);

function expectAgreement({ method }: Request, first: Verdict, second: Verdict): void {
  if (first.ok && CHANGES.has(method)) return;
  if (first.ok || second.ok) expect(second.ok).toBe(first.ok);
  // A query is text: what is wrong with a number is said in other words there.
  else expect({ ...second, message: "" }).toEqual({ ...first, message: "" });
}

/** Whether a refusal speaks of the changed place, of what is around it, or of what is within it. */
function names(field: string, path: readonly (string | number)[]): boolean {
  // What these say depends on the request before, which was the same but for the change.
  if (field === "Idempotency-Key" || field === "Last-Event-ID") return true;
  const place = path.join(".");
  return field === "" || place === "" || place.startsWith(field) || field.startsWith(place) || field.split(/[.[]/)[0] === path[0];
}

describe("a request changed in a few places", () => {
  it("is answered in form, alike by both bindings, and a refusal names what is wrong", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constant(null).chain(() => request(pool)),
        fc.array(change, { maxLength: 3 }),
        async ({ method, params }, changes) => {
          let now: unknown = params;
          let path: readonly (string | number)[] = [];
          for (const each of changes) ({ params: now, path } = changed(now, each));
          const whole = changes.length === 1 ? await sendRpc(method, toText(params), undefined, agent) : undefined;
          const first = await sendRpc(method, toText(now), undefined, agent);
          if (first.ok && first.value === undefined) expect(toText(now)).toContain('"after"');
          if (whole?.ok && !first.ok && first.fields.length > 0)
            expect(
              first.fields.some((field) => names(field, path)),
              `${first.fields} for ${path.join(".")}`,
            ).toBe(true);
          if (!isPlain(now)) return;
          const second = await sendHttp({ method, params: now }, undefined, agent);
          if (second) expectAgreement({ method, params: now }, first, second);
        },
      ),
      { numRuns: RUNS * 4 },
    );
    await expectIntact();
  });
});
