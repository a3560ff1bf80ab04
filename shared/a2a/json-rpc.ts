/** The JSON-RPC binding: an envelope around the table of operations. (A2A 1.0, 9) */
import { readJson } from "./body.ts";
import { RequestError, toRequestError } from "./errors.ts";
import type { Opened } from "./handler.ts";
import { OPERATIONS, type Operation } from "./operations.ts";
import { sseError, sseForm, sseResponse, toEvents } from "./sse.ts";

type Id = string | number | null;

const MEDIA_TYPES = ["application/json", "application/a2a+json"];
/** Of a caller that is not let in, no more is read to find the id of its request. */
const REFUSED = { bytes: 64 * 1024, ms: 5_000 };

/** The methods of a version of the protocol. */
export interface Dialect {
  readonly operations: Readonly<Record<string, Operation>>;
  /** What a caller is told who asks for another one; or it is thrown. */
  readonly unknown: (method: string, request: Request) => RequestError;
  /** Its streams are made of those of 1.0, event by event, and come as lines. */
  readonly translates?: true;
  /** Methods whose clients look for a refusal in the stream that they wait for, and would not see it elsewhere. */
  readonly refusedInStream?: ReadonlySet<string>;
}

const CURRENT: Dialect = { operations: OPERATIONS, unknown: unknownMethod };

/** @param open gives the handler and who is calling, or throws what the caller is told */
export async function answerJsonRpc(request: Request, open: () => Opened | Promise<Opened>, dialect = CURRENT): Promise<Response> {
  let id: Id = null;
  let inStream = false;
  try {
    let opened: Opened;
    try {
      opened = await open();
    } catch (refusal) {
      id = await idOfRefused(request);
      throw refusal;
    }
    const body = await readJson(request, MEDIA_TYPES);
    id = idOf(body);
    const { method, params } = parseEnvelope(body);
    const operation = Object.hasOwn(dialect.operations, method) ? dialect.operations[method] : undefined;
    if (!operation) throw dialect.unknown(method, request);
    inStream = dialect.refusedInStream?.has(method) === true && request.headers.get("Accept")?.includes("text/event-stream") === true;
    checkParams(params);
    const envelope = { before: `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":`, after: "}" };
    const { handler, context } = opened;
    const result = await operation(handler, params, dialect.translates ? context : { ...context, form: sseForm(envelope) });
    if ("stream" in result) return sseResponse(dialect.translates ? toEvents(result.stream, envelope) : result.stream);
    return new Response(`${envelope.before}${result.json}${envelope.after}`, { headers: { "Content-Type": "application/json" } });
  } catch (thrown) {
    const error = toRequestError(thrown);
    const answer = { jsonrpc: "2.0", id, error: error.toJsonRpc() };
    if (inStream && !error.isTransport) return sseError(JSON.stringify(answer));
    // JSON-RPC failures are answers, not HTTP failures, except where HTTP itself has something to say.
    const status = error.isTransport ? error.http : 200;
    return Response.json(answer, { status, headers: error.headers });
  }
}

/** Whoever is refused is told so, whatever is wrong with the request beside. */
async function idOfRefused(request: Request): Promise<Id> {
  try {
    return idOf(await readJson(request, MEDIA_TYPES, REFUSED));
  } catch {
    return null;
  }
}

/** Echoed whenever it can be read, also when the rest cannot. */
function idOf(body: unknown): Id {
  if (typeof body !== "object" || body === null || !("id" in body)) return null;
  return typeof body.id === "string" || typeof body.id === "number" ? body.id : null;
}

function parseEnvelope(body: unknown): { method: string; params: unknown } {
  const invalid = (what: string) => new RequestError("invalid-request", `no JSON-RPC 2.0 request: ${what}`);
  if (Array.isArray(body)) throw invalid("batches are not part of A2A; send one request at a time");
  if (typeof body !== "object" || body === null) throw invalid("it must be an object");
  const { jsonrpc, method, params, id } = body as Record<string, unknown>;
  if (jsonrpc !== "2.0") throw invalid('"jsonrpc" must be "2.0"');
  if (typeof method !== "string") throw invalid('"method" must be a string');
  if (id !== undefined && id !== null && typeof id !== "string" && typeof id !== "number")
    throw invalid('"id" must be a string or a number');
  // Null stands for what is not set, here as elsewhere.
  return { method, params: params ?? undefined };
}

function checkParams(params: unknown): void {
  if (params !== undefined && (typeof params !== "object" || params === null || Array.isArray(params)))
    throw new RequestError("invalid-params", "params must be an object", [{ field: "params", description: "must be an object" }]);
}

function unknownMethod(method: string): RequestError {
  const known = Object.keys(OPERATIONS).join(", ");
  // 0.3 names its methods in another way, such as message/send.
  const hint = /^(message|tasks|agent)\/\w/.test(method) ? '. This one is of A2A 0.3: send "A2A-Version: 0.3"' : "";
  return new RequestError("method-not-found", `there is no method "${method.slice(0, 100)}"; A2A 1.0 has ${known}${hint}`);
}
