import { randomUUID } from "node:crypto";
import { ListTasksRequest } from "@a2a-js/sdk";
import { ClientFactory, ClientFactoryOptions, DefaultAgentCardResolver, JsonRpcTransportFactory } from "@a2a-js/sdk/client";
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { connect } from "../../cli/client.ts";
import type { Credentials } from "../../cli/credentials.ts";
import { newKey } from "../../shared/auth/api-key.ts";
import type { Task } from "../../shared/task/a2a-types.ts";
import { type CopiedMesh, copyMesh } from "./copied-mesh.ts";
import { type DocumentsServer, serveDocuments } from "./documents-server.ts";
import { type Answer, type AnswerBody, HEADERS, request } from "./wire.ts";

// A mesh that wants to know who is calling: an issuer of tokens, API keys, and callers who must never meet.

const AUDIENCE = "https://skein.example";

let mesh: CopiedMesh;
let server: DocumentsServer;
let issuer: string;
let sign: (claims?: JWTPayload) => Promise<string>;

type Who = Record<string, string>;
/** Callers with keys, by name. */
const keys: Record<"desk" | "phone" | "reader" | "busy" | "expired", Who> = { desk: {}, phone: {}, reader: {}, busy: {}, expired: {} };

beforeAll(async () => {
  server = await serveDocuments();
  issuer = `${server.url}/acme`;
  const { publicKey, privateKey } = await generateKeyPair("ES256", { extractable: true });
  const put = (path: string, document: unknown) => fetch(issuer + path, { method: "PUT", body: JSON.stringify(document) });
  await put("/.well-known/openid-configuration", { issuer, jwks_uri: `${issuer}/keys` });
  await put("/keys", { keys: [{ ...(await exportJWK(publicKey)), kid: "one", alg: "ES256" }] });
  sign = (claims = {}) =>
    new SignJWT({ iss: issuer, aud: AUDIENCE, sub: "ada", azp: "studio", scope: "call approve", ...claims })
      .setProtectedHeader({ alg: "ES256", kid: "one" })
      .setExpirationTime(claims.exp ?? "1h")
      .sign(privateKey);

  const records = await Promise.all(
    Object.keys(keys).map(async (app) => {
      const { id, hash, text } = await newKey();
      keys[app as keyof typeof keys] = { "X-API-Key": text };
      const scopes = app === "reader" ? ["publish"] : ["call", "approve"];
      return { id, hash, tenant: "acme", app, scopes, ...(app === "expired" && { expires: "2001-01-01T00:00:00Z" }) };
    }),
  );
  vi.stubEnv("AUTH_ISSUERS", JSON.stringify([{ issuer, audience: AUDIENCE }]));
  vi.stubEnv("AUTH_API_KEYS", JSON.stringify(records));
  mesh = await copyMesh({ agents: ["kettle"] });
  await mesh.start();
});

afterAll(async () => {
  vi.unstubAllEnvs();
  await mesh?.remove();
  await server?.close();
});

const token = async (claims?: JWTPayload): Promise<Who> => ({ Authorization: `Bearer ${await sign(claims)}` });

type Binding = "JSON-RPC" | "HTTP+JSON";
/** One operation in both bindings. */
interface Operation {
  readonly method: string;
  readonly params: object;
  readonly http: readonly [method: string, path: string, body?: object];
}

function send(path: string, binding: Binding, { method, params, http }: Operation, who: Who): Promise<Answer> {
  const url = mesh.url + path;
  if (binding === "JSON-RPC") {
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
    return request(`${url}/`, { method: "POST", headers: { ...HEADERS, ...who }, body });
  }
  const [verb, at, body] = http;
  return request(url + at, { method: verb, headers: { ...HEADERS, ...who }, ...(body && { body: JSON.stringify(body) }) });
}

const LIST: Operation = { method: "ListTasks", params: {}, http: ["GET", "/tasks"] };
const PLACES = ["", "/agents/kettle"].flatMap((path) => (["JSON-RPC", "HTTP+JSON"] as const).map((binding) => [path, binding] as const));

function challenge(path: string, who: Who): Promise<Response> {
  return fetch(`${mesh.url}${path}/tasks`, { headers: { ...HEADERS, ...who } });
}

describe("the first callers of all", () => {
  it("are let in together, with one look at the issuer's keys", async () => {
    const who = await token();
    const answers = await Promise.all(Array.from({ length: 20 }, () => send("", "JSON-RPC", LIST, who)));
    expect(answers.map(({ status, text }) => (status === 200 ? 200 : text))).toEqual(Array(20).fill(200));
    const { headers } = await fetch(`${issuer}/keys`, { method: "HEAD" });
    expect(headers.get("Asked")).toBe("1");
  });
});

describe.each(PLACES)("at %j by %s", (path, binding) => {
  it("a caller with a token, and one with a key, are let in", async () => {
    for (const who of [await token(), keys.desk]) {
      const { status, json } = await send(path, binding, LIST, who);
      expect(status).toBe(200);
      expect(json?.error).toBeUndefined();
    }
  });

  it.each<[string, () => Who | Promise<Who>, RegExp]>([
    ["nobody knows", () => ({}), /who is calling\?/],
    ["has a token that is over", () => token({ exp: 1_000_000_000 }), /expired/],
    ["has a token for somebody else", () => token({ aud: "https://else.example" }), /another audience/],
    ["has a token of an unknown issuer", () => token({ iss: "https://evil.example" }), /does not know/],
    ["has a token that is none", () => ({ Authorization: "Bearer none" }), /no JWT/],
    ["has a password", () => ({ Authorization: "Basic YTpi" }), /no single bearer token/],
    ["has a key that is none", () => ({ "X-API-Key": "skein" }), /malformed/],
    ["has a key that is over", () => keys.expired, /expired/],
    ["has both a token and a key", async () => ({ ...keys.desk, ...(await token()) }), /both Authorization and X-API-Key/],
    [
      "says for whom it calls",
      () => ({ "Skein-Principal": encodeURIComponent('{"tenant":"acme","app":"desk","subject":"desk"}') }),
      /who is calling\?/,
    ],
  ])("a caller that %s is not, and told why", async (_who, credentials, why) => {
    const { status, json } = await send(path, binding, LIST, await credentials());
    expect(status).toBe(401);
    expect(json?.error?.message).toMatch(why);
  });

  it("a caller without the scope is told which one is missing", async () => {
    for (const who of [keys.reader, await token({ scope: "openid approve" })]) {
      const { status, json } = await send(path, binding, LIST, who);
      expect(status).toBe(403);
      expect(json?.error?.message).toMatch(/scope "call"/);
    }
  });
});

describe("a caller's tenant", () => {
  it.each(PLACES)("is the one of its credentials, and no other may be named, at %j by %s", async (path, binding) => {
    const inTenant = (tenant: string): Operation => ({ method: "ListTasks", params: { tenant }, http: ["GET", `/${tenant}/tasks`] });
    expect((await send(path, binding, inTenant("acme"), keys.desk)).json?.error).toBeUndefined();
    for (const who of [keys.desk, await token()])
      expect((await send(path, binding, inTenant("umbrella"), who)).json?.error?.message).toMatch(/your credentials are for the tenant/);
  });
});

describe.each(["", "/agents/kettle"])("the challenge at %j", (path) => {
  it("names both schemes, and what was wrong with what was sent", async () => {
    const bare = await challenge(path, {});
    expect(bare.headers.get("WWW-Authenticate")).toBe('Bearer realm="skein", ApiKey realm="skein", header="X-API-Key"');
    const wrong = await challenge(path, await token({ exp: 1_000_000_000 }));
    expect(wrong.headers.get("WWW-Authenticate")).toMatch(
      /^Bearer realm="skein", error="invalid_token", error_description="the token expired/,
    );
    const key = await challenge(path, keys.expired);
    expect(key.headers.get("WWW-Authenticate")).toMatch(
      /^Bearer realm="skein", ApiKey realm="skein", header="X-API-Key", error="invalid_key", error_description="the API key expired/,
    );
  });

  it("for a missing scope is of the scheme that the caller came with", async () => {
    const missing = 'error="insufficient_scope", scope="call"';
    const key = await challenge(path, keys.reader);
    expect(key.headers.get("WWW-Authenticate")).toBe(`ApiKey realm="skein", header="X-API-Key", ${missing}`);
    const few = await challenge(path, await token({ scope: "openid" }));
    expect(few.headers.get("WWW-Authenticate")).toBe(`Bearer realm="skein", ${missing}`);
  });

  it("is what the card says, to whoever reads it", async () => {
    const card = (await (await fetch(`${mesh.url}${path}/.well-known/agent-card.json`)).json()) as Record<string, unknown>;
    expect(card["securitySchemes"]).toMatchObject({
      bearer: { httpAuthSecurityScheme: { scheme: "Bearer", bearerFormat: "JWT" } },
      openId: { openIdConnectSecurityScheme: { openIdConnectUrl: `${issuer}/.well-known/openid-configuration` } },
      apiKey: { apiKeySecurityScheme: { location: "header", name: "X-API-Key" } },
    });
    // Alternatives, each with one scheme.
    const requirements = card["securityRequirements"] as { schemes: object }[];
    expect(requirements.map(({ schemes }) => Object.keys(schemes))).toEqual([["bearer"], ["openId"], ["apiKey"]]);
  });
});

describe("the official client", () => {
  it("reads from the card alone what to send, and is let in with it", async () => {
    const anonymous = new ClientFactory();
    const card = await (await anonymous.createFromUrl(`${mesh.url}/agents/kettle/`)).getAgentCard();
    const [name = ""] = Object.keys(card.securityRequirements.at(-1)?.schemes ?? {});
    const scheme = card.securitySchemes[name]?.scheme;
    if (scheme?.$case !== "apiKeySecurityScheme") throw new Error(`no API key in ${JSON.stringify(card.securitySchemes)}`);
    const fetchImpl: typeof fetch = (input, init) => {
      const headers = new Headers(init?.headers);
      headers.set(scheme.value.name, keys.desk["X-API-Key"] ?? "");
      return fetch(input, { ...init, headers });
    };
    const transports = [new JsonRpcTransportFactory({ fetchImpl })];
    const options = { transports, cardResolver: new DefaultAgentCardResolver({ fetchImpl }) };
    const client = await new ClientFactory(ClientFactoryOptions.createFrom(ClientFactoryOptions.default, options)).createFromUrl(
      `${mesh.url}/agents/kettle/`,
    );
    await expect(client.listTasks(ListTasksRequest.fromJSON({ pageSize: 1 }))).resolves.toMatchObject({ tasks: expect.any(Array) });
  });

  it("behind npm run call sends what it was given", async () => {
    const [header, value] = Object.entries(keys.desk)[0] as [Credentials["header"], string];
    const task = await (await connect(`${mesh.url}/agents/kettle`, { header, value })).send({
      parts: [{ text: "Make a pot of peppermint tea" }],
    });
    expect(task.status.state).toBe("TASK_STATE_COMPLETED");
    const stranger = await connect(`${mesh.url}/agents/kettle`);
    await expect(stranger.list()).rejects.toThrow(/asks: who is calling\?.*--token/);
  });
});

/** Everything that names a task, as somebody would try it who knows only its id. */
function operationsOn(id: string): Operation[] {
  const message = { messageId: "m", role: "ROLE_USER", taskId: id, parts: [{ text: "mine now" }] };
  const config = { taskId: id, id: "c", url: "https://hooks.example.com/" };
  const configs = `/tasks/${id}/pushNotificationConfigs`;
  return [
    { method: "GetTask", params: { id }, http: ["GET", `/tasks/${id}`] },
    { method: "CancelTask", params: { id }, http: ["POST", `/tasks/${id}:cancel`, {}] },
    { method: "SubscribeToTask", params: { id }, http: ["GET", `/tasks/${id}:subscribe`] },
    { method: "SendMessage", params: { message }, http: ["POST", "/message:send", { message }] },
    { method: "SendStreamingMessage", params: { message }, http: ["POST", "/message:stream", { message }] },
    { method: "CreateTaskPushNotificationConfig", params: config, http: ["POST", configs, config] },
    { method: "GetTaskPushNotificationConfig", params: { taskId: id, id: "c" }, http: ["GET", `${configs}/c`] },
    { method: "ListTaskPushNotificationConfigs", params: { taskId: id }, http: ["GET", configs] },
    { method: "DeleteTaskPushNotificationConfig", params: { taskId: id, id: "c" }, http: ["DELETE", `${configs}/c`] },
  ];
}

describe.each([
  ["", "Serenade my grandmother", "TASK_STATE_INPUT_REQUIRED"],
  ["/agents/kettle", "Make a pot of peppermint tea", "TASK_STATE_COMPLETED"],
])("a task at %j", (path, text, state) => {
  const sending = (): Operation => {
    const message = { messageId: randomUUID(), role: "ROLE_USER", parts: [{ text }] };
    return { method: "SendMessage", params: { message }, http: ["POST", "/message:send", { message }] };
  };
  const made = async (who: Who): Promise<Task> => {
    const { json, text: said } = await send(path, "JSON-RPC", sending(), who);
    if (!json?.result?.task) throw new Error(said);
    return json.result.task;
  };
  const listed = async (who: Who, binding: Binding): Promise<string[]> => {
    const { json } = await send(path, binding, LIST, who);
    const list = (json?.result ?? json) as { tasks: Task[] } | undefined;
    return (list?.tasks ?? []).map(({ id }) => id);
  };

  it("is not there for anyone but its caller, in every operation of both bindings", async () => {
    const mine = await made(keys.desk);
    expect(mine.status.state).toBe(state);
    // The same app and subject by name, of another kind of credentials, is somebody else too.
    const strangers = [keys.phone, await token(), await token({ sub: "desk", azp: "desk" })];
    const nobodys = mine.id.slice(0, -6) + (mine.id.endsWith("aaaaaa") ? "bbbbbb" : "aaaaaa");
    for (const stranger of strangers)
      for (const binding of ["JSON-RPC", "HTTP+JSON"] as const) {
        for (const [index, operation] of operationsOn(mine.id).entries()) {
          const answer = await send(path, binding, operation, stranger);
          const ofNobodys = await send(path, binding, operationsOn(nobodys)[index] as Operation, stranger);
          expect(answer.json?.error, operation.method).toBeDefined();
          // Word for word what is said of a task that does not exist: nothing tells that this one does.
          expect({ ...answer, text: "", json: retold(answer.json, mine.id) }).toEqual({
            ...ofNobodys,
            text: "",
            json: retold(ofNobodys.json, nobodys),
          });
        }
        expect(await listed(stranger, binding)).not.toContain(mine.id);
        expect(await listed(keys.desk, binding)).toContain(mine.id);
      }
    const { json } = await send(path, "HTTP+JSON", { method: "GetTask", params: {}, http: ["GET", `/tasks/${mine.id}`] }, keys.desk);
    expect((json as unknown as Task).status).toEqual(mine.status);
  });

  it("belongs to each of two callers who use one idempotency key", async () => {
    const [desk, phone] = [
      { ...keys.desk, "Idempotency-Key": "same" },
      { ...keys.phone, "Idempotency-Key": "same" },
    ];
    const [one, two] = [await made(desk), await made(phone)];
    expect(one.id).not.toBe(two.id);
    expect(await listed(keys.phone, "JSON-RPC")).not.toContain(one.id);
  });
});

function retold(body: AnswerBody | undefined, id: string): string {
  return JSON.stringify(body).replaceAll(id, "<id>");
}

describe("a caller that calls too often", () => {
  it("is told when to come back, alone", async () => {
    const until = 1_300;
    let refused: Response | undefined;
    for (let calls = 0; calls < until && refused === undefined; calls += 20) {
      const answers = await Promise.all(Array.from({ length: 20 }, () => challenge("/agents/kettle", keys.busy)));
      refused = answers.find(({ status }) => status === 429);
      await Promise.all(answers.map((answer) => (answer === refused ? undefined : answer.arrayBuffer())));
    }
    expect(refused?.headers.get("Retry-After")).toBe("60");
    expect(await refused?.json()).toMatchObject({ error: { code: 429, message: expect.stringMatching(/wait 60 s/) } });
    expect((await challenge("/agents/kettle", keys.desk)).status).toBe(200);
  });
});
