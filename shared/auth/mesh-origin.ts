/**
 * Where the mesh is reached from outside, as its front door or an agent was reached by the request that a task began with: a header
 * between Workers of one mesh, which nobody believes from outside.
 */
const HEADER = "Skein-Origin";

/** @param origin `https://host` @returns the same headers */
export function withOrigin(headers: Headers, origin: string): Headers {
  headers.set(HEADER, origin);
  return headers;
}

/** @returns undefined where the header says nothing, or is no origin */
export function originFromMesh({ headers }: Request): string | undefined {
  const said = headers.get(HEADER);
  return said !== null && URL.canParse(said) && new URL(said).origin === said ? said : undefined;
}

export function publicOrigin({ url }: Request): string {
  return new URL(url).origin;
}
