/**
 * What is sent to a webhook: the body, and the headers with which a receiver knows who sends it and whether it has seen it
 * before. Secrets are opened here, for one round of deliveries, and are in nothing but these headers. (A2A 1.0, 4.3.3)
 */
import { readSecretKeys, type SecretsEnv, unseal } from "../../auth/secret-box.ts";
import { whyNoWebhook } from "../../net/webhook-address.ts";
import type { StreamResponse } from "../../task/a2a-types.ts";
import { type PushSecrets, pushPlace } from "../api.ts";
import type { Notification } from "./delivery.ts";
import type { Failure } from "./retry.ts";
import type { PushRow } from "./store.ts";

export interface PushEnv extends SecretsEnv {
  /** "1" on somebody's own machine, whose own servers may be notified. */
  readonly SKEIN_LOCAL?: string;
}

/** A config whose address was judged again and whose secrets are open. */
export interface AddressedConfig {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly toBody: (event: StreamResponse) => string | Promise<string>;
}

export interface Payload {
  readonly event: StreamResponse;
  readonly task: string;
  /** Position of the last entry of the log that it tells of. */
  readonly upTo: number;
}

/** @param toLegacy writes an event for a config that was made by a client of 0.3 */
export async function addressOf(
  { task, config }: PushRow,
  env: PushEnv,
  toLegacy: (event: StreamResponse) => Promise<string>,
): Promise<AddressedConfig | Failure> {
  const { url, scheme, secrets: box, protocolVersion, owner } = config;
  const why = whyNoWebhook(url, { local: env.SKEIN_LOCAL === "1" });
  if (why) return { reason: `is at an address that ${why}`, final: true };
  const secrets = box === undefined ? {} : await open(box, env, pushPlace(owner, task));
  if (!secrets) return { reason: "cannot be sent its credentials, because they cannot be decrypted with the present SKEIN_SECRETS_KEY" };
  const legacy = protocolVersion === "0.3";
  return {
    url,
    headers: {
      "Content-Type": legacy ? "application/json" : "application/a2a+json",
      "User-Agent": "skein-push/1",
      ...(!legacy && { "A2A-Version": "1.0" }),
      ...(scheme !== undefined && secrets.credentials && { Authorization: `${scheme} ${secrets.credentials}` }),
      ...(secrets.token && { "X-A2A-Notification-Token": secrets.token }),
    },
    toBody: legacy ? toLegacy : JSON.stringify,
  };
}

export async function toNotification({ url, headers, toBody }: AddressedConfig, { event, task, upTo }: Payload): Promise<Notification> {
  // Equal for every attempt at the same entry: a receiver that keeps it takes the second for the first.
  return { url, headers: { ...headers, "Idempotency-Key": `${task}/${upTo}` }, body: await toBody(event) };
}

async function open(box: string, env: PushEnv, place: string): Promise<PushSecrets | undefined> {
  const keys = await readSecretKeys(env);
  if (!keys.ok) return undefined;
  try {
    return (await unseal(box, keys, place)) as PushSecrets;
  } catch {
    return undefined;
  }
}
