import { evictDurableObject, listDurableObjectIds, runInDurableObject } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { amountOf } from "../../../shared/budget/amount.ts";
import type { ScoreboardApi, SkillOutcome } from "../../../shared/host/governance/api.ts";
import { ScoreSnapshot } from "../../../shared/host/governance/score-snapshot.ts";
import { Scores } from "../../../shared/host/governance/scores.ts";
import { counted, NOBODY_SEEN } from "../../../workers/registry/seen.ts";

const { Scoreboard } = exports as unknown as { Scoreboard: ScoreboardApi };
// Promises of our own: a call's own promise is a stub as well, and rejects once more for each property that is looked at.
const scoreboard: ScoreboardApi = {
  record: async (outcomes, report) => await Scoreboard.record(outcomes, report),
  read: async (agents) => await Scoreboard.read(agents),
};
const { AGENT_SCORES } = env as unknown as { AGENT_SCORES: DurableObjectNamespace };
let agents = 0;

/** Nobody has called it yet. */
function newAgent(): string {
  agents += 1;
  return `agent-${agents}`;
}

function outcome(agent: string, more: Partial<SkillOutcome> = {}): SkillOutcome {
  return { agent, version: "1.0.0", skill: "search", ok: true, ms: 20, cost: amountOf({ calls: 1 }), ...more };
}

/** Outcomes that differ, so that a lost one is seen in the samples too. */
function many(agent: string, count: number, more: Partial<SkillOutcome> = {}): SkillOutcome[] {
  return Array.from({ length: count }, (_, index) => outcome(agent, { ms: index, ...more }));
}

async function scoresOf(agent: string) {
  return (await scoreboard.read([agent]))[agent] ?? {};
}

/** Ends an agent's object as a crash does, whatever it is doing. */
async function crash(agent: string): Promise<void> {
  await runInDurableObject(AGENT_SCORES.getByName(agent), (_object, state) => state.abort("lost")).catch(() => {});
}

describe("the scoreboard counts", () => {
  it("every one of 200 outcomes told by 20 callers at once to an object that is not running", async () => {
    const agent = newAgent();
    const callers = Array.from({ length: 20 }, (_, caller) => many(agent, 10, { ok: caller % 4 !== 0 }));
    await Promise.all(callers.map((outcomes) => scoreboard.record(outcomes)));
    expect(await scoresOf(agent)).toMatchObject({ "1.0.0/search": { successes: 150, failures: 50 } });
  });

  it("every one of 200 single outcomes that come together, while it is read", async () => {
    const agent = newAgent();
    await scoreboard.record([outcome(agent)]);
    const told = many(agent, 200).map((each) => scoreboard.record([each]));
    const reads = Array.from({ length: 20 }, () => scoresOf(agent));
    await Promise.all([...told, ...reads]);
    expect(await scoresOf(agent)).toMatchObject({ "1.0.0/search": { successes: 201 } });
  });

  it("a report of the most outcomes, more than fit into a header", async () => {
    const agent = newAgent();
    const wide = {
      version: '\\"'.repeat(32),
      skill: `s${"x".repeat(127)}`,
      cost: amountOf({ microUsd: 1e12, tokensIn: 1e12, tokensOut: 1e12 }),
    };
    await scoreboard.record(many(agent, 200, wide));
    expect(Object.values(await scoresOf(agent))).toMatchObject([{ successes: 200 }]);
  });

  it("a report once that is sent twice, at once or later, also when it is about several agents", async () => {
    const [one, other] = [newAgent(), newAgent()];
    const outcomes = [...many(one, 100), ...many(other, 3)];
    await Promise.all([scoreboard.record(outcomes, "report-1"), scoreboard.record(outcomes, "report-1")]);
    await crash(one);
    await scoreboard.record(outcomes, "report-1");
    await scoreboard.record(outcomes, "report-2");
    expect(await scoreboard.read([one, other])).toMatchObject({
      [one]: { "1.0.0/search": { successes: 200 } },
      [other]: { "1.0.0/search": { successes: 6 } },
    });
  });

  it("agents, versions and skills apart, whatever they are called", async () => {
    const agent = newAgent();
    await scoreboard.record([
      outcome(agent),
      outcome(agent, { version: "2.0.0" }),
      outcome(agent, { version: "__proto__", skill: "constructor" }),
      outcome(agent, { version: "1.0.0/x", skill: "toString", ok: false }),
      outcome("constructor", { skill: "has" }),
    ]);
    expect(Object.keys(await scoresOf(agent)).sort()).toEqual([
      "1.0.0/search",
      "1.0.0/x/toString",
      "2.0.0/search",
      "__proto__/constructor",
    ]);
    expect(await scoresOf("constructor")).toMatchObject({ "1.0.0/has": { successes: 1, failures: 0 } });
    expect(await scoresOf(agent)).toMatchObject({ "1.0.0/search": { successes: 1 }, "2.0.0/search": { successes: 1 } });
  });
});

describe("what the scoreboard knows", () => {
  it("is the times and costs of the latest 50 successes", async () => {
    const agent = newAgent();
    const cost = amountOf({ microUsd: 7, wallMs: 3 });
    await scoreboard.record([...many(agent, 60), outcome(agent, { ok: false, ms: 9_999 }), outcome(agent, { ms: 60.4, cost })]);
    const { ms, costs } = (await scoresOf(agent))["1.0.0/search"] ?? {};
    expect(ms).toEqual(Array.from({ length: 50 }, (_, index) => index + 11));
    expect(costs).toEqual([...Array.from({ length: 49 }, () => amountOf({ calls: 1 })), cost]);
  });

  it("outlives the eviction and the crash of its object", async () => {
    const agent = newAgent();
    await scoreboard.record(many(agent, 3));
    const before = await scoresOf(agent);
    await evictDurableObject(AGENT_SCORES.getByName(agent));
    expect(await scoresOf(agent)).toEqual(before);
    await scoreboard.record([outcome(agent, { ok: false })]);
    await crash(agent);
    expect(await scoresOf(agent)).toMatchObject({ "1.0.0/search": { successes: 3, failures: 1 } });
  });

  it("holds each report that was answered, through crashes between and during reports", async () => {
    const agent = newAgent();
    let answered = 0;
    for (let round = 0; round < 4; round++) {
      await scoreboard.record([outcome(agent)]);
      const underWay = Array.from({ length: 3 }, () => scoreboard.record([outcome(agent)]));
      const [settled] = await Promise.all([Promise.allSettled(underWay), crash(agent)]);
      answered += 1 + settled.filter(({ status }) => status === "fulfilled").length;
    }
    const { successes = 0 } = (await scoresOf(agent))["1.0.0/search"] ?? {};
    expect(successes).toBeGreaterThanOrEqual(answered);
    expect(successes).toBeLessThanOrEqual(16);
  });

  it("is of the last five versions that somebody called", async () => {
    const agent = newAgent();
    for (const version of ["1", "2", "3", "4", "5", "1", "6"]) await scoreboard.record([outcome(agent, { version })]);
    expect(Object.keys(await scoresOf(agent)).sort()).toEqual(["1/search", "3/search", "4/search", "5/search", "6/search"]);
  });

  it("is all of two versions with as many skills as a card may have: calls to others wash out no failure", async () => {
    const agent = newAgent();
    await scoreboard.record([outcome(agent, { version: "1.1.0", skill: "skill-0", ok: false })]);
    const skills = Array.from({ length: 99 }, (_, index) => outcome(agent, { version: "1.1.0", skill: `skill-${index + 1}` }));
    await scoreboard.record(skills);
    await scoreboard.record(skills.map((each) => ({ ...each, version: "1.0.0" })));
    expect(Object.keys(await scoresOf(agent))).toHaveLength(199);
    expect(await scoresOf(agent)).toMatchObject({ "1.1.0/skill-0": { successes: 0, failures: 1 } });
  });

  it("is of the last 220 skills that somebody called", async () => {
    const agent = newAgent();
    for (const part of [0, 1])
      await scoreboard.record(Array.from({ length: 115 }, (_, index) => outcome(agent, { skill: `skill-${part * 115 + index}` })));
    const known = Object.keys(await scoresOf(agent));
    expect(known).toHaveLength(220);
    expect(known).not.toContain("1.0.0/skill-9");
    expect(known).toContain("1.0.0/skill-10");
  });

  it("is small, whatever was called: of skills that were not called for long, all counts and the latest 10 samples", async () => {
    const dear = { ms: 604_799_999, cost: amountOf({ microUsd: 1e12, tokensIn: 1e12, tokensOut: 1e12, calls: 1e12, wallMs: 1e12 }) };
    const wide = (skill: number) => ({ version: '\\"'.repeat(32), skill: `s${skill}${"x".repeat(120)}`, ok: true, ...dear });
    const every = Array.from({ length: 220 }, (_, skill) => Array.from({ length: 50 }, () => wide(skill))).flat();
    const seen = counted(NOBODY_SEEN, every, null);
    expect(JSON.stringify(seen).length).toBeLessThan(600_000);
    expect(seen.skills).toHaveLength(220);
    expect(seen.skills[0]).toMatchObject({ successes: 50, ms: { length: 10 }, costs: { length: 10 } });
    expect(seen.skills.at(-32)).toMatchObject({ successes: 50, ms: { length: 50 }, costs: { length: 50 } });
  });

  it("has what was declined beside successes and failures, and no such count of others", async () => {
    const agent = newAgent();
    await scoreboard.record([outcome(agent), outcome(agent, { ok: false, declined: true }), outcome(agent, { skill: "other" })]);
    const scores = await scoresOf(agent);
    expect(scores["1.0.0/search"]).toMatchObject({ successes: 1, failures: 0, declined: 1 });
    expect(scores["1.0.0/other"]).not.toHaveProperty("declined");
  });

  it("is nothing of an agent that nobody has called, and asking writes nothing", async () => {
    const [called, asked] = [newAgent(), newAgent()];
    await scoreboard.record([outcome(called)]);
    expect(Object.keys(await scoreboard.read([called, asked, called]))).toEqual([called]);
    const stored = await runInDurableObject(AGENT_SCORES.getByName(asked), (_object, state) => state.storage.list());
    expect([...stored]).toEqual([]);
  });
});

describe("what one isolate saw", () => {
  it("is told once, and is what another one knows then", async () => {
    const agent = newAgent();
    const work: Promise<void>[] = [];
    const isolate = () =>
      new Scores(
        () => Scoreboard,
        (each) => work.push(each),
        new ScoreSnapshot(),
      );
    const [one, other] = [isolate(), isolate()];
    await one.ready([agent]);
    for (const each of many(agent, 70)) one.note(each);
    one.note(outcome(agent, { ok: false }));
    await Promise.all(work);

    await other.ready([agent]);
    await Promise.all(work);
    expect(other.known(agent, "1.0.0", "search")).toMatchObject({ successes: 70, failures: 1 });
    expect(other.known(agent, "1.0.0", "search")).toEqual(one.known(agent, "1.0.0", "search"));
  });
});

describe("the scoreboard refuses", () => {
  // What else keeps an outcome from being counted: test/node/host/score.test.ts.
  it.each<[string, object, RegExp]>([
    ["a time that is no number", { ms: Number.NaN }, /ms must be/],
    ["the prototype as an agent", { agent: "__proto__" }, /agent must be/],
    ["a version that no header holds", { version: "1.0\r\nx: y" }, /version must be/],
  ])("%s, and counts nothing of what came with it", async (_what, more, words) => {
    const agent = newAgent();
    const report = [outcome(agent), { ...outcome(agent), ...more }] as SkillOutcome[];
    await expect(scoreboard.record(report)).rejects.toThrow(words);
    expect(await scoresOf(agent)).toEqual({});
  });

  it("more outcomes or agents than it takes at once, and what is no list", async () => {
    await expect(scoreboard.record(many(newAgent(), 201))).rejects.toThrow(/at most 200/);
    await expect(scoreboard.record({ length: 1 } as never)).rejects.toThrow(/must be a list/);
    await expect(scoreboard.record([null] as never)).rejects.toThrow(/outcome 0/);
    await expect(scoreboard.record([], "no id")).rejects.toThrow(/report must be/);
    await expect(scoreboard.read(Array.from({ length: 101 }, newAgent))).rejects.toThrow(/at most 100/);
    await expect(scoreboard.read(["__proto__"])).rejects.toThrow(/agents must be/);
  });

  it("whoever comes with a request, before any object is made for it", async () => {
    const door = (exports as unknown as { default: Fetcher }).default;
    const before = await listDurableObjectIds(AGENT_SCORES);
    for (const path of ["/", "/do/call/destroy", "/do/set/seen"]) {
      const response = await door.fetch(`https://registry.example${path}`, { headers: { "do-name": "writer", "do-content": "[]" } });
      expect(response.status).toBe(404);
    }
    expect(await listDurableObjectIds(AGENT_SCORES)).toHaveLength(before.length);
  });
});
