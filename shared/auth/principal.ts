/**
 * Who is calling. Everything a caller owns (tasks, corpus, lists) hangs on the principal's key, so two principals can
 * never reach each other's objects, whatever ids they send.
 */

export interface Principal {
  readonly tenant: string;
  readonly app: string;
  readonly subject: string;
  readonly scopes: readonly Scope[];
}

export type Scope = "call" | "publish" | "approve" | "operate";

/** The one caller of a mesh that runs on somebody's own machine. */
export const LOCAL_PRINCIPAL: Principal = {
  tenant: "local",
  app: "local",
  subject: "local",
  scopes: ["call", "publish", "approve", "operate"],
};

/** A name for storage: equal for equal callers, different for different ones (each part is escaped, so no two collide). */
export function principalKey({ tenant, app, subject }: Principal): string {
  return [tenant, app, subject].map(encodeURIComponent).join("/");
}
