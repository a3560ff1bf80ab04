/**
 * The errors of A2A and what each is in either binding. (A2A 1.0.1, 5.4 and 11.6)
 */
export interface ErrorForm {
  readonly code: number;
  readonly http: number;
  readonly reason: string;
}

export const ERRORS = {
  TaskNotFoundError: { code: -32001, http: 404, reason: "TASK_NOT_FOUND" },
  TaskNotCancelableError: { code: -32002, http: 400, reason: "TASK_NOT_CANCELABLE" },
  PushNotificationNotSupportedError: { code: -32003, http: 400, reason: "PUSH_NOTIFICATION_NOT_SUPPORTED" },
  UnsupportedOperationError: { code: -32004, http: 400, reason: "UNSUPPORTED_OPERATION" },
  ContentTypeNotSupportedError: { code: -32005, http: 400, reason: "CONTENT_TYPE_NOT_SUPPORTED" },
  InvalidAgentResponseError: { code: -32006, http: 500, reason: "INVALID_AGENT_RESPONSE" },
  ExtendedAgentCardNotConfiguredError: { code: -32007, http: 400, reason: "EXTENDED_AGENT_CARD_NOT_CONFIGURED" },
  ExtensionSupportRequiredError: { code: -32008, http: 400, reason: "EXTENSION_SUPPORT_REQUIRED" },
  VersionNotSupportedError: { code: -32009, http: 400, reason: "VERSION_NOT_SUPPORTED" },
} as const satisfies Record<string, ErrorForm>;

export type ErrorName = keyof typeof ERRORS;

/** What is wrong with the request itself. (A2A 9.5, 3.3.2) */
export const INVALID_PARAMS: ErrorForm = { code: -32602, http: 400, reason: "" };

export const ERROR_INFO = "type.googleapis.com/google.rpc.ErrorInfo";
export const BAD_REQUEST = "type.googleapis.com/google.rpc.BadRequest";
export const ERROR_DOMAIN = "a2a-protocol.org";
