/**
 * What is to be said of the results: where the peer breaks a requirement and who is right by the words of the specification,
 * what cannot be shown of Skein, and where the specification itself leaves room. The tests hold the lists to the results.
 */
import type { Binding } from "../../conformance/requirement.ts";

export interface Difference {
  /** Requirements the peer breaks; over one binding only, when one is named. */
  readonly ids: readonly string[];
  readonly over?: Binding;
  readonly title: string;
  readonly says: string;
}

const VALIDATION = [
  "no-parts",
  "empty-parts",
  "parts-object",
  "no-role",
  "unknown-role",
  "role-unspecified",
  "message-id-number",
  "empty-part",
];
const VALIDATION_OF_VALUES = ["part-text-number", "part-two-contents", "part-null", "raw-no-base64", "metadata-text"];
const VALIDATION_OF_CONFIGURATION = ["history-negative", "history-text", "return-immediately-text"];
const REQUESTS = ["wrong-version", "no-version", "no-method", "method-number", "scalar", "text", "null", "empty-batch", "id-object"];

export const DIFFERENCES: readonly Difference[] = [
  {
    ids: ["send.media-type", "stream-refused.media-type"],
    title: "Media types that the card does not take",
    says: `The SDK takes a part of any media type; its check (\`validateInputModes\`) is off unless asked for. Section 3.1.1 names
ContentTypeNotSupportedError for a media type that the agent does not support, and the card is where an agent says what it supports.
Skein is right; an SDK server is, too, once the option is on.`,
  },
  {
    ids: [...VALIDATION, ...VALIDATION_OF_VALUES, "makes-nothing"]
      .map((id) => `validation.${id}`)
      .concat("stream-refused.invalid", "robustness.wrong-types"),
    title: "Messages that are none",
    says: `The SDK takes messages without parts or without a role, with parts of two contents or none, and numbers for texts, and makes
tasks of them; \`null\` for a part becomes an internal error. Section 5.7: fields marked REQUIRED must be present, required lists must have
an element, and messages without them should be rejected; 3.3.2: servers MUST validate all input parameters before processing. What a field may
hold is ProtoJSON's to say, which knows neither two members of a oneof nor a number for a string. Skein refuses all of these as invalid.`,
  },
  {
    ids: VALIDATION_OF_CONFIGURATION.map((id) => `validation.${id}`),
    title: "A configuration that makes no sense",
    says: `The SDK takes a negative \`historyLength\`, one that is no number, and \`returnImmediately: "yes"\`, and does something. The example
of section 6.5 refuses a negative \`historyLength\`, and 3.3.2 wants every parameter validated. Skein refuses.`,
  },
  {
    ids: ["validation.get-history-negative", "list.refuses-history-negative"],
    over: "JSONRPC",
    title: "A negative historyLength, by binding",
    says: `The SDK refuses it over HTTP+JSON and takes it over JSON-RPC. Section 5.1 wants the same behaviour over all bindings, and 6.5
shows the refusal. Skein refuses over both.`,
  },
  {
    ids: ["validation.get-without-id"],
    over: "JSONRPC",
    title: "An id that is a number",
    says: `The SDK takes \`"id": 7\` for the text "7", and finds no such task. A string field takes no number in ProtoJSON; Skein says which field
is wrong. A caller sees an error either way.`,
  },
  {
    ids: ["errors.field-violations"],
    title: "Which field is wrong",
    says: `Where the SDK refuses a message, it says why in words only. Sections 3.3.2 and 9.5 say that servers SHOULD name the parameters, with
google.rpc.BadRequest. Skein does.`,
  },
  {
    ids: ["push.url-required"],
    title: "Webhooks without an address",
    says: `The SDK keeps configurations whose URL is missing, empty, no URL or a file. \`url\` is REQUIRED in the proto (5.7), and 3.1.7 has the agent send HTTP
requests to it. Skein refuses.`,
  },
  {
    ids: ["push.private-addresses"],
    title: "Webhooks inside somebody's network",
    says: `The SDK takes webhooks at private and link-local addresses, such as the metadata service of a cloud. Section 13.2: agents SHOULD
validate webhook URLs and reject private ranges. It leaves this to whoever builds on it; Skein refuses, also for names and notations that mean such
an address.`,
  },
  {
    ids: ["delivery.again"],
    title: "A webhook that was busy",
    says: `The SDK sends a notification once; after HTTP 503 it is lost. Section 13.2: agents SHOULD retry with exponential backoff; 4.3.3 says MAY. Skein tries
again, in order, until a bound.`,
  },
  {
    ids: ["extended-card.cached-by-caller"],
    over: "HTTP+JSON",
    title: "Caching of the extended card",
    says: `The SDK says nothing of caching for the extended card. Section 13.3: agents SHOULD send appropriate caching headers. Skein sends \`private\` and an ETag.`,
  },
  {
    ids: ["versions.patch-ignored"],
    title: "Patch numbers",
    says: `The SDK refuses \`A2A-Version: 1.0.7\`. Section 3.6: a patch number SHOULD NOT be sent, but MUST NOT be considered when versions are negotiated. Skein takes
it for 1.0.`,
  },
  {
    ids: ["versions.by-query"],
    title: "The version in the query",
    says: `Section 3.6.1 lets clients send \`A2A-Version\` as a request parameter, while 9.2 and 11.2 want service parameters in headers. The SDK reads only the
header. What clients MAY send, servers have to understand, so Skein reads both; because the sections differ, the suite counts it as SHOULD.`,
  },
  {
    ids: REQUESTS.map((id) => `json-rpc.refuses-${id}`),
    over: "JSONRPC",
    title: "JSON that is no request",
    says: `For JSON that is no valid Request object the SDK answers -32602, or -32700 when it is a scalar. Section 9.5 and JSON-RPC 2.0 (5.1): -32600 is for JSON that is not a valid
Request object, -32700 for what is not JSON, -32602 for wrong parameters of a method. Skein answers -32600.`,
  },
  {
    ids: ["json-rpc.without-params"],
    over: "JSONRPC",
    title: "A list without parameters",
    says: `The SDK answers -32602 to \`ListTasks\` without \`params\`. In JSON-RPC 2.0 (4.2) params MAY be omitted, as the example of 9.4.8 does, and every field of a
ListTasksRequest is optional. Skein lists.`,
  },
  {
    ids: ["json-rpc.parse-error"],
    over: "JSONRPC",
    title: "An empty body",
    says: `Of an empty body the SDK makes an empty object, and answers -32602. Nothing is no JSON: -32700 (9.5), as Skein answers.`,
  },
  {
    ids: ["robustness.deep"],
    title: "JSON nested very deeply",
    says: `20,000 levels are an internal error of the SDK (a stack that overflowed). Section 13.4: agents SHOULD limit the complexity of requests. Skein refuses what is
nested deeper than 100 levels, before it is read further.`,
  },
];

/** Requirements that no agent of ours can show, and why. */
export const NOT_SHOWN: Readonly<Record<string, string>> = {
  "card.https": "The mesh that is tried runs on this machine; elsewhere its cards name the origin they were asked at.",
  "card.hsts": "The mesh that is tried is served without TLS; elsewhere HSTS is a setting of the zone that it is deployed to.",
  "send.message": "Skein answers every message with a task, which 3.1.1 leaves to the agent.",
  "stream.message-only": "Skein answers every message with a task, which 3.1.2 leaves to the agent.",
};

/** Where readers of the specification may differ, and how the suite reads it. */
export const ROOM: readonly { readonly title: string; readonly says: string }[] = [
  {
    title: "GET or POST for subscriptions",
    says: "The text (5.3, 11.3.2) says POST, the proto's annotation GET. POST is a MUST here, GET as well a SHOULD.",
  },
  {
    title: "Streams of a task that asks",
    says: `Section 11.7 closes a stream at an interrupted state, 3.1.2 and 3.1.6 only at a terminal one, and 7.6.1 keeps it open for authorizations. The suite
asks only that the question is told, that a task that asks can be subscribed to, and that the subscription then tells the end.`,
  },
  {
    title: "The form of an HTTP error",
    says: "The examples of 6.4 and 6.5 show application/problem+json, section 11.6 a google.rpc.Status. The section is the rule, the examples are older.",
  },
  {
    title: "HTTP status of errors",
    says: "The official kit's list still names 415 for media types that are not taken. The table of 1.0.1 (5.4) has 400, and the suite takes the table.",
  },
  {
    title: "What a deletion answers",
    says: "Section 3.1.10 leaves the confirmation to the implementation: null will do over JSON-RPC, and an empty body over HTTP.",
  },
  {
    title: "Webhooks of ended tasks",
    says: `Section 3.1.7 has a configuration persist until the task completes, and none of its errors is about ended tasks. The official kit makes its
configurations for completed tasks, so taking them is a SHOULD here.`,
  },
  {
    title: "Canceling twice",
    says: "Section 3.1.5 has TaskNotCancelableError for a canceled task, 3.3.1 calls canceling idempotent. The suite takes the error as well as the canceled task.",
  },
  {
    title: "Batches",
    says: "A2A says nothing of JSON-RPC batches. Two answers or one error are both taken.",
  },
  {
    title: "Extensions in the answer",
    says: "The specification does not oblige a server to name the extensions that it used; its page on extensions advises it. SHOULD here.",
  },
];
