import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { ProbeOutcome } from "../../shared/registry/probe.ts";
import { parseProbes } from "../../shared/registry/probe-file.ts";
import { evidenceOf, isProbe } from "../../shared/registry/score.ts";
import type { AgentCard } from "../../shared/task/a2a-types.ts";
import { runProbes } from "../../workers/registry/probing.ts";
import { PUBLISHING } from "../node/registry/publishing-contract.ts";
import { type CopiedMesh, copyMesh } from "./copied-mesh.ts";
import { countTasks, rpc } from "./wire.ts";

// What this repository claims of its own agents, put to the test as a registry puts anybody's: over HTTP, as a stranger, by the
// probes beside their cards.

const PRIOR = { priorSuccesses: 19, priorFailures: 1, quantile: 0.05 };

const ALLOWED = "https://hooks.example.com";

let mesh: CopiedMesh;

beforeAll(async () => {
  vi.stubEnv("COURIER_ALLOW", ALLOWED);
  mesh = await copyMesh({ unlimited: true });
  await mesh.start();
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await mesh.remove();
});

async function probe(name: string): Promise<{ card: AgentCard; outcomes: readonly ProbeOutcome[]; count: number }> {
  const endpoint = `${mesh.url}/agents/${name}`;
  const card = (await (await fetch(`${endpoint}/.well-known/agent-card.json`)).json()) as AgentCard;
  const file = new URL(`../../agent-cards/${name}.probes.yaml`, import.meta.url);
  const read = parseProbes(readFileSync(file, "utf8"), `${name}.probes.yaml`);
  if (!read.ok) throw new Error(read.error.message);
  const outcomes = await runProbes({ endpoint, card, probes: read.probes }, { fetch, local: true, now: Date.now, limits: PUBLISHING });
  return { card, outcomes, count: read.probes.length };
}

describe.each(["analyst", "critic", "researcher", "writer"])("the %s", (name) => {
  it("does what its card says: each probe holds, and each capability that it declares", async () => {
    const { card, outcomes, count } = await probe(name);
    expect(outcomes.filter(({ ok }) => !ok)).toEqual([]);
    expect(outcomes.filter(isProbe)).toHaveLength(count);
    const { streaming, pushNotifications, extendedAgentCard } = card.capabilities;
    const declared = Object.entries({ streaming, pushNotifications, extendedAgentCard }).flatMap(([key, is]) => (is ? [key] : []));
    expect(outcomes.flatMap(({ claim }) => claim ?? [])).toEqual(declared.map((key) => `capabilities.${key}`));
  });

  it("is known by it: how reliable, how fast, and at what cost", async () => {
    const { card, outcomes } = await probe(name);
    const [skill = ""] = outcomes.filter(isProbe).map((outcome) => outcome.skill);
    const evidence = evidenceOf(
      card.skills.map(({ id }) => id),
      outcomes,
      PRIOR,
    );
    const unmeasured = evidenceOf([skill], [], PRIOR)[skill];
    expect(evidence[skill]).toMatchObject({ failures: 0, ms: expect.any(Number), microUsd: expect.any(Number), untrue: [] });
    expect(evidence[skill]?.reliability).toBeGreaterThan(unmeasured?.reliability ?? 1);
  });
});

describe("the courier", () => {
  const endpoint = () => `${mesh.url}/agents/courier`;
  const probes = [{ skill: "deliver", message: `Post "hello" to ${ALLOWED}/team`, expect: { refuses: true as const } }];
  const cardThere = async () => (await (await fetch(`${endpoint()}/.well-known/agent-card.json`)).json()) as AgentCard;
  const run = (card: AgentCard) =>
    runProbes({ endpoint: endpoint(), card, probes }, { fetch, local: true, now: Date.now, limits: PUBLISHING });

  it("is never sent a probe: what it does cannot be undone", async () => {
    expect((await run(await cardThere())).filter(isProbe)).toEqual([]);
    expect(await countTasks(endpoint())).toBe(0);
  });

  it("would be sent one if its card lied, asks first, and has its question taken back", async () => {
    const card = await cardThere();
    const capabilities = { extensions: said({ deliver: { readOnly: true } }) };
    expect((await run({ ...card, capabilities })).map(({ ok }) => ok)).toEqual([true]);
    const { json } = await rpc(endpoint(), "ListTasks", {});
    expect(json?.result).toMatchObject({ totalSize: 1, tasks: [{ status: { state: "TASK_STATE_CANCELED" } }] });
  });
});

/** What a card says of its skills, as it says it. */
function said(skills: Readonly<Record<string, { readOnly: boolean }>>): NonNullable<AgentCard["capabilities"]["extensions"]> {
  return [{ uri: "urn:skein:ext:governance:v1", params: { skills: { ...skills } } }];
}
