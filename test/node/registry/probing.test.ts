import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { amountOf } from "../../../shared/budget/amount.ts";
import { whyQuarantine } from "../../../shared/registry/drift.ts";
import type { Probe, ProbeOutcome } from "../../../shared/registry/probe.ts";
import { evidenceOf, isProbe } from "../../../shared/registry/score.ts";
import type { AgentCard, Json, JsonObject } from "../../../shared/task/a2a-types.ts";
import { sayingCost } from "../../../shared/task/governance-extension.ts";
import { skillNamedIn } from "../../../shared/task/skill-extension.ts";
import { runProbes } from "../../../workers/registry/probing.ts";
import { type Answering, cardOf, completed, type HttpAgent, startAgent } from "./http-agent.ts";
import { outcome, PRIOR } from "./outcomes.ts";
import { PUBLISHING } from "./publishing-contract.ts";

// Agents that do not do what they say, on real connections: each is found out, none holds up whoever asks it.

const PROBE: Probe = { skill: "count", message: "count three herons", expect: { number: { value: 7, within: 0 } } };
/** Long enough for an answer on a busy machine, short enough to wait out. */
const PROBE_MS = 700;

let agent: HttpAgent | undefined;
afterEach(async () => {
  await agent?.stop();
  agent = undefined;
});

async function run(
  answer: Answering,
  { probes = [PROBE], card = cardOf(), local = true, runMs = 60_000, probeMs = PROBE_MS, hidden = [] as readonly Probe[] } = {},
): Promise<ProbeOutcome[]> {
  agent ??= await startAgent(answer);
  const limits = { ...PUBLISHING, probeRunSeconds: runMs / 1_000 };
  return runProbes({ endpoint: agent.endpoint, card, probes, hidden }, { fetch, local, now: Date.now, limits, probeMs });
}

const ended = (state: string, text: string): JsonObject => ({
  task: { id: "t-1", contextId: "c", status: { state, message: { messageId: "m", role: "ROLE_AGENT", parts: [{ text }] } } },
});

describe("an honest agent", () => {
  it("is asked as anybody would ask it, by skill, in the protocol's version, and each time anew", async () => {
    const version = vi.fn();
    const outcomes = await run(
      (_asked, response) => {
        version(response.req.headers["a2a-version"]);
        return completed("There are 7.", sayingCost(amountOf({ microUsd: 40 })));
      },
      { probes: [PROBE, { ...PROBE, data: { pond: "north" } }] },
    );
    expect(outcomes).toMatchObject([
      { skill: "count", ok: true, microUsd: 40, why: "all that was expected holds" },
      { skill: "count", ok: true },
    ]);
    expect(version.mock.calls).toEqual([["1.0"], ["1.0"]]);
    const messages = agent?.asked.flatMap(({ message }) => message ?? []) ?? [];
    expect(messages.map(skillNamedIn)).toEqual(["count", "count"]);
    expect(messages.map(({ parts }) => parts)).toContainEqual([
      { text: PROBE.message },
      { data: { pond: "north" }, mediaType: "application/json" },
    ]);
    expect(new Set(messages.map(({ messageId }) => messageId)).size).toBe(2);
  });
});

describe("an agent that lies", () => {
  it.each<[string, Answering, RegExp]>([
    ["answers wrongly", () => completed("There are 8."), /says 8, and 7 was expected/],
    ["hangs", () => undefined, /has not answered in full within 0\.7 s/],
    ["sends without end", (_asked, response) => void dripping(response, "application/json", " "), /has not answered in full within 0\.7 s/],
    ["sends too much", (_asked, response) => void flood(response), /answers with more than 1024 kB/],
    ["answers a web page", (_asked, response) => void response.setHeader("Content-Type", "text/html").end("<p>7</p>"), /no JSON/],
    ["breaks", (_asked, response) => void response.writeHead(500).end(), /HTTP 500/],
    ["breaks off", (_asked, response) => void response.destroy(), /could not be reached/],
    [
      "sends elsewhere",
      (_asked, response) => void response.writeHead(307, { Location: "http://127.0.0.1:9/" }).end(),
      /redirects to http:\/\/127\.0\.0\.1:9/,
    ],
    ["answers 7 and no more", () => 7, /neither a task nor a message/],
    ["says that it works", () => ended("TASK_STATE_WORKING", "7, soon"), /has not ended/],
    ["asks back", () => ended("TASK_STATE_INPUT_REQUIRED", "Which 7?"), /asked back in place of answering: "Which 7\?"/],
    ["answers with an error", (_asked, response) => void failing(response, -32603, "7"), /error -32603: "7"/],
  ])("is found out: it %s", async (_what, answer, why) => {
    const outcomes = await run(answer);
    expect(outcomes).toMatchObject([{ skill: "count", ok: false, why: expect.stringMatching(why) }]);
  });

  it.each([
    ["may refuse with an error, where it has to refuse", { refuses: true as const }, -32602, "no herons here", true],
    ["does not refuse by breaking", { refuses: true as const }, -32603, "internal error", false],
    ["does not refuse without a word", { refuses: true as const }, -32602, "", false],
    ["does not answer by refusing", PROBE.expect, -32602, "7", false],
  ])("%s", async (_what, expected, code, message, ok) => {
    const outcomes = await run((_asked, response) => void failing(response, code, message), { probes: [{ ...PROBE, expect: expected }] });
    expect(outcomes).toMatchObject([{ ok }]);
  });

  it("has the question taken back that nobody will answer", async () => {
    await run(({ method }) => (method === "CancelTask" ? ended("TASK_STATE_CANCELED", "") : ended("TASK_STATE_INPUT_REQUIRED", "Which?")));
    expect(agent?.asked.map(({ method, params }) => [method, params["id"]])).toEqual([
      ["SendMessage", undefined],
      ["CancelTask", "t-1"],
    ]);
  });

  it("drifts, and is seen to: its score falls, and it is to be taken out of the list", async () => {
    let fair = 24;
    const answer: Answering = () => completed(fair-- > 0 ? "There are 7." : "There are 8.");
    const seen: ProbeOutcome[] = [];
    const reliabilities: number[] = [];
    const reasons: (string | undefined)[] = [];
    for (let day = 0; day < 10; day++) {
      seen.push(...(await run(answer, { probes: [PROBE, PROBE, PROBE, PROBE] })));
      reliabilities.push(evidenceOf(["count"], seen, PRIOR)["count"]?.reliability ?? 0);
      reasons.push(whyQuarantine(PUBLISHING, seen));
    }
    expect(reliabilities.slice(0, 6)).toEqual(reliabilities.slice(0, 6).toSorted());
    expect(reliabilities.slice(5)).toEqual(reliabilities.slice(5).toSorted().toReversed());
    expect(reasons.slice(0, 7)).toEqual(Array.from({ length: 7 }));
    expect(reasons.at(-1)).toBe('skill "count" has fallen: 4 of its last 20 probes held, 20 of its first 20 did');
  });

  it("is taken out although it never was any better", async () => {
    expect(whyQuarantine(PUBLISHING, await run(() => completed("8"), { probes: [PROBE, PROBE, PROBE, PROBE] }))).toMatch(
      /does not hold what is claimed/,
    );
  });
});

describe("a capability that is declared", () => {
  const STREAMS = cardOf({ readOnly: true }, { streaming: true });
  const event = (result: JsonObject) => `data: ${JSON.stringify({ jsonrpc: "2.0", id: 1, result })}\n\n`;
  const working = event({ statusUpdate: { taskId: "t", contextId: "c", status: { state: "TASK_STATE_WORKING" } } });
  const claimOf = async (answer: Answering, card = STREAMS, probeMs = PROBE_MS) =>
    (await run(answer, { card, probes: [], probeMs })).map(({ claim, ok, why }) => ({ claim, ok, why }));

  it.each<[string, string]>([
    ["a status", working],
    ["a task, after a remark", `: hello\n\n${event(completed("7"))}`],
    ["a message", event({ message: { messageId: "m", role: "ROLE_AGENT", parts: [{ text: "7" }] } })],
  ])("is true when it is done, and nothing is left open: the stream gives %s and goes on for ever", async (_what, first) => {
    const claims = await claimOf((_asked, response) => void dripping(response, "text/event-stream", first), STREAMS, 10_000);
    expect(claims).toMatchObject([{ claim: "capabilities.streaming", ok: true }]);
    await vi.waitFor(() => expect(agent?.open()).toBe(0));
  });

  it.each<[string, Answering, RegExp]>([
    ["answers at once and whole", () => completed("7"), /HTTP 200 and no event stream/],
    ["gives another one's events", (_asked, response) => void dripping(response, "text/event-stream", "data: 7\n\n"), /none of A2A/],
    [
      "gives an event of two kinds",
      (_asked, response) => void dripping(response, "text/event-stream", event({ task: {}, message: {} })),
      /none of A2A/,
    ],
    [
      "gives an error",
      (_asked, response) => void dripping(response, "text/event-stream", 'data: {"error":{"code":-32004}}\n\n'),
      /none of A2A/,
    ],
    ["gives remarks without end", (_asked, response) => void dripping(response, "text/event-stream", ": 7\n\n"), /no event within 0\.7 s/],
    ["gives a line without end", (_asked, response) => void flood(response, "text/event-stream"), /stream without an event/],
    [
      "ends it at once",
      (_asked, response) => void response.setHeader("Content-Type", "text/event-stream").end(),
      /stream without an event/,
    ],
    ["hangs", () => undefined, /no event within 0\.7 s/],
  ])("is false when the agent %s", async (_what, answer, why) => {
    const claims = await claimOf(answer);
    expect(claims).toEqual([{ claim: "capabilities.streaming", ok: false, why: expect.stringMatching(why) }]);
    const outcomes = claims.map(({ claim = "", ...each }) => outcome({ skill: "", claim, ...each }));
    expect(evidenceOf(["count"], outcomes, PRIOR)["count"]).toMatchObject({ failures: 0, untrue: ["capabilities.streaming"] });
  });

  it.each<[string, Answering]>([
    ["is broken", (_asked, response) => void response.writeHead(503).end()],
    ["wants to know who asks", (_asked, response) => void response.writeHead(401).end()],
    ["breaks off", (_asked, response) => void response.destroy()],
  ])("is neither when the agent %s", async (_what, answer) => {
    expect(await claimOf(answer)).toEqual([]);
  });

  it("is true when it only failed once", async () => {
    let tries = 0;
    const claims = await claimOf((_asked, response) => {
      tries += 1;
      return tries === 1 ? completed("7") : void dripping(response, "text/event-stream", working);
    });
    expect(tries).toBe(2);
    expect(claims).toMatchObject([{ claim: "capabilities.streaming", ok: true }]);
  });

  it("is neither when it failed once, and there is no time for another try", async () => {
    // 700 ms for a try and 2 s to take it back are kept of these.
    expect(await run(() => undefined, { card: STREAMS, probes: [], runMs: 2_900 })).toEqual([]);
    expect(agent?.asked).toHaveLength(1);
  });

  it("is tried with what a skill may be sent without harm, or not at all", async () => {
    await claimOf((_asked, response) => void dripping(response, "text/event-stream", working));
    expect(agent?.asked.map(({ message }) => message?.parts)).toEqual([[{ text: "count two herons" }]]);
    const harmful = cardOf({ reversible: false }, { streaming: true });
    expect(await claimOf(() => completed("7"), harmful)).toEqual([]);
    expect(agent?.asked).toHaveLength(1);
  });

  it.each([
    ["pushNotifications", -32003, false],
    ["pushNotifications", -32601, false],
    ["pushNotifications", -32001, true],
    ["extendedAgentCard", -32007, false],
    ["extendedAgentCard", -32004, false],
  ])("%s is answered with error %d, and so it is %s", async (capability, code, ok) => {
    const card = cardOf({ readOnly: true }, { [capability]: true });
    expect(await claimOf((_asked, response) => void failing(response, code, "no"), card)).toMatchObject([
      { claim: `capabilities.${capability}`, ok },
    ]);
  });
});

describe("a run of probes", () => {
  const many = (count: number): Probe[] => Array.from({ length: count }, () => PROBE);

  it.each<[string, AgentCard]>([
    ["is irreversible", cardOf({ reversible: false, blast: 1 })],
    ["does not say what it does", cardOf({})],
    ["reaches somebody", cardOf({ reversible: true, blast: 4 })],
  ])("sends nothing to a skill that %s", async (_what, card) => {
    expect(await run(() => completed("7"), { card })).toEqual([]);
    expect(agent?.asked).toEqual([]);
  });

  it("has two under way at most, whatever comes of them", async () => {
    const outcomes = await run(({ method }) => (method === "SendMessage" ? completed("8") : undefined), { probes: many(12) });
    expect(outcomes.filter(isProbe)).toHaveLength(12);
    expect(agent?.mostAtOnce()).toBeLessThanOrEqual(2);
  });

  it("ends in time when every probe hangs, and says nothing of those that had no turn", async () => {
    const since = performance.now();
    const outcomes = await run(() => undefined, { probes: many(50), runMs: 4_000 });
    expect(performance.now() - since).toBeLessThan(4_000);
    expect(outcomes.length).toBeGreaterThanOrEqual(2);
    expect(outcomes.length).toBe(agent?.asked.length);
    expect(outcomes.length).toBeLessThan(50);
  });

  it("ends when it has cost enough, by the agent's own account or by its card's", async () => {
    const dear = await run(() => completed("7", sayingCost(amountOf({ microUsd: 30_000 }))), { probes: many(20) });
    // Four of 30,000 pass 100,000; one more may be under way beside the fourth.
    expect([4, 5]).toContain(dear.length);
    await agent?.stop();
    agent = undefined;
    const priced = await run(() => completed("7"), { probes: many(20), card: cardOf({ readOnly: true, price: 50_000 }) });
    expect([2, 3]).toContain(priced.length);
  });

  it("sends the operator's own probes before its publisher's, and does not give them away", async () => {
    const hidden = [{ skill: "count", message: "count the secret herons", expect: { number: { value: 99, within: 0 } } }];
    const outcomes = await run(() => completed("7"), { hidden });
    expect(agent?.asked.map(({ message }) => message?.parts[0]?.text).toSorted()).toEqual(["count the secret herons", PROBE.message]);
    expect(outcomes.map(({ ok }) => ok)).toEqual([false, true]);
    expect(outcomes[0]?.why).toBe("did not do what a probe of the operator's own expects");
    // When it was, and how long it took, may have any digits.
    expect(JSON.stringify(outcomes.map(({ at: _, ms: __, ...said }) => said))).not.toMatch(/secret|99/);
  });

  it("sends the operator's own no more than others to a skill that may do harm", async () => {
    expect(await run(() => completed("7"), { probes: [], hidden: [PROBE], card: cardOf({ reversible: false }) })).toEqual([]);
    expect(agent?.asked).toEqual([]);
  });

  it("comes to an outcome for each probe, in words, whatever JSON the agent answers", async () => {
    let said: Json = null;
    const answer: Answering = () => said;
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.jsonValue(),
          fc.jsonValue().map((value) => ({ task: { id: "t", status: value, artifacts: value } })),
        ),
        async (json) => {
          said = json as Json;
          const outcomes = await run(answer, { probes: [{ ...PROBE, expect: { contains: ["heron!"] } }] });
          expect(outcomes).toMatchObject([{ ok: false, why: expect.stringMatching(/\S/) }]);
        },
      ),
      { numRuns: 60 },
    );
  });

  it("reaches nothing inside, where this is nobody's own machine", async () => {
    const outcomes = await run(() => completed("7"), { local: false, card: cardOf({ readOnly: true }, { streaming: true }) });
    expect(outcomes).toMatchObject([{ skill: "count", ok: false, why: expect.stringMatching(/must be a public address/) }]);
    expect(agent?.asked).toEqual([]);
  });
});

type Open = Parameters<Answering>[1];

/** The same again and again, until whoever reads it goes. */
function dripping(response: Open, type: string, what: string): void {
  response.setHeader("Content-Type", type);
  response.write(what);
  const timer = setInterval(() => response.write(what), 20);
  response.on("close", () => clearInterval(timer));
}

/** As fast as it is taken, and without a line's end. */
function flood(response: Open, type = "application/json"): void {
  response.setHeader("Content-Type", type);
  const more = () => {
    while (!response.destroyed && response.write("7".repeat(16_384)));
  };
  response.on("drain", more);
  more();
}

function failing(response: Open, code: number, message: string): void {
  response.setHeader("Content-Type", "application/json").end(JSON.stringify({ jsonrpc: "2.0", id: 1, error: { code, message } }));
}
