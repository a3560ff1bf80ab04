/** Caching of the agent card by the means of HTTP. (A2A 1.0.1, 8.6; RFC 9110, 13; RFC 9111) */
import { type HttpAnswer, send } from "../exchange.ts";
import { hold } from "../expect.ts";
import type { Probe } from "../probe.ts";
import { exchangeRaw, statusOf } from "../raw-http.ts";
import { NotShown, type Requirement, requirements } from "../requirement.ts";

type Run = Requirement["run"];
type Fetch = () => Promise<HttpAnswer>;
/** @returns the status, and how much came after the head */
type FetchUnless = (etag: string) => Promise<{ status: number | undefined; length: number }>;

const onCard =
  (look: (fetch: Fetch, fetchUnless: FetchUnless) => Promise<void>): Run =>
  (probe) =>
    look(
      () => send({ method: "GET", url: probe.seen.url, headers: { "A2A-Version": "1.0" } }, probe.trial),
      (etag) => fetchUnless(probe, etag),
    );

/** By hand, because fetch adds a Cache-Control to conditional requests, which tells servers to answer in full. (Fetch, 4.6) */
async function fetchUnless({ seen, trial }: Probe, etag: string): Promise<{ status: number | undefined; length: number }> {
  const headers = [
    ["A2A-Version", "1.0"],
    ["If-None-Match", etag],
  ] as const;
  const answer = await exchangeRaw({ method: "GET", url: seen.url, headers, body: "" }, trial.signal);
  return { status: statusOf(answer), length: answer.length - (answer.indexOf("\r\n\r\n") + 4) };
}

async function etagOf(fetch: Fetch): Promise<string> {
  const etag = (await fetch()).headers.get("ETag");
  if (etag === null) throw new NotShown("the card comes without an ETag");
  return etag;
}

export const CACHING = requirements("caching", [
  {
    id: "caching.max-age",
    section: "8.6.1",
    level: "SHOULD",
    title: "The card comes with Cache-Control and a max-age",
    bindings: [],
    run: onCard(async (fetch) => {
      const value = (await fetch()).headers.get("Cache-Control") ?? "";
      hold(/(^|[\s,])max-age=\d+/.test(value), "Cache-Control with max-age", value || "none");
    }),
  },
  {
    id: "caching.etag",
    section: "8.6.1",
    level: "SHOULD",
    title: "The card comes with an ETag in the form of RFC 9110",
    bindings: [],
    run: onCard(async (fetch) => {
      const value = (await fetch()).headers.get("ETag") ?? "";
      hold(/^(W\/)?"[\x21\x23-\x7E\x80-\xFF]*"$/.test(value), "an ETag in quotes", value || "none");
    }),
  },
  {
    id: "caching.etag-stays",
    section: "8.6.1",
    level: "SHOULD",
    title: "A card that has not changed keeps its ETag",
    bindings: [],
    run: onCard(async (fetch) => {
      const [one, two] = [await etagOf(fetch), await etagOf(fetch)];
      hold(one === two, one, two);
    }),
  },
  {
    id: "caching.not-modified",
    section: "8.6.2",
    level: "SHOULD",
    title: "If-None-Match with the card's ETag is answered 304 without a body",
    bindings: [],
    run: onCard(async (fetch, fetchUnless) => {
      const { status, length } = await fetchUnless(await etagOf(fetch));
      hold(status === 304 && length === 0, "HTTP 304 without a body", `HTTP ${status}, ${length} characters`);
    }),
  },
  {
    id: "caching.etag-among-others",
    section: "8.6.2",
    level: "SHOULD",
    title: "If-None-Match is compared weakly, and may name several ETags or any",
    bindings: [],
    run: onCard(async (fetch, fetchUnless) => {
      const etag = await etagOf(fetch);
      const weak = `W/${etag.replace(/^W\//, "")}`;
      for (const value of [weak, `"of another card", ${etag}`, "*"]) {
        const { status } = await fetchUnless(value);
        hold(status === 304, `HTTP 304 for If-None-Match: ${value}`, `HTTP ${status}`);
      }
    }),
  },
  {
    id: "caching.other-etag",
    section: "8.6.2",
    level: "MUST",
    title: "If-None-Match with another ETag gets the card",
    bindings: [],
    run: onCard(async (_fetch, fetchUnless) => {
      const { status, length } = await fetchUnless('"of another card"');
      hold(status === 200 && length > 0, "HTTP 200 with the card", `HTTP ${status}`);
    }),
  },
  {
    id: "caching.last-modified",
    section: "8.6.1",
    level: "MAY",
    title: "The card comes with Last-Modified",
    bindings: [],
    run: onCard(async (fetch) => {
      const value = (await fetch()).headers.get("Last-Modified");
      hold(value !== null && !Number.isNaN(Date.parse(value)), "Last-Modified", value ?? "none");
    }),
  },
]);
