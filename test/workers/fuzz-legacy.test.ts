import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { inTime, sendRpc } from "./fuzz/answers.ts";
import { change, changed, type Request } from "./fuzz/requests.ts";
import { RUNS } from "./fuzz/runs.ts";
import { toText } from "./fuzz/values.ts";
import { ORIGIN, rpc, served } from "./wire.ts";

// Requests of 0.3, changed in one to three places, in both bindings: each is answered in its form, and no answer is a failure
// of the agent's own.

const V03 = { "A2A-Version": "0.3" };
const agent = served({ capabilities: { streaming: true, pushNotifications: true } });
const ids = ["s0-no-task"];

const message = (text: string, skill: string) => ({
  kind: "message",
  messageId: "m-1",
  role: "user",
  parts: [
    { kind: "text", text, metadata: { a: 1 } },
    { kind: "file", file: { bytes: "SGVsbG8=", mimeType: "text/plain", name: "a.txt" } },
    { kind: "data", data: { a: [1, null] } },
  ],
  metadata: { "urn:skein:ext:skill:v1": { skill } },
  extensions: ["https://example.com/x"],
});

beforeAll(async () => {
  const asked = { message: message("x", "question") };
  for (const params of [asked, asked]) {
    const { result } = (await (await rpc("message/send", params, V03, agent)).json()) as { result: { id: string } };
    ids.push(result.id);
  }
});

const configuration = {
  blocking: true,
  historyLength: 1,
  acceptedOutputModes: ["text/plain"],
  pushNotificationConfig: { url: "http://127.0.0.1:9/hook", id: "a", authentication: { schemes: ["Bearer"] } },
};
const requests: fc.Arbitrary<Request> = fc
  .constantFrom(...["message/send", "message/stream"])
  .chain((method) =>
    fc
      .constantFrom("echo", "chunks")
      .map((skill) => ({ method, params: { message: message("x", skill), configuration, metadata: { a: 1 } } })),
  );
const lookUps = fc.nat({ max: 2 }).chain((index) => {
  const id = ids[index] ?? "";
  return fc.constantFrom<Request>(
    { method: "tasks/get", params: { id, historyLength: 1 } },
    { method: "tasks/resubscribe", params: { id, metadata: { "urn:skein:ext:resume:v1": { after: 1 } } } },
    { method: "tasks/pushNotificationConfig/set", params: { taskId: id, pushNotificationConfig: configuration.pushNotificationConfig } },
    { method: "tasks/pushNotificationConfig/get", params: { id, pushNotificationConfigId: "a" } },
    { method: "tasks/pushNotificationConfig/list", params: { id } },
    { method: "agent/getAuthenticatedExtendedCard", params: {} },
  );
});

/** The body of HTTP+JSON: in the proto's JSON, as far as it still has the shape for it. */
const inProto = (text: string) =>
  text
    .replaceAll('"user"', '"ROLE_USER"')
    .replace('"parts":', '"content":')
    .replaceAll(/"kind":"(text|file|data)",/g, "");

async function sendProto(path: string, body: string): Promise<void> {
  const init = { method: "POST", headers: { "Content-Type": "application/json", ...V03 }, body };
  const answer = await inTime(agent.fetch(ORIGIN + path, init));
  if (answer.headers.get("Content-Type")?.startsWith("text/event-stream")) {
    const reader = answer.body?.getReader();
    await reader?.read();
    return reader?.cancel();
  }
  const said = await answer.text();
  expect(answer.status, said).toBeLessThan(500);
  expect(JSON.parse(said)).toMatchObject(answer.ok ? {} : { code: expect.any(Number), message: expect.any(String) });
}

const edits = fc.array(change, { minLength: 1, maxLength: 3 });
const edited = ({ params }: Request, changes: readonly Parameters<typeof changed>[1][]) =>
  toText(changes.reduce((sofar: unknown, each) => changed(sofar, each).params, params));

describe("a changed request of 0.3", () => {
  it("is answered in JSON-RPC, and never as a failure of the agent's own", async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(requests, lookUps), edits, async (request, changes) => {
        const verdict = await sendRpc(request.method, edited(request, changes), V03, agent);
        if (!verdict.ok) expect(verdict.message).not.toContain("failed to handle");
      }),
      { numRuns: RUNS },
    );
  });

  it("is answered in HTTP+JSON, and never as a failure of the agent's own", async () => {
    await fc.assert(
      fc.asyncProperty(requests, edits, fc.boolean(), async (request, changes, asProto) => {
        const body = edited(request, changes);
        await sendProto(`/v1/${request.method.replace("/", ":")}`, asProto ? inProto(body) : body);
        await sendProto(`/v1/tasks/${ids[1]}/pushNotificationConfigs`, body.replace('"configuration"', '"config"'));
      }),
      { numRuns: RUNS },
    );
  });
});
