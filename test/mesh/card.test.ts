import { randomUUID } from "node:crypto";
import { type AgentCard as SdkCard, SendMessageRequest, Task, verifyAgentCardSignature } from "@a2a-js/sdk";
import { type Client, ClientFactory, ClientFactoryOptions, DefaultAgentCardResolver } from "@a2a-js/sdk/client";
import { A2AClient, ClientFactory as FormerFactory } from "a2a-js-sdk-0-3/client";
import { decodeProtectedHeader, type JWK, type JWSHeaderParameters } from "jose";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { AgentCard, Task as WireTask } from "../../shared/task/a2a-types.ts";
import { verifiedKids } from "../node/a2a/card-verifier.ts";
import { type CopiedMesh, copyMesh } from "./copied-mesh.ts";

// Cards as strangers meet them, over real HTTP: fetched, verified with the keys they point to, and called by. The clients
// are the official ones; they are given nothing but an agent's address.

const CARD = "/.well-known/agent-card.json";
const AGENTS = ["", ...["analyst", "courier", "critic", "registry", "researcher", "writer"].map((name) => `/agents/${name}`)];

let mesh: CopiedMesh;
/** Where keys were fetched from. */
let asked: string[] = [];

beforeAll(async () => {
  // The SDK tells of each signature that is over another form of the card.
  vi.spyOn(console, "debug").mockImplementation(() => {});
  mesh = await copyMesh();
  await mesh.start();
});
afterAll(() => mesh.remove());

async function keysAt(jku: string): Promise<{ keys: JWK[] }> {
  asked.push(jku);
  return (await fetch(jku)).json() as Promise<{ keys: JWK[] }>;
}

/** What the official SDK needs to verify a card. */
const verifySignature = verifyAgentCardSignature(async (kid, jku = "") => {
  const key = (await keysAt(jku)).keys.find((each) => each.kid === kid);
  if (!key) throw new Error(`no key ${kid} at ${jku}`);
  return key;
});

async function clientFor(path: string, binding: string): Promise<Client> {
  const options = ClientFactoryOptions.createFrom(ClientFactoryOptions.default, { preferredTransports: [binding] });
  return new ClientFactory(options).createFromUrl(mesh.url + path + CARD, "");
}

describe.each(AGENTS)("the card at %j", (path) => {
  it("is verified by the official client, with keys from where the card says", async () => {
    asked = [];
    const card = await new DefaultAgentCardResolver().resolve(mesh.url + path + CARD, "");
    await expect(verifySignature(card)).resolves.toBeUndefined();
    expect(new Set(asked)).toEqual(new Set([`${mesh.url}${path}/.well-known/jwks.json`]));
    await expect(verifySignature({ ...card, description: "Sends your money" })).rejects.toThrow("No valid signatures");
  });

  it.each([{}, { "A2A-Version": "1.0" }, { "A2A-Version": "0.3" }])(
    "holds by the letter as it is received, asked for with %o",
    async (headers) => {
      const received = await (await fetch(mesh.url + path + CARD, { headers: headers as Record<string, string> })).text();
      expect(await verifiedKids(received, keysAt)).toHaveLength(1);
    },
  );

  it("is found by the official client that is given the agent's URL, with a slash at the end", async () => {
    const client = await new ClientFactory().createFromUrl(`${mesh.url}${path}/`);
    await expect(client.getTask({ tenant: "", id: "nobody", historyLength: undefined })).rejects.toThrow("nobody");
  });

  it("leads a client of 0.3, which does not say its version, to an answer", async () => {
    const client = await A2AClient.fromCardUrl(mesh.url + path + CARD);
    expect(await client.getTask({ id: "nobody" })).toMatchObject({ error: { code: -32001 } });
  });
});

it("every agent of a mesh signs with the same key", async () => {
  const kids = await Promise.all(
    AGENTS.map(async (path) => {
      const { signatures = [] } = (await (await fetch(mesh.url + path + CARD)).json()) as AgentCard;
      return signatures.map((each) => (decodeProtectedHeader(each) as JWSHeaderParameters).kid);
    }),
  );
  expect(new Set(kids.flat()).size).toBe(1);
});

describe.each(["JSONRPC", "HTTP+JSON"])("the extended card, over %s", (binding) => {
  it.each([
    ["researcher", ["documents", "forget"]],
    ["courier", ["targets"]],
  ])("of the %s has the skills that its public one does not show, and is verified", async (name, skills) => {
    const client = await clientFor(`/agents/${name}`, binding);
    const ids = ({ skills: all }: SdkCard) => all.map(({ id }) => id);
    const open = ids(await new DefaultAgentCardResolver().resolve(`${mesh.url}/agents/${name}${CARD}`, ""));
    const extended = await client.getAgentCard(undefined, verifySignature);
    expect(ids(extended)).toEqual([...open, ...skills]);
  });
});

it("a client of 0.3 finds the extended card as well", async () => {
  const client = await new FormerFactory().createFromUrl(`${mesh.url}/agents/courier${CARD}`, "");
  const { protocolVersion, skills } = await client.getAgentCard();
  expect([protocolVersion, skills.map(({ id }) => id)]).toEqual(["0.3.0", ["deliver", "targets"]]);
});

describe("the skills of an extended card", () => {
  const named = (skill: string) => ({ "urn:skein:ext:skill:v1": { skill } });

  async function send(path: string, parts: object[], skill?: string, taskId?: string): Promise<WireTask> {
    const client = await clientFor(path, "JSONRPC");
    const metadata = skill === undefined ? {} : named(skill);
    const message = { messageId: randomUUID(), role: "ROLE_USER", parts, metadata, ...(taskId !== undefined && { taskId }) };
    return Task.toJSON((await client.sendMessage(SendMessageRequest.fromJSON({ message }))) as Task) as WireTask;
  }
  const kept = async () => {
    const { artifacts = [] } = await send("/agents/researcher", [{ text: "my documents" }], "documents");
    return (artifacts[0]?.parts[1]?.data as { documents?: { name: string }[] } | undefined)?.documents?.map(({ name }) => name) ?? [];
  };

  it("are called by name, ask before they forget, and forget", async () => {
    await send("/agents/researcher", [{ text: "# Herons\n\nHerons wait.", filename: "herons.md" }], "ingest");
    expect(await kept()).toEqual(["herons.md"]);
    const asks = await send("/agents/researcher", [{ text: "forget herons.md" }], "forget");
    expect(asks.status.state).toBe("TASK_STATE_INPUT_REQUIRED");
    expect(await kept()).toEqual(["herons.md"]);
    expect((await send("/agents/researcher", [{ text: "yes" }], undefined, asks.id)).status.state).toBe("TASK_STATE_COMPLETED");
    expect(await kept()).toEqual([]);
  });

  it("are not chosen by the front door, whatever a request says", async () => {
    await send("/agents/researcher", [{ text: "# Swans\n\nSwans glide.", filename: "swans.md" }], "ingest");
    for (const text of ["Forget swans.md", "Remove the document swans.md, please", "Delete swans.md", "Forget documents: swans.md"])
      expect(JSON.stringify(await send("", [{ text }]))).not.toMatch(/Forgot \d|for good\?/);
    expect(await kept()).toContain("swans.md");
  });
});
