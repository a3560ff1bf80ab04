/**
 * What goes wrong for callers, as a closed set of codes, and the one table from each to the wire. (A2A 1.0.1, 5.4)
 */
import type { Authentication } from "../auth/authenticate.ts";
import { type CredentialScheme, scopeChallenge } from "../auth/challenge.ts";
import type { HomeRefusal } from "../host/api.ts";
import type { JsonObject } from "../task/a2a-types.ts";
import type { AnswerRefusal } from "../task/answering.ts";
import { refusedAnswer } from "./refused-answer.ts";

interface WireError {
  readonly jsonRpc: number;
  readonly http: 400 | 401 | 403 | 404 | 405 | 408 | 409 | 413 | 429 | 500 | 503;
  readonly status: string;
  /** Reason of the ErrorInfo, for what A2A does not define in our own domain. Errors of the form of a request have none. */
  readonly reason?: string;
  readonly domain?: "skein";
}

const WIRE = {
  "parse-error": { jsonRpc: -32700, http: 400, status: "INVALID_ARGUMENT" },
  "invalid-request": { jsonRpc: -32600, http: 400, status: "INVALID_ARGUMENT" },
  "too-slow": { jsonRpc: -32600, http: 408, status: "DEADLINE_EXCEEDED" },
  "too-large": { jsonRpc: -32600, http: 413, status: "INVALID_ARGUMENT" },
  "method-not-found": { jsonRpc: -32601, http: 404, status: "NOT_FOUND" },
  "method-not-allowed": { jsonRpc: -32601, http: 405, status: "UNIMPLEMENTED" },
  "invalid-params": { jsonRpc: -32602, http: 400, status: "INVALID_ARGUMENT" },
  internal: { jsonRpc: -32603, http: 500, status: "INTERNAL" },
  // JSON-RPC leaves -32000 to -32099 to servers, and A2A has taken all of it but the first.
  unauthenticated: { jsonRpc: -32000, http: 401, status: "UNAUTHENTICATED", reason: "UNAUTHENTICATED", domain: "skein" },
  "permission-denied": { jsonRpc: -32000, http: 403, status: "PERMISSION_DENIED", reason: "PERMISSION_DENIED", domain: "skein" },
  "rate-limited": { jsonRpc: -32000, http: 429, status: "RESOURCE_EXHAUSTED", reason: "RATE_LIMIT_EXCEEDED", domain: "skein" },
  unavailable: { jsonRpc: -32603, http: 503, status: "UNAVAILABLE" },
  "task-not-found": { jsonRpc: -32001, http: 404, status: "NOT_FOUND", reason: "TASK_NOT_FOUND" },
  "task-not-cancelable": { jsonRpc: -32002, http: 400, status: "FAILED_PRECONDITION", reason: "TASK_NOT_CANCELABLE" },
  // No error of A2A, which deletes nothing.
  "task-not-ended": { jsonRpc: -32000, http: 400, status: "FAILED_PRECONDITION", reason: "TASK_NOT_ENDED", domain: "skein" },
  // Of the registry, which A2A does not know either.
  "agent-not-found": { jsonRpc: -32000, http: 404, status: "NOT_FOUND", reason: "AGENT_NOT_FOUND", domain: "skein" },
  "agent-conflict": { jsonRpc: -32000, http: 409, status: "ALREADY_EXISTS", reason: "AGENT_CONFLICT", domain: "skein" },
  "agent-unreachable": { jsonRpc: -32000, http: 400, status: "FAILED_PRECONDITION", reason: "AGENT_UNREACHABLE", domain: "skein" },
  "push-not-supported": { jsonRpc: -32003, http: 400, status: "FAILED_PRECONDITION", reason: "PUSH_NOTIFICATION_NOT_SUPPORTED" },
  "unsupported-operation": { jsonRpc: -32004, http: 400, status: "FAILED_PRECONDITION", reason: "UNSUPPORTED_OPERATION" },
  "content-type-not-supported": { jsonRpc: -32005, http: 400, status: "INVALID_ARGUMENT", reason: "CONTENT_TYPE_NOT_SUPPORTED" },
  "invalid-agent-response": { jsonRpc: -32006, http: 500, status: "INTERNAL", reason: "INVALID_AGENT_RESPONSE" },
  "extended-card-not-configured": {
    jsonRpc: -32007,
    http: 400,
    status: "FAILED_PRECONDITION",
    reason: "EXTENDED_AGENT_CARD_NOT_CONFIGURED",
  },
  "extension-support-required": { jsonRpc: -32008, http: 400, status: "FAILED_PRECONDITION", reason: "EXTENSION_SUPPORT_REQUIRED" },
  "version-not-supported": { jsonRpc: -32009, http: 400, status: "FAILED_PRECONDITION", reason: "VERSION_NOT_SUPPORTED" },
} as const satisfies Record<string, WireError>;

export type ErrorCode = keyof typeof WIRE;

/** The number that JSON-RPC has for it. (5.4) */
export function jsonRpcCode(code: ErrorCode): number {
  return WIRE[code].jsonRpc;
}

export interface FieldViolation {
  readonly field: string;
  readonly description: string;
}

/** What an error says beyond its text: `metadata` in its ErrorInfo, `headers` where HTTP has a place for it. */
export interface ErrorContext {
  readonly metadata?: JsonObject;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A caller's mistake. Its message says what to do, and is all that leaves the Worker. */
export class RequestError extends Error {
  readonly code: ErrorCode;
  readonly violations: readonly FieldViolation[];
  readonly headers: Readonly<Record<string, string>>;
  readonly #metadata: JsonObject | undefined;

  constructor(code: ErrorCode, message: string, violations: readonly FieldViolation[] = [], { metadata, headers = {} }: ErrorContext = {}) {
    super(message);
    this.code = code;
    this.violations = violations;
    this.headers = headers;
    this.#metadata = metadata;
  }

  get http(): WireError["http"] {
    return WIRE[this.code].http;
  }

  /** HTTP itself has something to say: JSON-RPC answers all other failures with 200. */
  get isTransport(): boolean {
    return this.http === 401 || this.http === 403 || this.http === 408 || this.http === 413 || this.http === 429 || this.http === 503;
  }

  /** The `error` member of a JSON-RPC response. */
  toJsonRpc() {
    const data = this.#details();
    return { code: WIRE[this.code].jsonRpc, message: this.message, ...(data.length > 0 && { data }) };
  }

  /** The body of an HTTP+JSON error: google.rpc.Status. */
  toHttpJson() {
    const { http, status } = WIRE[this.code];
    return { error: { code: http, status, message: this.message, details: this.#details() } };
  }

  #details() {
    const wire: WireError = WIRE[this.code];
    return [
      ...(wire.reason ? [errorInfo(wire.reason, wire.domain ?? "a2a-protocol.org", this.#metadata)] : []),
      ...(this.violations.length > 0 ? [{ "@type": "type.googleapis.com/google.rpc.BadRequest", fieldViolations: this.violations }] : []),
    ];
  }
}

function errorInfo(reason: string, domain: string, metadata: JsonObject | undefined) {
  return { "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason, domain, ...(metadata && { metadata }) };
}

/** What was asked for, as far as anybody needs it to know it again: callers may ask for very much. */
export function pathOf(request: Request): string {
  const { pathname } = new URL(request.url);
  return pathname.length <= 200 ? pathname : `${pathname.slice(0, 200)}…`;
}

/** A path that is there for other methods; the answer names them. (RFC 9110, 15.5.6) */
export class MethodNotAllowed extends RequestError {
  constructor(request: Request, methods: readonly string[]) {
    // Whatever is read by GET answers HEAD as well.
    const allow = methods.flatMap((method) => (method === "GET" ? ["GET", "HEAD"] : [method])).join(", ");
    const message = `${pathOf(request)} is not there for ${request.method}; use ${allow}`;
    super("method-not-allowed", message, [], { headers: { Allow: allow } });
  }
}

const REFUSED = { 401: "unauthenticated", 403: "permission-denied", 429: "rate-limited", 503: "unavailable" } as const;

/** Why a caller is not let in. */
export function toAuthenticationError({ status, message, headers = {} }: Authentication & { ok: false }): RequestError {
  return new RequestError(REFUSED[status], message, [], { headers });
}

/** Whatever was thrown, as something a caller may see. Our own mistakes are logged and said to be ours. */
export function toRequestError(error: unknown): RequestError {
  if (error instanceof RequestError) return error;
  console.error("a request failed inside the mesh", error);
  return new RequestError("internal", "the mesh failed to handle this request; trying again is safe when it carries an Idempotency-Key");
}

/** @param scheme of the credentials that the caller came with */
export function refusalToError(refusal: HomeRefusal, taskId: string, scheme?: CredentialScheme): RequestError {
  switch (refusal.code) {
    case "not-found":
      return new RequestError("task-not-found", `there is no task "${taskId.slice(0, 100)}" of yours`, [], {
        metadata: { taskId: taskId.slice(0, 100).toWellFormed() },
      });
    case "config-not-found":
      return new RequestError("task-not-found", `task ${taskId} has no push notification config of this id`, [], { metadata: { taskId } });
    case "config-invalid":
      return new RequestError("invalid-params", `${refusal.field} ${refusal.description}`, [
        { field: refusal.field, description: refusal.description },
      ]);
    case "position-unknown":
      return new RequestError(
        "invalid-params",
        `task ${taskId} has no event ${refusal.after}; its last one is ${refusal.last}. Subscribe without Last-Event-ID to begin with the task as it stands`,
        [{ field: "Last-Event-ID", description: `must be the id of an event of this task, at most ${refusal.last}` }],
      );
    case "not-ended":
      return new RequestError("task-not-ended", `task ${taskId} has not ended (${refusal.state}): cancel it first, then delete it`);
    case "still-telling":
      return new RequestError(
        "task-not-ended",
        `task ${taskId} has ended, but agents it called have not all been told to stop: delete it again in a minute`,
      );
    case "still-asked-for":
      return new RequestError(
        "unsupported-operation",
        `task ${taskId} was given by another agent, which may still ask for it: delete task ${refusal.root}, for which it was made, and this one goes with it; or delete it after ${new Date(refusal.until).toISOString()}`,
        [],
        { metadata: { root: refusal.root } },
      );
    case "not-forgotten":
      return new RequestError(
        "unavailable",
        `task ${taskId} was not deleted, because what the agent keeps for it could not be: delete it again in a minute`,
      );
    case "too-large":
      return new RequestError("unsupported-operation", `task ${taskId} is too large for one answer; stream or subscribe to it instead`);
    case "task-ended":
      return new RequestError(
        "unsupported-operation",
        `task ${taskId} has ended (${refusal.state}); send a message without a taskId to begin another`,
      );
    case "not-cancelable":
      return new RequestError("task-not-cancelable", `task ${taskId} has ended already (${refusal.state})`);
    case "paused":
      return new RequestError("unsupported-operation", `task ${taskId} was paused by an operator; it takes messages when it was resumed`);
    case "limits-given":
      return new RequestError(
        "unsupported-operation",
        `task ${taskId} has no limits of its own: another agent gave it, for task ${refusal.root}. Raise the limits of that one`,
        [],
        { metadata: { root: refusal.root } },
      );
    case "not-paused":
      return new RequestError("unsupported-operation", `task ${taskId} is not paused`);
    case "context-mismatch":
      return new RequestError("invalid-params", `task ${taskId} belongs to context "${refusal.contextId}"`, [
        { field: "message.contextId", description: "must be the task's context, or absent" },
      ]);
    case "key-reused":
      return new RequestError("invalid-params", "this Idempotency-Key was used for another message; use a new key for a new message", [
        { field: "Idempotency-Key", description: "must be new for a new message" },
      ]);
    default:
      return answerRefused(refusal, taskId, scheme);
  }
}

function answerRefused(refusal: AnswerRefusal, taskId: string, scheme: CredentialScheme | undefined): RequestError {
  const { code, message, field } = refusedAnswer(refusal, taskId);
  const violations = field === undefined ? [] : [{ field, description: message }];
  const scope = refusal.code === "scope-missing" ? refusal.scope : undefined;
  return new RequestError(code, message, violations, {
    metadata: { taskId, answer: refusal.code, ...(scope !== undefined && { scope }) },
    ...(scope !== undefined && { headers: scopeChallenge(scheme, scope) }),
  });
}
