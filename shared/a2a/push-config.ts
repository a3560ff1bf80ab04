/**
 * A push notification config on its way in: its address is judged, and what is secret in it sealed, before it reaches the
 * task's object, which stores it as it comes. (A2A 1.0, 3.1.7 and 13.2)
 */
import { readSecretKeys, seal } from "../auth/secret-box.ts";
import { type NewPushConfig, type PushSecrets, pushPlace, type SealedPushConfig } from "../host/api.ts";
import type { PushEnv } from "../host/push/notification.ts";
import { whyNoWebhook } from "../net/webhook-address.ts";
import { RequestError } from "./errors.ts";

export interface PushPlace {
  /** Key of the task's principal. */
  readonly owner: string;
  readonly taskId: string;
  /** Where the config stands in the request, for what is wrong with it: empty, or a path with a dot at the end. */
  readonly within: string;
}

/** @throws RequestError when nothing may be sent to its URL, or when there is no key to keep its secrets with */
export async function sealedConfig(
  { id, url, token, authentication, protocolVersion }: NewPushConfig,
  { owner, taskId, within }: PushPlace,
  env: PushEnv,
): Promise<SealedPushConfig> {
  const why = whyNoWebhook(url, { local: env.SKEIN_LOCAL === "1" });
  if (why) throw new RequestError("invalid-params", `${within}url ${why}`, [{ field: `${within}url`, description: why }]);
  const { scheme, credentials } = authentication ?? {};
  const secrets: PushSecrets = { ...(token && { token }), ...(credentials && { credentials }) };
  return {
    url,
    ...(id && { id }),
    ...(scheme !== undefined && { scheme }),
    ...(Object.keys(secrets).length > 0 && { secrets: await sealed(secrets, pushPlace(owner, taskId), env) }),
    ...(protocolVersion && { protocolVersion }),
  };
}

async function sealed(secrets: PushSecrets, place: string, env: PushEnv): Promise<string> {
  const keys = await readSecretKeys(env);
  if (keys.ok) return seal(secrets, keys, place);
  throw new RequestError(
    "push-not-supported",
    `this agent cannot keep a token or credentials: ${keys.problem}, which its operator has to mend. Without them the config would be accepted`,
  );
}
