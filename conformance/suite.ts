/** Every requirement there is, in the order of reading. */
import type { Requirement } from "./requirement.ts";
import { AUTH } from "./requirements/auth.ts";
import { CACHING } from "./requirements/caching.ts";
import { CANCEL } from "./requirements/cancel.ts";
import { CAPABILITIES } from "./requirements/capabilities.ts";
import { CARD } from "./requirements/card.ts";
import { CONTEXT } from "./requirements/context.ts";
import { DELIVERY } from "./requirements/delivery.ts";
import { EQUIVALENCE } from "./requirements/equivalence.ts";
import { ERRORS_THEME } from "./requirements/errors.ts";
import { EXTENDED_CARD } from "./requirements/extended-card.ts";
import { EXTENSIONS } from "./requirements/extensions.ts";
import { GET } from "./requirements/get.ts";
import { HTTP_JSON } from "./requirements/http-json.ts";
import { IDEMPOTENCY } from "./requirements/idempotency.ts";
import { IN_TASK_AUTH } from "./requirements/in-task-auth.ts";
import { ISOLATION } from "./requirements/isolation.ts";
import { JSON_RPC } from "./requirements/json-rpc.ts";
import { LIST } from "./requirements/list.ts";
import { MODEL } from "./requirements/model.ts";
import { PUSH } from "./requirements/push.ts";
import { RESUME } from "./requirements/resume.ts";
import { ROBUSTNESS } from "./requirements/robustness.ts";
import { SEND } from "./requirements/send.ts";
import { SIGNATURE } from "./requirements/signature.ts";
import { STREAM } from "./requirements/stream.ts";
import { STREAM_REFUSED } from "./requirements/stream-refused.ts";
import { SUBSCRIBE } from "./requirements/subscribe.ts";
import { VALIDATION } from "./requirements/validation.ts";
import { VERSIONS } from "./requirements/versions.ts";

export const SUITE: readonly Requirement[] = [
  ...CARD,
  ...CACHING,
  ...SIGNATURE,
  ...SEND,
  ...CONTEXT,
  ...MODEL,
  ...STREAM,
  ...STREAM_REFUSED,
  ...SUBSCRIBE,
  ...GET,
  ...LIST,
  ...CANCEL,
  ...PUSH,
  ...DELIVERY,
  ...CAPABILITIES,
  ...EXTENDED_CARD,
  ...VERSIONS,
  ...EXTENSIONS,
  ...VALIDATION,
  ...ERRORS_THEME,
  ...JSON_RPC,
  ...HTTP_JSON,
  ...EQUIVALENCE,
  ...AUTH,
  ...ISOLATION,
  ...IN_TASK_AUTH,
  ...ROBUSTNESS,
  ...IDEMPOTENCY,
  ...RESUME,
];
