import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { run } from "../../../conformance/run.ts";
import { SUITE } from "../../../conformance/suite.ts";
import { PEER_TRIGGERS, type Peer, startPeer } from "../../mesh/conformance-peer.ts";

// The peer behind somebody who spoils its answers in one way: the requirement for it must notice, and hold without.

interface Answer {
  readonly path: string;
  readonly method: string;
  /** What was sent: over JSON-RPC, it names the operation. */
  readonly body: string;
  text: string;
  status: number;
  headers: Record<string, string>;
}

type Spoil = (answer: Answer) => void;

let peer: Peer;
let proxy: Server;
let url: string;
let spoil: Spoil;

beforeAll(async () => {
  peer = await startPeer({ streaming: true, pushNotifications: true, extendedAgentCard: true });
  proxy = createServer(async (request, response) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of request) chunks.push(chunk as Uint8Array);
    const body = Buffer.concat(chunks).toString("utf8");
    const { host: _, connection: __, ...headers } = request.headers as Record<string, string>;
    const init = { method: request.method ?? "GET", headers, ...(body !== "" && { body }) };
    try {
      const came = await fetch(peer.url + request.url, init);
      const text = (await came.text()).replaceAll(peer.url, url);
      const { "content-length": ___, "transfer-encoding": ____, ...passed } = Object.fromEntries(came.headers);
      const answer = { path: request.url ?? "", method: init.method, body, text, status: came.status, headers: passed };
      spoil(answer);
      response.writeHead(answer.status, answer.headers).end(answer.text);
    } catch {
      response.destroy();
    }
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
});

beforeEach(() => {
  spoil = () => {};
});

afterAll(() => {
  peer.close();
  proxy.closeAllConnections();
  proxy.close();
});

const replaced =
  (what: RegExp | string, by: string): Spoil =>
  (answer) => {
    answer.text = answer.text.replaceAll(what, by);
  };

const ofType =
  (type: string): Spoil =>
  ({ headers }) => {
    headers["content-type"] = type;
  };

const withStatus =
  (status: number): Spoil =>
  (answer) => {
    answer.status = status;
  };

const onlyAt =
  (path: string, does: Spoil): Spoil =>
  (answer) => {
    if (answer.path === path) does(answer);
  };

const anotherEtag: Spoil = ({ headers }) => {
  headers["etag"] = `"${Math.random()}"`;
};

const inOperation =
  (name: string, http: RegExp, does: Spoil): Spoil =>
  (answer) => {
    if (answer.body.includes(`"method":"${name}"`) || http.test(`${answer.method} ${answer.path}`)) does(answer);
  };

const GET = /^GET \/rest\/tasks\/[^/:?]+(\?|$)/;
const LIST = /^GET \/rest\/tasks(\?|$)/;

/** Events of a stream, changed as a list. */
const events =
  (change: (all: string[]) => string[]): Spoil =>
  (answer) => {
    if (!answer.headers["content-type"]?.startsWith("text/event-stream")) return;
    answer.text = `${change(answer.text.split("\n\n").filter((each) => each !== "")).join("\n\n")}\n\n`;
  };

const SPOILED: readonly [requirement: string, how: string, does: Spoil][] = [
  ["card.required-fields", "the card loses its version", replaced(/"version":"1.0.0",?/g, "")],
  ["card.camel-case", "the card is written in snake_case", replaced('"defaultInputModes"', '"default_input_modes"')],
  ["card.interface-is-true", "nothing is at the addresses of the card", inOperation("GetTask", GET, replaced(/^.*$/g, ""))],
  ["caching.etag-stays", "each card has another ETag", anotherEtag],
  ["send.task-or-message", "an answer has both", replaced('"task":{', '"message":{},"task":{')],
  ["send.blocks", "the answer comes too early", replaced("TASK_STATE_COMPLETED", "TASK_STATE_WORKING")],
  [
    "send.whole-answer",
    "the answer lacks the artifacts",
    inOperation("SendMessage", /message:send$/, replaced('"artifacts":[', '"other":[')),
  ],
  ["context.generated", "tasks have no context", replaced('"contextId"', '"context"')],
  ["context.task-ids", "every task has the same id", replaced(/"id":"[0-9a-f-]{36}","contextId"/g, '"id":"one","contextId"')],
  ["model.send-response", "states are those of 0.3", replaced("TASK_STATE_COMPLETED", "completed")],
  ["model.send-response", "times are those of a zone", replaced(/(\d\d:\d\d:\d\d\.\d{3})Z/g, "$1+00:00")],
  ["model.send-response", "roles are those of 0.3", replaced("ROLE_AGENT", "agent")],
  ["model.camel-case", "fields are in snake_case", replaced('"contextId"', '"context_id":"x","contextId"')],
  ["model.no-kind", "objects say their kind", replaced('"messageId"', '"kind":"message","messageId"')],
  ["model.milliseconds", "times are in seconds", replaced(/\.\d{3}Z/g, "Z")],
  ["stream.event-stream", "a stream is one JSON", ofType("application/json")],
  ["stream.begins-with-task", "a stream begins with an update", events((all) => all.slice(1))],
  ["stream.closes", "a stream does not tell the end", events((all) => all.slice(0, -1))],
  ["stream.closes", "something comes after the end", events((all) => [...all.slice(0, -2), ...all.slice(-2).reverse()])],
  ["stream.tells-all", "an artifact is lost on the way", events((all) => all.filter((each) => !each.includes("artifactUpdate")))],
  [
    "stream.one-task",
    "events are of another task",
    events((all) => all.map((each, at) => (at === 0 ? each : each.replace(/"taskId":"[^"]+"/, '"taskId":"x"')))),
  ],
  ["stream.json-rpc-envelope", "events have another id", events((all) => all.map((each) => each.replace(/"id":"[^"]+"/, '"id":"x"')))],
  ["stream.message-only", "a message is told twice", events((all) => [...all, ...all])],
  ["get.gives-the-task", "a task is read without its artifacts", inOperation("GetTask", GET, replaced('"artifacts":[', '"other":['))],
  ["get.unknown-task", "what is unknown is unsupported", replaced(/-32001|TASK_NOT_FOUND/g, "-32004")],
  [
    "get.history-zero-is-empty",
    "the history comes always",
    inOperation("GetTask", GET, replaced('"status":{', '"history":[{}],"status":{')),
  ],
  ["list.valid", "there is no next token", inOperation("ListTasks", LIST, replaced(/"nextPageToken":"[^"]*",?/g, ""))],
  ["list.no-artifacts", "lists have artifacts", inOperation("ListTasks", LIST, replaced('"status":{', '"artifacts":[],"status":{'))],
  ["list.total-size", "the total is wrong", inOperation("ListTasks", LIST, replaced(/"totalSize":\d+/g, '"totalSize":1'))],
  ["cancel.ended-task", "what has ended is not found", replaced(/-32002|TASK_NOT_CANCELABLE/g, "-32001")],
  ["errors.error-info", "the domain is another one", replaced("a2a-protocol.org", "example.com")],
  ["errors.typed-details", "details have no type", replaced('"@type"', '"type"')],
  ["errors.tell-no-inside", "a stack shows", replaced('"message":"', '"message":"Error at run (/srv/agent/index.js:12:7) ')],
  ["json-rpc.echoes-id", "ids become texts", replaced(/"id":7\b/g, '"id":"7"')],
  ["json-rpc.envelope", "the version is missing", replaced('"jsonrpc":"2.0",', "")],
  ["json-rpc.content-type", "answers are text", ofType("text/plain")],
  ["http-json.media-type", "answers are plain JSON", ofType("application/json")],
  ["http-json.error-form", "errors are problem details", replaced('"error":{', '"problem":{')],
  ["http-json.unknown-path", "every path is there", withStatus(200)],
  ["equivalence.same-task", "one binding knows more", onlyAt("/rpc", replaced("done", "well done"))],
  ["push.get", "a configuration has another address", replaced("/hook/", "/other/")],
];

describe("the suite notices when", () => {
  it.each(SPOILED)("%s: %s", async (id, _how, does) => {
    const suite = SUITE.filter((each) => each.id === id);
    const target = { url, triggers: { ...PEER_TRIGGERS, slow: undefined }, timeoutMs: 5_000 };
    const statuses = async () => (await run(suite, target)).map(({ outcome }) => outcome.status);
    expect(new Set(await statuses())).toEqual(new Set(["passed"]));
    spoil = does;
    // What a binding does not have cannot be spoiled in it: one that notices is enough.
    expect(await statuses()).toContain("failed");
  });
});
