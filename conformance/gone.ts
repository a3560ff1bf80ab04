/**
 * A server that answered and then refuses connections: whoever stopped it learns nothing from a list of broken rules. An
 * address where nothing ever answered is another matter, and the card's mistake. It only tells the two apart.
 */

/** The outcome of whatever was tried after the server went away. */
export const GONE = {
  status: "not shown",
  reason: "the server is gone: it answered before, and now refuses connections",
  isGone: true,
} as const;

/** Whether nothing listened: `fetch` says so in the cause of its error, a socket in the error itself. */
export function isRefused(error: unknown): boolean {
  const codes = error instanceof Error ? [error, error.cause].map((each) => (each as NodeJS.ErrnoException | undefined)?.code) : [];
  return codes.includes("ECONNREFUSED");
}

/** @returns "" for what is no URL, as a card may well hold */
export function originOf(url: string): string {
  return URL.canParse(url) ? new URL(url).origin : "";
}
