/**
 * Where the courier may send: decides whether a URL lies under an entry of the allow-list. Pure. Compares parsed URLs,
 * origin by origin and path segment by path segment, never text by text: `https://good.example` must not let
 * `https://good.example.evil.com` or `https://good.example@evil.com` through.
 */

export interface AllowEntry {
  readonly origin: string;
  /** The path segments a target has to begin with; none allows every path of the origin. */
  readonly segments: readonly string[];
}

export type AllowList =
  | { readonly ok: true; readonly entries: readonly AllowEntry[] }
  | { readonly ok: false /** The entry that cannot be read. */; readonly entry: string; readonly reason: UrlFault };

export type UrlFault = "not-a-url" | "scheme" | "credentials" | "fragment" | "query" | "hidden-separator";

export type TargetDecision =
  | { readonly allowed: true /** The URL as the parser understood it: what is approved and what is fetched. */; readonly url: string }
  | { readonly allowed: false; readonly reason: UrlFault | "not-listed" };

/**
 * @param text entries separated by commas: `hooks.example.com` (https, every path) or `https://hooks.example.com/team-a`.
 *   Plain http has to be spelled out as a URL, so that nobody allows it by leaving the scheme off.
 */
export function parseAllowList(text: string): AllowList {
  const entries: AllowEntry[] = [];
  for (const entry of text.split(",").map((each) => each.trim())) {
    if (entry === "") continue;
    const url = readUrl(/^[a-z][a-z0-9+.-]*:\/\//i.test(entry) ? entry : `https://${entry}`);
    if (typeof url === "string") return { ok: false, entry, reason: url };
    if (url.search !== "") return { ok: false, entry, reason: "query" };
    entries.push({ origin: url.origin, segments: segmentsOf(url) });
  }
  return { ok: true, entries };
}

export function decideTarget(entries: readonly AllowEntry[], target: string): TargetDecision {
  const url = readUrl(target);
  if (typeof url === "string") return { allowed: false, reason: url };
  const path = segmentsOf(url);
  const listed = entries.some(
    ({ origin, segments }) => origin === url.origin && segments.every((segment, index) => segment === path[index]),
  );
  return listed ? { allowed: true, url: url.href } : { allowed: false, reason: "not-listed" };
}

/** What a person has to change about a URL that was refused. */
export function explainFault(reason: UrlFault | "not-listed"): string {
  switch (reason) {
    case "not-a-url":
      return "it is not an absolute URL";
    case "scheme":
      return "only https and http are delivered to";
    case "credentials":
      return "it carries a user name or password: a webhook's secret belongs in its path or query";
    case "fragment":
      return "it has a fragment (#…), which is never sent: take it off";
    case "query":
      return "an entry of the allow-list has no query (?…): allow the path";
    case "hidden-separator":
      return "its path hides a slash (%2f or %5c), which servers read differently";
    case "not-listed":
      return "it is not on the allow-list";
  }
}

function readUrl(text: string): URL | UrlFault {
  const url = URL.parse(text);
  if (url === null) return "not-a-url";
  if (url.protocol !== "https:" && url.protocol !== "http:") return "scheme";
  if (url.username !== "" || url.password !== "") return "credentials";
  // Looked for in the text, because the parser reports an empty fragment as none.
  if (text.includes("#")) return "fragment";
  // A server that decodes before it splits would see other segments than we compared.
  if (/%2f|%5c/i.test(url.pathname)) return "hidden-separator";
  return url;
}

function segmentsOf(url: URL): string[] {
  return url.pathname.split("/").filter((segment) => segment !== "");
}
