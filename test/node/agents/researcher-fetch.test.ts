import { describe, expect, it } from "vitest";
import { type Fetched, fetchDocument } from "../../../agents/researcher/fetch-document.ts";

const signal = new AbortController().signal;

/** Answers from a table of addresses, and remembers what was asked for. */
function web(pages: Record<string, () => Response>) {
  const asked: string[] = [];
  const get: typeof fetch = async (input) => {
    asked.push(String(input));
    return pages[String(input)]?.() ?? new Response("no such page", { status: 404 });
  };
  return { asked, fetch: get };
}

const redirectTo = (location: string) => () => new Response(null, { status: 302, headers: { location } });
const reasonOf = (fetched: Fetched) => (fetched.ok ? "it was fetched" : fetched.reason);

describe("fetching a document", () => {
  it("gives the bytes and their media type, over redirects outside", async () => {
    const { fetch } = web({
      "https://a.org/old": redirectTo("/new"),
      "https://a.org/new": () => new Response("# Hi", { headers: { "content-type": "text/markdown" } }),
    });
    const fetched = await fetchDocument("https://a.org/old", { signal, allowPrivate: false, fetch });
    expect(fetched).toMatchObject({ ok: true, mediaType: "text/markdown" });
    expect(fetched.ok && new TextDecoder().decode(fetched.bytes)).toBe("# Hi");
  });

  it("follows no redirect inward, and does not even knock there", async () => {
    const { fetch, asked } = web({ "https://a.org/": redirectTo("http://169.254.169.254/latest") });
    expect(reasonOf(await fetchDocument("https://a.org/", { signal, allowPrivate: false, fetch }))).toMatch(
      /redirected to http:\/\/169\.254\.169\.254, and that is at a private address/,
    );
    expect(asked).toEqual(["https://a.org/"]);
  });

  it("gives up on a circle of redirects", async () => {
    const { fetch, asked } = web({ "https://a.org/": redirectTo("https://a.org/") });
    expect(reasonOf(await fetchDocument("https://a.org/", { signal, allowPrivate: false, fetch }))).toMatch(/redirected more than 5 times/);
    expect(asked).toHaveLength(6);
  });

  it("stops reading at the size limit, whatever length was declared", async () => {
    let sent = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += 1_000_000;
        controller.enqueue(new Uint8Array(1_000_000));
      },
    });
    const { fetch } = web({ "https://a.org/": () => new Response(endless, { headers: { "content-length": "5" } }) });
    expect(reasonOf(await fetchDocument("https://a.org/", { signal, allowPrivate: false, fetch }))).toMatch(/more than 10 MB/);
    expect(sent).toBeLessThan(13_000_000);
  });

  it("stops waiting at the time limit, and says that trying again could help", async () => {
    const never: typeof fetch = (_input, init) =>
      new Promise((_resolve, reject) => init?.signal?.addEventListener("abort", () => reject(new Error("aborted"))));
    const fetched = await fetchDocument("https://a.org/", { signal, allowPrivate: false, fetch: never, timeoutMs: 20 });
    expect(fetched).toMatchObject({ ok: false, kind: "unreachable", reason: expect.stringMatching(/within 0\.02 s: try again/) });
  });

  it("ends with the task that asked for it", async () => {
    const canceled = new AbortController();
    const get: typeof fetch = async () => {
      canceled.abort(new Error("canceled"));
      throw new Error("aborted");
    };
    await expect(fetchDocument("https://a.org/", { signal: canceled.signal, allowPrivate: false, fetch: get })).rejects.toThrow();
  });

  it.each([
    [404, "refused", /is not there/],
    [403, "refused", /may not be read by everyone/],
    [429, "unreachable", /try again later/],
    [503, "unreachable", /try again later/],
  ])("tells what HTTP %i means for the caller", async (status, kind, reason) => {
    const { fetch } = web({ "https://a.org/": () => new Response("sorry", { status }) });
    const fetched = await fetchDocument("https://a.org/", { signal, allowPrivate: false, fetch });
    expect(fetched).toMatchObject({ ok: false, kind, reason: expect.stringMatching(reason) });
  });

  it("keeps credentials and other schemes out even where private addresses are allowed", async () => {
    const { fetch, asked } = web({ "http://127.0.0.1:1/a": () => new Response("mine") });
    for (const address of ["http://me:pw@127.0.0.1:1/a", "file:///etc/passwd", "nonsense"])
      expect((await fetchDocument(address, { signal, allowPrivate: true, fetch })).ok).toBe(false);
    expect((await fetchDocument("http://127.0.0.1:1/a", { signal, allowPrivate: true, fetch })).ok).toBe(true);
    expect(asked).toEqual(["http://127.0.0.1:1/a"]);
  });
});
