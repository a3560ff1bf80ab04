/**
 * From a request to a principal. The one seam through which every caller comes; it fails closed: without configured
 * authentication only a mesh in local mode answers, and only to its own machine.
 */
import { LOCAL_PRINCIPAL, type Principal } from "./principal.ts";

export interface AuthEnv {
  /** "1" on somebody's own machine: every caller is the local principal. */
  readonly SKEIN_LOCAL?: string;
}

export type Authentication =
  | { ok: true; principal: Principal }
  | { ok: false; status: 401 | 403 | 429 | 503; message: string; headers?: Record<string, string> };

const LOOPBACK = new Set(["127.0.0.1", "localhost", "[::1]"]);

export async function authenticate(request: Request, env: AuthEnv): Promise<Authentication> {
  if (env.SKEIN_LOCAL !== "1") {
    return {
      ok: false,
      status: 503,
      message: "this mesh has no authentication configured, so it serves nobody; on your own machine, start it with `npm run dev`",
    };
  }
  if (!LOOPBACK.has(new URL(request.url).hostname)) {
    return {
      ok: false,
      status: 401,
      message: "this mesh runs in local mode and answers only on loopback addresses such as http://127.0.0.1",
    };
  }
  return { ok: true, principal: LOCAL_PRINCIPAL };
}

/** Carries the principal on calls between Workers of one mesh. Only the `Mesh` entrypoint reads it, which no stranger reaches. */
const PRINCIPAL_HEADER = "Skein-Principal";

export function withPrincipal(headers: Headers, principal: Principal): Headers {
  headers.set(PRINCIPAL_HEADER, encodeURIComponent(JSON.stringify(principal)));
  return headers;
}

export function principalFromMesh(request: Request): Authentication {
  const header = request.headers.get(PRINCIPAL_HEADER);
  if (header === null) return { ok: false, status: 401, message: "a call within the mesh must say for whom it is" };
  return { ok: true, principal: JSON.parse(decodeURIComponent(header)) as Principal };
}
