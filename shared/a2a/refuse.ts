/**
 * Refuses a request before it comes to an agent, as that agent would: in the shape of the binding that the caller speaks.
 * Decides nothing about who is refused.
 */
import { drain } from "./body.ts";
import type { RequestError } from "./errors.ts";
import { answerHttpJson } from "./http-json.ts";
import { answerJsonRpc } from "./json-rpc.ts";
import { answerLegacyHttpJson } from "./legacy/http-json.ts";
import { isLegacy } from "./version.ts";

/** @param path below the agent's URL; "" and "/" are the root, where JSON-RPC is spoken */
export async function refuse(request: Request, path: string, error: RequestError): Promise<Response> {
  const isJsonRpc = request.method === "POST" && (path === "" || path === "/");
  const answer = isJsonRpc
    ? await answerJsonRpc(request, () => {
        throw error;
      })
    : isLegacy(request) && path.startsWith("/v1/")
      ? answerLegacyHttpJson(error)
      : answerHttpJson(error);
  await drain(request);
  return answer;
}
