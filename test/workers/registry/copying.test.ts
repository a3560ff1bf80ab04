import { evictDurableObject } from "cloudflare:test";
import { describe, expect, inject, it, vi } from "vitest";
import { GOVERNANCE_EXTENSION } from "../../../shared/task/governance-extension.ts";
import type { Holdings } from "../../../workers/registry/holdings.ts";
import { anAgentAt, entry, newName, OBJECT, REGISTRY } from "./publications.ts";

// Calls as the mesh's Workers tell of them, and what their copies come to at a candidate over real HTTP.

const holdings = OBJECT.getByName("registry") as unknown as Holdings;
const SKILL = "count-words";

/** Both at places of their own; the candidate's card may say less of its skill. */
async function tried(countsRight: boolean, harmless = true) {
  const name = newName();
  for (const version of ["1.0.0", "1.1.0"]) {
    const { url, card } = await anAgentAt(inject("agentsServer"), newName(), { name, version, countsRight });
    const params = { skills: { [SKILL]: harmless ? { readOnly: true } : { reversible: false } } };
    const capabilities = version === "1.0.0" ? card.capabilities : { extensions: [{ uri: GOVERNANCE_EXTENSION, params }] };
    const published = entry({ name, version, url, endpoint: url, card: { ...card, capabilities } });
    expect(await holdings.commit(published, [])).toMatchObject({ ok: true });
  }
  return name;
}

function called(agent: string, said: string, more: object = {}) {
  const params = { message: { messageId: "m", role: "ROLE_USER", parts: [{ text: "one two three" }] } };
  const status = { state: "TASK_STATE_COMPLETED" };
  const answer = { id: "t", contextId: "c", status, artifacts: [{ artifactId: "a", parts: [{ text: said }] }] };
  return { agent, skill: SKILL, base: "1.0.0", params, answer, ms: 5, ...more };
}

async function copiesOf(name: string) {
  return (await REGISTRY.rollouts(name))[0]?.skills[SKILL]?.copies;
}

describe("a call that is told of", () => {
  it("is made of the candidate too, and the answers are compared", async () => {
    const name = await tried(true);
    await REGISTRY.copy(called(name, "It has 3 words."));
    await vi.waitFor(async () => expect(await copiesOf(name)).toMatchObject({ compared: 1, alike: 1, candidate: { successes: 1 } }));
  });

  it("gets one so many times in a minute, also where the object was let go of meanwhile", async () => {
    const name = await tried(true);
    for (let calls = 1; calls <= 6; calls++) {
      expect(await REGISTRY.copy(called(name, "It has 3 words."))).toBe(true);
      await vi.waitFor(async () => expect((await copiesOf(name))?.compared).toBe(calls));
    }
    expect(await REGISTRY.copy(called(name, "It has 3 words."))).toBe(false);
    const stub = OBJECT.getByName("registry");
    await evictDurableObject(stub);
    expect(await (stub as unknown as Holdings).beginCopy({ agent: name, skill: SKILL, base: "1.0.0" })).toBeUndefined();
  });

  it("takes back a candidate that answers otherwise before anybody has got an answer of it", async () => {
    const name = await tried(false);
    const status = async () => (await REGISTRY.versions(name))[0]?.status;
    for (let calls = 1; calls <= 6 && (await status()) === "candidate"; calls++) {
      await REGISTRY.copy(called(name, "It has 3 words."));
      await vi.waitFor(async () => expect((await copiesOf(name))?.compared ?? calls).toBe(calls));
    }
    await vi.waitFor(async () => expect(await status()).toBe("quarantined"));
  });

  it("gets no copy where its skill may do harm by one of the cards, or it went to another version", async () => {
    const [harmful, harmless] = [await tried(true, false), await tried(true)];
    expect(await holdings.beginCopy({ agent: harmful, skill: SKILL, base: "1.0.0" })).toBeUndefined();
    expect(await holdings.beginCopy({ agent: harmless, skill: SKILL, base: "1.1.0" })).toBeUndefined();
    expect(await holdings.beginCopy({ agent: harmless, skill: "sing", base: "1.0.0" })).toBeUndefined();
    expect(await holdings.beginCopy({ agent: "nobody", skill: SKILL, base: "1.0.0" })).toBeUndefined();
    const roll = { name: harmless, to: "canary", reason: "go", by: "acme/ops/olga", isOperator: true } as const;
    expect(await REGISTRY.roll(roll)).toMatchObject({ ok: true });
    expect(await holdings.beginCopy({ agent: harmless, skill: SKILL, base: "1.0.0" })).toBeUndefined();
  });

  it("never fails whoever tells of it, whatever that is", async () => {
    const name = await tried(true);
    for (const more of [{ params: {} }, { answer: null }, { ms: -1 }, { agent: "" }, { skill: "__proto__" }])
      expect(await REGISTRY.copy(called(name, "It has 3 words.", more))).toBe(false);
    expect((await copiesOf(name))?.compared ?? 0).toBe(0);
  });
});
