/**
 * What goes wrong for callers, as a closed set of codes, and the one table from each to the wire. (A2A 1.0.1, 5.4)
 */
import type { Authentication } from "../auth/authenticate.ts";
import type { HomeRefusal } from "../host/api.ts";

interface WireError {
  readonly jsonRpc: number;
  readonly http: 400 | 401 | 404 | 405 | 413 | 500 | 503;
  readonly status: string;
  /** Reason of the ErrorInfo; errors that A2A does not define have none. */
  readonly reason?: string;
}

const WIRE = {
  "parse-error": { jsonRpc: -32700, http: 400, status: "INVALID_ARGUMENT" },
  "invalid-request": { jsonRpc: -32600, http: 400, status: "INVALID_ARGUMENT" },
  "too-large": { jsonRpc: -32600, http: 413, status: "INVALID_ARGUMENT" },
  "method-not-found": { jsonRpc: -32601, http: 404, status: "NOT_FOUND" },
  "method-not-allowed": { jsonRpc: -32601, http: 405, status: "UNIMPLEMENTED" },
  "invalid-params": { jsonRpc: -32602, http: 400, status: "INVALID_ARGUMENT" },
  internal: { jsonRpc: -32603, http: 500, status: "INTERNAL" },
  unauthenticated: { jsonRpc: -32600, http: 401, status: "UNAUTHENTICATED" },
  unavailable: { jsonRpc: -32603, http: 503, status: "UNAVAILABLE" },
  "task-not-found": { jsonRpc: -32001, http: 404, status: "NOT_FOUND", reason: "TASK_NOT_FOUND" },
  "task-not-cancelable": { jsonRpc: -32002, http: 400, status: "FAILED_PRECONDITION", reason: "TASK_NOT_CANCELABLE" },
  "push-not-supported": { jsonRpc: -32003, http: 400, status: "FAILED_PRECONDITION", reason: "PUSH_NOTIFICATION_NOT_SUPPORTED" },
  "unsupported-operation": { jsonRpc: -32004, http: 400, status: "FAILED_PRECONDITION", reason: "UNSUPPORTED_OPERATION" },
  "content-type-not-supported": { jsonRpc: -32005, http: 400, status: "INVALID_ARGUMENT", reason: "CONTENT_TYPE_NOT_SUPPORTED" },
  "extended-card-not-configured": {
    jsonRpc: -32007,
    http: 400,
    status: "FAILED_PRECONDITION",
    reason: "EXTENDED_AGENT_CARD_NOT_CONFIGURED",
  },
  "version-not-supported": { jsonRpc: -32009, http: 400, status: "FAILED_PRECONDITION", reason: "VERSION_NOT_SUPPORTED" },
} as const satisfies Record<string, WireError>;

export type ErrorCode = keyof typeof WIRE;

export interface FieldViolation {
  readonly field: string;
  readonly description: string;
}

/** How to authenticate: what every 401 has to say. (RFC 9110, 15.5.2) */
const CHALLENGE = 'Bearer realm="skein"';

/** A caller's mistake. Its message says what to do, and is all that leaves the Worker. */
export class RequestError extends Error {
  readonly code: ErrorCode;
  readonly violations: readonly FieldViolation[];

  constructor(code: ErrorCode, message: string, violations: readonly FieldViolation[] = []) {
    super(message);
    this.code = code;
    this.violations = violations;
  }

  get http(): WireError["http"] {
    return WIRE[this.code].http;
  }

  /** What HTTP wants said beside the status. */
  get headers(): Record<string, string> {
    return this.code === "unauthenticated" ? { "WWW-Authenticate": CHALLENGE } : {};
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
      ...(wire.reason ? [{ "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason: wire.reason, domain: "a2a-protocol.org" }] : []),
      ...(this.violations.length > 0 ? [{ "@type": "type.googleapis.com/google.rpc.BadRequest", fieldViolations: this.violations }] : []),
    ];
  }
}

/** A path that is there for other methods; the answer names them. (RFC 9110, 15.5.6) */
export class MethodNotAllowed extends RequestError {
  readonly #allow: string;

  constructor(request: Request, methods: readonly string[]) {
    // Whatever is read by GET answers HEAD as well.
    const allow = methods.flatMap((method) => (method === "GET" ? ["GET", "HEAD"] : [method])).join(", ");
    super("method-not-allowed", `${new URL(request.url).pathname} is not there for ${request.method}; use ${allow}`);
    this.#allow = allow;
  }

  override get headers(): Record<string, string> {
    return { Allow: this.#allow };
  }
}

/** Why a caller is not let in. */
export function toAuthenticationError({ status, message }: Authentication & { ok: false }): RequestError {
  return new RequestError(status === 401 ? "unauthenticated" : "unavailable", message);
}

/** Whatever was thrown, as something a caller may see. Our own mistakes are logged and said to be ours. */
export function toRequestError(error: unknown): RequestError {
  if (error instanceof RequestError) return error;
  console.error("a request failed inside the mesh", error);
  return new RequestError("internal", "the mesh failed to handle this request; trying again is safe when it carries an Idempotency-Key");
}

export function refusalToError(refusal: HomeRefusal, taskId: string): RequestError {
  switch (refusal.code) {
    case "not-found":
      return new RequestError("task-not-found", `there is no task "${taskId}" of yours`);
    case "too-large":
      return new RequestError("unsupported-operation", `task ${taskId} is too large for one answer; stream or subscribe to it instead`);
    case "task-ended":
      return new RequestError(
        "unsupported-operation",
        `task ${taskId} has ended (${refusal.state}); send a message without a taskId to begin another`,
      );
    case "not-cancelable":
      return new RequestError("task-not-cancelable", `task ${taskId} has ended already (${refusal.state})`);
    case "context-mismatch":
      return new RequestError("invalid-params", `task ${taskId} belongs to context "${refusal.contextId}"`, [
        { field: "message.contextId", description: "must be the task's context, or absent" },
      ]);
    case "key-reused":
      return new RequestError("invalid-params", "this Idempotency-Key was used for another message; use a new key for a new message");
    default:
      return refusal satisfies never;
  }
}
