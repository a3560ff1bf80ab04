/**
 * For whom a call between Workers of one mesh is made, and who stands behind an answer that it carries: a header that the front
 * door and delegating agents set, and that only the `Mesh` entrypoint reads, which no stranger reaches. Whatever comes from
 * outside in it is taken out before.
 */
import * as v from "valibot";
import type { Authentication } from "./authenticate.ts";
import { challengeOf } from "./challenge.ts";
import type { Principal } from "./principal.ts";
import { SCOPES } from "./scope.ts";

const HEADER = "Skein-Principal";

// A lone surrogate has no place in a storage name, which is made of these.
const name = v.pipe(
  v.string(),
  v.check((text) => text.isWellFormed()),
);
const principalSchema = v.object({ tenant: name, app: name, subject: name, scopes: v.array(v.picklist(SCOPES)) });
const headerSchema = v.object({ ...principalSchema.entries, by: v.optional(v.pipe(v.array(principalSchema), v.minLength(1))) });

/**
 * Says on a call to an agent of the mesh for whom it is.
 * @param by those who gave the answer that the call carries; absent when it carries none, or nobody else's than the principal's
 * @returns the same headers
 */
export function withPrincipal(headers: Headers, principal: Principal, by: readonly Principal[] = []): Headers {
  headers.set(HEADER, encodeURIComponent(JSON.stringify(by.length > 0 ? { ...principal, by } : principal)));
  return headers;
}

/** The headers of a request from outside, which says nothing about who it is for that anybody would believe. */
export function withoutPrincipal(from: Headers): Headers {
  const headers = new Headers(from);
  headers.delete(HEADER);
  return headers;
}

/** @returns 401 when the header is missing, or is nothing that `withPrincipal` wrote */
export function principalFromMesh(request: Request): Authentication {
  const header = request.headers.get(HEADER);
  if (header === null) return refused("a call within the mesh must say for whom it is");
  const said = v.safeParse(headerSchema, decoded(header));
  if (!said.success)
    return refused("a call within the mesh says for whom it is in a form that is not understood: deploy its Workers in one version");
  const { by, ...principal } = said.output;
  return { ok: true, principal, ...(by && { by }) };
}

function decoded(header: string): unknown {
  try {
    return JSON.parse(decodeURIComponent(header));
  } catch {
    return undefined;
  }
}

function refused(message: string): Authentication {
  return { ok: false, status: 401, message, headers: { "WWW-Authenticate": challengeOf("Mesh") } };
}
