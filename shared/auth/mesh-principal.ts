/**
 * For whom a call between Workers of one mesh is made, who stands behind an answer that it carries, and of which deletion it is a
 * part: a header that the front door and delegating agents set, and that only the `Mesh` entrypoint reads, which no stranger
 * reaches. Whatever comes from outside in it is taken out before.
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
const headerSchema = v.object({
  ...principalSchema.entries,
  by: v.optional(v.pipe(v.array(principalSchema), v.minLength(1))),
  deleted: v.optional(v.string()),
});

/** What a call says beside for whom it is. */
export interface MeshCall {
  /** Those who gave the answer that it carries; empty when it carries none, or nobody else's than the principal's. */
  readonly by?: readonly Principal[] | undefined;
  /** The task that began the chain, where this deletes what was made for it. */
  readonly deleted?: string | undefined;
}

/**
 * Says on a call to an agent of the mesh for whom it is.
 * @returns the same headers
 */
export function withPrincipal(headers: Headers, principal: Principal, { by = [], deleted }: MeshCall = {}): Headers {
  const said = { ...principal, ...(by.length > 0 && { by }), ...(deleted !== undefined && { deleted }) };
  headers.set(HEADER, encodeURIComponent(JSON.stringify(said)));
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
  const { by, deleted, ...principal } = said.output;
  return { ok: true, principal, ...(by && { by }), ...(deleted !== undefined && { deleted }) };
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
