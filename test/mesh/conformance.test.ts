/**
 * Every requirement of the suite, tried on agents of a mesh that wants to know who is calling, and on a peer: a suite that
 * passes everything, or nothing, would be noticed there. What comes of it is docs/conformance.md.
 */
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { Triggers } from "../../conformance/probe.ts";
import { byRequirement, isBroken, worst } from "../../conformance/report.ts";
import { type Result, run, type Target } from "../../conformance/run.ts";
import { SUITE } from "../../conformance/suite.ts";
import { newKey } from "../../shared/auth/api-key.ts";
import { conformanceDocument } from "./conformance-document.ts";
import { DIFFERENCES, NOT_SHOWN } from "./conformance-notes.ts";
import { PEER_TRIGGERS, type Peer, startPeer } from "./conformance-peer.ts";
import { type CopiedMesh, copyMesh } from "./copied-mesh.ts";
import { listen, type Webhook } from "./webhook.ts";

const ALL = { streaming: true, pushNotifications: true, extendedAgentCard: true };
const NONE = { streaming: false, pushNotifications: false, extendedAgentCard: false };

const AGENTS = ["orchestrator", "stagehand", "understudy"] as const;
type AgentName = (typeof AGENTS)[number];

let closed: CopiedMesh;
let open: CopiedMesh;
let webhook: Webhook;
let peers: readonly Peer[];
let ofAgents: Record<AgentName, readonly Result[]>;
let ofOpenMesh: readonly Result[];
let ofPeers: readonly (readonly Result[])[];

beforeAll(async () => {
  webhook = await listen();
  peers = await Promise.all([startPeer(ALL), startPeer(NONE)]);
  const keys = await Promise.all(["suite", "stranger", "reader"].map(async (app) => ({ app, ...(await newKey()) })));
  const records = keys.map(({ id, hash, app }) => ({
    id,
    hash,
    app,
    tenant: "acme",
    scopes: app === "reader" ? ["publish"] : ["call", "approve"],
  }));
  const agents = ["kettle", "stagehand", "understudy"];
  vi.stubEnv("COURIER_ALLOW", webhook.url);
  open = await copyMesh({ agents: ["understudy"] });
  // What the stagehand does in the world takes somebody else than the caller.
  closed = await copyMesh({ agents, unlimited: true, contracts: { interrupt: { strict: '["stagehand/rehearse"]' } } });
  // The peer answers from another process: it is tried while the meshes come up.
  const peersTried = Promise.all(peers.map(({ url }) => run(SUITE, { url, triggers: PEER_TRIGGERS, timeoutMs: 10_000 })));
  await open.start();
  vi.stubEnv("AUTH_API_KEYS", JSON.stringify(records));
  await closed.start();
  ofPeers = await peersTried;

  const [key = "", other = "", weak = ""] = keys.map(({ text }) => text);
  const target = (name: AgentName): Target => ({
    url: name === "orchestrator" ? closed.url : `${closed.url}/agents/${name}`,
    credentials: { key },
    other: { key: other },
    weak: { key: weak },
    timeoutMs: 30_000,
    triggers: triggersOf(webhook.url)[name],
  });
  const tried = await Promise.all(AGENTS.map(async (name) => [name, await run(SUITE, target(name))] as const));
  ofAgents = Object.fromEntries(tried) as unknown as Record<AgentName, readonly Result[]>;
  const unguarded = SUITE.filter(({ id }) => id === "auth.open-as-declared");
  ofOpenMesh = await run(unguarded, { url: open.url, triggers: triggersOf(webhook.url).orchestrator });
}, 120_000);

afterAll(async () => {
  await Promise.all([closed?.remove(), open?.remove()]);
  for (const peer of peers ?? []) peer.close();
  webhook?.close();
  vi.unstubAllEnvs();
});

function triggersOf(hook: string): Record<AgentName, Triggers> {
  return {
    orchestrator: {
      text: "What is 12 * 7?",
      artifact: "What is 3 * 4?",
      slow: "brew two pots of tea",
      ask: `Post "The tea is ready" to ${hook}/tea`,
      answer: "yes",
      fail: "Rehearse the scene where the scenery falls over",
    },
    stagehand: {
      text: "Rehearse the last scene",
      artifact: "Rehearse the first scene",
      slow: "Rehearse the last scene slowly",
      ask: "Rehearse the last scene, in which colour?",
      answer: "red",
      fail: "Rehearse the scene where the scenery falls over",
      reject: "Rehearse a scene without scenery",
      auth: "Rehearse the scene with the trapdoor",
    },
    understudy: { text: "Say your line", artifact: "Your line, please" },
  };
}

const TRIALS = SUITE.flatMap(({ id, section, title, bindings }) =>
  (bindings.length === 0 ? [undefined] : bindings).map((binding) => ({ id, section, title, binding, over: binding ?? "HTTP" })),
);

describe.each(AGENTS)("the %s", (name) => {
  it.each(TRIALS)("$section $title ($id over $over)", ({ id, binding }) => {
    const result = ofAgents[name].find((each) => each.requirement.id === id && each.binding === binding);
    expect(result, "tried").toBeDefined();
    expect(result && isBroken(result) ? result.outcome : undefined).toBeUndefined();
  });
});

const ofSkein = () => [...AGENTS.flatMap((name) => ofAgents[name]), ...ofOpenMesh];

it("a mesh without authentication lets in whom its card does not ask for any", () => {
  expect(ofOpenMesh.map(({ outcome }) => outcome.status)).toEqual(["passed", "passed"]);
});

it("every requirement is shown by one of the agents, but those that are explained", () => {
  const notShown = byRequirement(ofSkein()).filter((group) => worst(group) === "not shown");
  expect(notShown.map(([{ requirement }]) => requirement.id).sort()).toEqual(Object.keys(NOT_SHOWN).sort());
});

it("the peer breaks what is explained, and nothing else", () => {
  const broken = new Set(
    ofPeers
      .flat()
      .filter(isBroken)
      .map(({ requirement, binding }) => `${requirement.id} over ${binding}`),
  );
  const explained = DIFFERENCES.flatMap(({ ids, over }) =>
    ids.flatMap((id) =>
      (SUITE.find((each) => each.id === id)?.bindings ?? []).filter((each) => (over ?? each) === each).map((each) => `${id} over ${each}`),
    ),
  );
  expect([...broken].sort()).toEqual(explained.sort());
});

it("the peer holds most of what it was tried on", () => {
  const shown = byRequirement(ofPeers.flat()).filter((group) => worst(group) !== "not shown");
  expect(shown.filter((group) => worst(group) === "passed").length / shown.length).toBeGreaterThan(0.75);
});

it("docs/conformance.md says what came of it", async () => {
  await expect(conformanceDocument(SUITE, ofSkein(), ofPeers.flat())).toMatchFileSnapshot("../../docs/conformance.md");
});
