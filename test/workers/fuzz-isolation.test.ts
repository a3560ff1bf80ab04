import { env } from "cloudflare:workers";
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { RequestError } from "../../shared/a2a/errors.ts";
import { type A2ARequestHandler, requestHandler } from "../../shared/a2a/handler.ts";
import { type Principal, principalKey } from "../../shared/auth/principal.ts";
import type { AgentWorkerEnv } from "../../shared/kit/worker.ts";
import type { Task } from "../../shared/task/a2a-types.ts";
import { placeTask } from "../../shared/task/home.ts";
import { HUNT_MS, RUNS } from "./fuzz/runs.ts";
import { newHook } from "./hook.ts";
import probe from "./probe-agent.ts";
import { message, rpc, type Sent } from "./wire.ts";

// Callers who know each other's ids, keys, contexts and page tokens, and use them. A model of who owns what says which of
// their calls succeed; every other one is answered as for a task that never was.

vi.setConfig({ testTimeout: HUNT_MS });

const card = { ...probe.card, capabilities: { ...probe.card.capabilities, pushNotifications: true } };
const handler: A2ARequestHandler = requestHandler({ card, homes: "shared" }, env as unknown as AgentWorkerEnv);

/** Names that look alike, or would run into each other if they were only put one behind the other. */
function callers(run: string): Principal[] {
  const names: [string, string, string][] = [
    ["t", "a", "s"],
    ["t", "a", "s "],
    ["t/a", "", "s"],
    ["t", "a/s", ""],
    ["t%2Fa", "", "s"],
    ["t:s0", "a", "s"],
  ];
  return names.map(([tenant, app, subject]) => ({ tenant, app: `${app}${run}`, subject, scopes: ["call", "approve"] }));
}

type Step = {
  readonly who: number;
  readonly what: (typeof CALLS)[number];
  readonly task: number;
  readonly change: Change;
  readonly shared: number;
};
type Change = "none" | "letter" | "home" | "case" | "made-up";

const CALLS = [
  "send",
  "key",
  "get",
  "cancel",
  "subscribe",
  "answer",
  "answer with key",
  "list",
  "token",
  "context",
  "push",
  "pushes",
] as const;

const step: fc.Arbitrary<Step> = fc.record({
  who: fc.nat({ max: 5 }),
  what: fc.constantFrom(...CALLS),
  task: fc.nat({ max: 50 }),
  change: fc.oneof({ weight: 4, arbitrary: fc.constant("none" as const) }, fc.constantFrom<Change>("letter", "home", "case", "made-up")),
  shared: fc.nat({ max: 1 }),
});

/** An id as an attacker would change it. */
function changedId(id: string, change: Change, seed: number): string {
  const [place = "", unique = "", check = ""] = id.split("-");
  switch (change) {
    case "none":
      return id;
    case "letter": {
      const at = seed % id.length;
      return id.slice(0, at) + (id[at] === "0" ? "1" : "0") + id.slice(at + 1);
    }
    case "home":
      return `${place === "s0" ? "s1" : "s0"}-${unique}-${check}`;
    case "case":
      return id.toUpperCase();
    case "made-up":
      return placeTask("nobody", "shared", { random: `made-up-${seed}`.replaceAll("-", "") }).taskId;
  }
}

/** What a caller is told, with the id that he sent himself taken out. */
async function told(call: Promise<unknown>, id: string): Promise<string> {
  try {
    await call;
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    return JSON.stringify([error.toHttpJson(), error.toJsonRpc(), error.headers]).replaceAll(id, "<id>");
  }
  return "";
}

const hook = newHook().url;
const never = "s0-00000000000000000000000000000000-000000";

describe("callers who know each other's ids, keys, contexts and page tokens", () => {
  it("reach their own tasks only, and cannot tell others' from those that never were", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 40 }), async (steps) => {
        const run = crypto.randomUUID();
        const all = callers(run);
        const owners = new Map<string, Principal>();
        const ended = new Set<string>();
        const keys = new Map<string, string>();
        const tokens: string[] = [];
        const notFound = await told(handler.getTask({ id: never }, { principal: all[0] as Principal }), never);
        expect(notFound).toContain("TASK_NOT_FOUND");

        const start = async (principal: Principal, idempotencyKey?: string, contextId = `context-${run}`) => {
          const sent = { ...message("x", "question", { contextId }), messageId: "m" };
          const context = { principal, ...(idempotencyKey !== undefined && { idempotencyKey }) };
          return (JSON.parse(await handler.sendMessage({ message: sent as never }, context)) as { task: Task }).task;
        };
        const own = (principal: Principal) => [...owners].filter(([, owner]) => owner === principal).map(([id]) => id);

        for (const { who, what, task, change, shared } of steps) {
          const principal = all[who] as Principal;
          const context = { principal };
          const known = [...owners.keys()];
          const id = changedId(known[task % known.length] ?? never, change, task);
          const mine = owners.get(id) === principal;
          /** A call that names a task: it is answered if the task is the caller's, else like the one that never was. */
          const reaches = async (call: Promise<unknown>) => {
            const said = await told(call, id);
            if (mine) expect(said).not.toContain("TASK_NOT_FOUND");
            else expect(said).toBe(notFound);
            return said === "";
          };
          switch (what) {
            case "send":
              owners.set((await start(principal)).id, principal);
              break;
            case "key": {
              // The same key of two callers is two keys; of one caller, one task.
              const { id: keyed } = await start(principal, `key-${shared}`);
              const name = `${principalKey(principal)} ${shared}`;
              expect(keys.get(name) ?? keyed).toBe(keyed);
              expect(owners.get(keyed) ?? principal).toBe(principal);
              keys.set(name, keyed);
              owners.set(keyed, principal);
              break;
            }
            case "get":
              await reaches(handler.getTask({ id }, context));
              break;
            case "cancel":
              if (await reaches(handler.cancelTask({ id }, context))) ended.add(id);
              break;
            case "subscribe":
              await reaches(handler.subscribeToTask({ id }, context).then((stream) => stream.cancel()));
              break;
            case "answer":
            case "answer with key": {
              const sent = message("an answer", "question", { taskId: id });
              const keyed = what === "answer" ? context : { ...context, idempotencyKey: `key-${shared}-${task}` };
              await reaches(handler.sendMessage({ message: sent as never }, keyed));
              break;
            }
            case "list":
            case "context":
            case "token": {
              const token = what === "token" ? tokens.at(shared) : undefined;
              const contextId = what === "context" ? `context-${run}` : undefined;
              const list = JSON.parse(
                await handler.listTasks({ pageSize: 2, includeArtifacts: true, historyLength: 1, pageToken: token, contextId }, context),
              ) as { tasks: Task[]; totalSize: number; nextPageToken: string };
              for (const each of list.tasks) expect(own(principal)).toContain(each.id);
              expect(list.totalSize).toBe(own(principal).length);
              if (list.nextPageToken !== "") tokens.push(list.nextPageToken);
              break;
            }
            case "push":
              await reaches(handler.createTaskPushNotificationConfig({ taskId: id, id: "a", url: hook } as never, context));
              break;
            case "pushes": {
              await reaches(handler.listTaskPushNotificationConfigs({ taskId: id }, context));
              if (mine) break;
              await reaches(handler.getTaskPushNotificationConfig({ taskId: id, id: "a" }, context));
              await reaches(handler.deleteTaskPushNotificationConfig({ taskId: id, id: "a" }, context));
            }
          }
        }
        // Nobody's calls did anything to anybody else's task.
        for (const [id, principal] of owners) {
          const { status } = JSON.parse(await handler.getTask({ id }, { principal })) as Task;
          expect(status.state === "TASK_STATE_CANCELED").toBe(ended.has(id));
        }
      }),
      { numRuns: Math.ceil(RUNS / 4) },
    );
  });

  it("learn nothing of them over the wire either, as tenants of one mesh", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom("GetTask", "CancelTask", "SubscribeToTask"),
        fc.constantFrom("", "a", "A", "a/b"),
        async (method, tenant) => {
          const sent = (await (await rpc("SendMessage", { tenant: "acme", message: message("x", "question") })).json()) as { result: Sent };
          const answers = await Promise.all(
            [sent.result.task.id, never].map(async (id) => {
              const response = await rpc(method, { tenant, id });
              const headers = [...response.headers].filter(([name]) => name !== "content-length");
              return [response.status, headers, (await response.text()).replaceAll(id, "<id>")];
            }),
          );
          expect(answers[0]).toEqual(answers[1]);
          expect(JSON.stringify(answers[0])).toContain("TASK_NOT_FOUND");
        },
      ),
      { numRuns: Math.ceil(RUNS / 4) },
    );
  });
});
