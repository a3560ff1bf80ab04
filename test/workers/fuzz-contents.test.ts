import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import fc from "fast-check";
import { expect, it, vi } from "vitest";
import { LOCAL_PRINCIPAL, principalKey } from "../../shared/auth/principal.ts";
import { findTask } from "../../shared/task/home.ts";
import { sendHttp, sendRpc, type Verdict } from "./fuzz/answers.ts";
import { HUNT_MS, RUNS } from "./fuzz/runs.ts";
import { json, jsonObject, text, toText } from "./fuzz/values.ts";

// What is valid comes back as it was sent, however strange it is: through the log, through an eviction, in every binding.

vi.setConfig({ testTimeout: HUNT_MS });

interface Sent {
  readonly id: string;
  readonly history?: readonly Record<string, unknown>[];
  readonly artifacts?: readonly { parts: readonly { text: string }[] }[];
}

const part = fc.oneof(
  text.map((each) => ({ text: each })),
  json.map((data) => ({ data })),
  fc.tuple(text, jsonObject).map(([each, metadata]) => ({ text: each, metadata, filename: "ä\u0000.txt" })),
);
const name = text.filter((each) => each !== "");
const message = fc.record(
  {
    messageId: name,
    role: fc.constant("ROLE_USER"),
    parts: fc.array(part, { minLength: 1, maxLength: 4 }),
    contextId: name,
    metadata: jsonObject,
    extensions: fc.array(name, { maxLength: 2 }),
    referenceTaskIds: fc.array(name, { maxLength: 2 }),
  },
  { requiredKeys: ["messageId", "role", "parts"] },
);

/** An eviction waits until its object has nothing more to do, which takes longer than all the rest. */
const seldom = fc.nat({ max: 19 }).map((each) => each === 19);

/** Equal texts for equal JSON, whatever the order of its keys, and also for keys that an object literal would lose. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, each]) => `${JSON.stringify(key)}:${canonical(each)}`).join()}}`;
}

function valueIn(verdict: Verdict | undefined): unknown {
  if (!verdict?.ok) throw new Error(`refused: ${JSON.stringify(verdict)}`);
  return verdict.value;
}

const homeOf = (id: string) => {
  const { home } = findTask(principalKey(LOCAL_PRINCIPAL), id) ?? { home: "" };
  return (env as unknown as { TASK_HOME: DurableObjectNamespace }).TASK_HOME.getByName(home);
};

it("a message comes back as it was sent, and is listed under its context", async () => {
  await fc.assert(
    fc.asyncProperty(message, fc.boolean(), seldom, async (sent, overHttp, evicted) => {
      const params = { message: sent };
      const first = overHttp ? await sendHttp({ method: "SendMessage", params }) : await sendRpc("SendMessage", toText(params));
      const { task } = valueIn(first) as { task: Sent & { contextId: string } };
      const { id, contextId } = task;
      if (evicted) await evictDurableObject(homeOf(id));

      const expected = canonical({ ...(JSON.parse(toText(sent)) as object), taskId: id, contextId });
      const byRpc = valueIn(await sendRpc("GetTask", toText({ id }))) as Sent;
      expect(canonical(byRpc.history?.[0])).toBe(expected);
      expect(canonical(byRpc)).toBe(canonical(task));
      expect(canonical(valueIn(await sendHttp({ method: "GetTask", params: { id } })))).toBe(canonical(task));
      expect(byRpc.artifacts?.[0]?.parts[0]?.text).toBe(sent.parts.flatMap((each) => ("text" in each ? [each.text] : [])).join("\n\n"));

      const query = toText({ contextId, pageSize: 3, includeArtifacts: true, historyLength: 1 });
      const listed = valueIn(await sendRpc("ListTasks", query)) as { tasks: (Sent & { contextId: string })[] };
      expect(new Set(listed.tasks.map((each) => each.contextId))).toEqual(new Set([contextId]));
      expect(canonical(listed.tasks[0])).toBe(canonical(task));
    }),
    { numRuns: RUNS },
  );
});
