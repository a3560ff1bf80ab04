/**
 * W3C trace context (https://www.w3.org/TR/trace-context/, `traceparent`): read where a request comes in, kept with its task, and
 * sent on with every call that is made for it, so that a trace does not break at a hop. Pure: an id is made of what it is for.
 */
import { digest } from "./digest.ts";

const TRACEPARENT = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})$/;

/** @returns the header's text when it is one; what is malformed is passed over, as the recommendation says */
export function traceparentIn(header: string | null): string | undefined {
  return header !== null && TRACEPARENT.test(header) ? header : undefined;
}

/**
 * The context of a call: the same trace, and a span of its own.
 * @param call its idempotency key: made again after a crash it is the same span
 */
export function traceparentFor(parent: string, call: string): string | undefined {
  const [, trace, flags] = TRACEPARENT.exec(parent) ?? [];
  if (trace === undefined || flags === undefined) return undefined;
  const span = [5, 6].map((seed) => Number.parseInt(digest(call, seed), 36).toString(16).slice(-8).padStart(8, "0")).join("");
  // A span of nothing but zeros is invalid.
  return `00-${trace}-${/^0+$/.test(span) ? "0000000000000001" : span}-${flags}`;
}
