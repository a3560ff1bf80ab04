import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { credentialsFrom, fetchAs } from "../../../cli/credentials.ts";

let servers: Server[];
let seen: IncomingMessage[];

beforeEach(() => {
  servers = [];
  seen = [];
});
afterEach(() => {
  for (const server of servers) server.close();
});

async function serve(status: number, body: string, headers: Record<string, string> = {}): Promise<string> {
  const server = createServer((request, response) => {
    seen.push(request);
    response.writeHead(status, headers).end(body);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const KEY = credentialsFrom({ key: "skein_key" }, {});

describe("who is calling", () => {
  it("is said by an option, else by the environment, and never by two at once", () => {
    expect(credentialsFrom({ token: "t" }, { SKEIN_KEY: "k" })).toEqual({ header: "Authorization", value: "Bearer t" });
    expect(credentialsFrom({}, { SKEIN_KEY: " k\n" })).toEqual({ header: "X-API-Key", value: "k" });
    expect(credentialsFrom({}, { SKEIN_TOKEN: "" })).toBeUndefined();
    expect(() => credentialsFrom({ token: "t", key: "k" }, {})).toThrow(/--token and --key/);
    expect(() => credentialsFrom({}, { SKEIN_TOKEN: "t", SKEIN_KEY: "k" })).toThrow(/SKEIN_TOKEN and SKEIN_KEY/);
  });

  it("is not repeated when it cannot be sent", () => {
    expect(() => credentialsFrom({ key: "secret word" }, {})).toThrow(/^(?!.*secret)/);
  });

  it("is told to the origin that was named, and to no other", async () => {
    const [home, stranger] = [await serve(200, "{}"), await serve(200, "{}")];
    const call = fetchAs(KEY, `${home}/agents/a/`);
    await call(`${home}/agents/b`);
    await call(stranger);
    expect(seen.map(({ headers }) => headers["x-api-key"])).toEqual(["skein_key", undefined]);
  });

  it("does not follow a redirect elsewhere", async () => {
    const stranger = await serve(200, "{}");
    const home = await serve(302, "", { Location: stranger });
    await expect(fetchAs(KEY, home)(home)).rejects.toThrow();
    expect(seen).toHaveLength(1);
  });
});

describe("a refusal comes out as one line", () => {
  const body = JSON.stringify({ error: { message: "the reason,\nsaid there" } });

  it.each<[number, Record<string, string>, Parameters<typeof fetchAs>[0], RegExp]>([
    [401, {}, undefined, /asks: the reason, said there\. To say so, give --token/],
    [401, {}, KEY, /does not take this key: the reason, said there$/],
    [401, {}, credentialsFrom({ token: "t" }, {}), /does not take this token: the reason/],
    [403, {}, KEY, /knows you, and does not let you do this: the reason/],
    [429, { "Retry-After": "60" }, KEY, /has had enough calls for now: the reason, said there \(again in 60 s\)$/],
  ])("%i", async (status, headers, credentials, line) => {
    const home = await serve(status, body, headers);
    await expect(fetchAs(credentials, home)(home)).rejects.toThrow(line);
  });

  it("also from a server that explains nothing", async () => {
    const home = await serve(401, "<html>");
    await expect(fetchAs(undefined, home)(home)).rejects.toThrow(/asks: who is calling\?/);
  });
});
