/**
 * Whether somebody answers at an agent's endpoint who speaks A2A 1.0, and whether it is that agent: asked once, for a task that
 * nobody has, so that nothing is begun and nothing is spent.
 */
import { CARD_PATH } from "../../shared/a2a/card/server.ts";
import { jsonRpcCode } from "../../shared/a2a/errors.ts";
import { isObject } from "../../shared/a2a/json-object.ts";
import { VERSION } from "../../shared/a2a/version.ts";
import { guardedFetch } from "../../shared/net/guarded-fetch.ts";
import type { RegistryRefusal } from "../../shared/registry/api.ts";
import type { Json } from "../../shared/task/a2a-types.ts";
import type { Reaching } from "./served-card.ts";

/** @returns why the endpoint is not this agent's, or none that the mesh could call; undefined when it is */
export async function whyNotSpeaking(
  { name, url, endpoint }: { readonly name: string; readonly url: string; readonly endpoint: string },
  reaching: Reaching,
): Promise<RegistryRefusal | undefined> {
  const [unheard, other] = await Promise.all([whyUnheard(endpoint, reaching), nameThere(url, endpoint, reaching)]);
  if (unheard) return unheard;
  if (other === undefined || other === name) return undefined;
  return refusal(
    "conflict",
    "answers for this agent",
    `the card there is of "${other.slice(0, 100)}": name the endpoint of "${name}" in its card, or publish the other one`,
  );
}

async function whyUnheard(endpoint: string, reaching: Reaching): Promise<RegistryRefusal | undefined> {
  const id = crypto.randomUUID();
  const answer = await guardedFetch(endpoint, {
    ...reaching,
    method: "POST",
    anyStatus: true,
    headers: { "Content-Type": "application/json", "A2A-Version": VERSION },
    body: JSON.stringify({ jsonrpc: "2.0", id, method: "GetTask", params: { id: crypto.randomUUID() } }),
  });
  if (answer.status === 401 || answer.status === 403)
    return refusal(
      "invalid",
      "answers without credentials",
      `it answers HTTP ${answer.status}, and the mesh has no credentials for it yet: let it answer without them, and verify the envelope that the mesh sends`,
    );
  if (!answer.ok) return refusal(answer.fault === "address" ? "invalid" : "unreachable", "is reached", `${endpoint} ${answer.why}`);
  const error = errorIn(answer.json, id);
  if (error === jsonRpcCode("task-not-found")) return undefined;
  return refusal(
    "invalid",
    `speaks JSON-RPC of A2A ${VERSION}`,
    error === undefined
      ? `it answers HTTP ${answer.status} and no error of JSON-RPC when it is asked for a task that nobody has: answer GetTask with TaskNotFoundError (${jsonRpcCode("task-not-found")})`
      : `it answers GetTask for a task that nobody has with error ${error}, and not with TaskNotFoundError (${jsonRpcCode("task-not-found")}): see that it takes the header "A2A-Version: ${VERSION}" and the method GetTask`,
  );
}

/** Of a JSON-RPC answer to this very request. */
function errorIn(json: Json, id: string): number | undefined {
  if (!isObject(json) || json["jsonrpc"] !== "2.0" || json["id"] !== id || !isObject(json["error"])) return undefined;
  const { code } = json["error"];
  return typeof code === "number" ? code : undefined;
}

/** An endpoint may be anywhere at its origin; where it is an agent's own place, there is that agent's card. */
async function nameThere(url: string, endpoint: string, reaching: Reaching): Promise<string | undefined> {
  const { origin, pathname } = new URL(endpoint);
  const place = `${origin}${pathname}`.replace(/\/$/, "");
  if (place === url) return undefined;
  const answer = await guardedFetch(place + CARD_PATH, { ...reaching, headers: { "A2A-Version": VERSION } });
  return answer.ok && isObject(answer.json) && typeof answer.json["name"] === "string" ? answer.json["name"] : undefined;
}

function refusal(code: RegistryRefusal["code"], rule: string, why: string): RegistryRefusal {
  return { code, field: "endpoint", rule, why };
}
