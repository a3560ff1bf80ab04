/**
 * Whose task an operator means: their own, or another caller's of the same tenant, named as `app/subject` with each part
 * percent-encoded, as the inbox shows it. Nobody reaches beyond their tenant.
 */
import { type Principal, principalKey } from "./principal.ts";

/**
 * @param owner `app/subject`; absent for the operator's own tasks
 * @returns the owner's principal key, or undefined when the text names nobody
 */
export function ownerKey(operator: Principal, owner: string | undefined): string | undefined {
  if (owner === undefined) return principalKey(operator);
  const [app, subject, ...rest] = owner.split("/");
  if (!app || !subject || rest.length > 0) return undefined;
  try {
    return principalKey({ tenant: operator.tenant, app: decodeURIComponent(app), subject: decodeURIComponent(subject), scopes: [] });
  } catch {
    return undefined;
  }
}

/** How a principal is named among those of its tenant. */
export function ownerName({ app, subject }: Pick<Principal, "app" | "subject">): string {
  return `${encodeURIComponent(app)}/${encodeURIComponent(subject)}`;
}
