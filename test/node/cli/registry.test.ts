import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { againstLog, shownOf } from "../../../cli/log-check.ts";
import type { Listed } from "../../../cli/registry.ts";
import { agentLines, measuredInWords, publisherInWords, shellWord, skippedLines } from "../../../cli/registry-words.ts";
import type { LogRow } from "../../../shared/registry/history.ts";
import { chain, event, listed, openRegistry, type RegistryByHand, refusal, report } from "./registry-by-hand.ts";

let registry: RegistryByHand;
let { mesh, calls, answers, statusOf, run } = {} as RegistryByHand;

beforeEach(async () => {
  registry = await openRegistry();
  ({ mesh, calls, answers, statusOf, run } = registry);
});

afterEach(() => registry.close());

describe("npm run publish:card", () => {
  it("shows each check that was passed, what was measured, and how to call the agent", async () => {
    const checks = [
      { field: "signature", rule: "is signed by a key of the publisher's" },
      { field: "endpoint", rule: "answers" },
    ];
    const evidence = { "list-figures": { successes: 2, failures: 0, reliability: 0.81, ms: 41.2, microUsd: 0, untrue: [] } };
    answers["POST /registry/agents"] = { entry: listed(), checks, again: false };
    answers["GET /registry/agents/weather"] = { versions: [listed({ evidence })] };
    const { code, out, err } = await run("publish-card", "http://127.0.0.1:9/");
    expect(out).toMatch(/^weather 1\.2\.0 is published at /);
    expect(out).toContain("✓ signature  is signed by a key of the publisher's");
    expect(out).toContain("list-figures  2 of 2 held, counts as 0.81, 41 ms, $0.00");
    expect(err).toMatch(/npm run call -- .*'List the figures'/);
    expect(calls[0]).toMatchObject({ body: { url: "http://127.0.0.1:9" }, credentials: "sk-of-mine" });
    expect(code).toBe(0);
  });

  it("names the field and the rule of a refusal", async () => {
    const line = "POST /registry/agents";
    answers[line] = refusal(400, "X", "the card is not signed: sign it", "signature", "signature is made by a key of the publisher's");
    statusOf[line] = 400;
    const { code, out, err } = await run("publish-card", "http://127.0.0.1:9");
    expect(err).toContain("says: the card is not signed: sign it\n  the rule: signature is made by a key of the publisher's\n");
    expect({ code, out }).toEqual({ code: 1, out: "" });
  });

  it("names the rule also where it is about whose an agent is", async () => {
    const line = "POST /registry/agents";
    answers[line] = refusal(403, "X", 'name: "weather" was published by somebody else', "name", "name is its publisher's own");
    statusOf[line] = 403;
    const { code, err } = await run("publish-card", "http://127.0.0.1:9");
    expect(err).toContain("was published by somebody else (the rule: name is its publisher's own)");
    expect(code).toBe(1);
  });

  it("says of one in quarantine why it is not found, and fails", async () => {
    const entry = listed({ status: "quarantined", reason: "skills[0].description tells the reader what to do" });
    answers["POST /registry/agents"] = { entry, checks: [], again: false };
    answers["GET /registry/agents/weather"] = { versions: [entry] };
    const { code, err } = await run("publish-card", "http://127.0.0.1:9");
    expect(err).toContain("quarantined: skills[0].description tells the reader what to do");
    expect(code).toBe(1);
  });

  it("says of a candidate that the version before goes on, what comes next, and how to watch it", async () => {
    const entry = listed({ status: "candidate", reason: "in shadow beside version 1.1.0" });
    answers["POST /registry/agents"] = { entry, checks: [], again: false };
    answers["GET /registry/agents/weather"] = { versions: [entry, listed({ version: "1.1.0" })] };
    answers["GET /registry/agents/weather/rollout"] = { rollout: report({ stage: "shadow", share: 0 }) };
    const { code, out, err } = await run("publish-card", "http://127.0.0.1:9");
    expect(out).toContain("1.2.0 is a candidate: 1.1.0 goes on being called");
    expect(out).toMatch(/shadow +it gets copies of calls.*← now\n +canary .*\n +ramp .*\n +active /);
    expect(err).toMatch(/npm run rollout -- .*weather --watch/);
    expect(code).toBe(0);
  });

  it("asks for no rollout only where it is told to", async () => {
    answers["POST /registry/agents"] = { entry: listed(), checks: [], again: false };
    answers["GET /registry/agents/weather"] = { versions: [listed()] };
    await run("publish-card", "http://127.0.0.1:9");
    await run("publish-card", "http://127.0.0.1:9", "--at-once");
    const bodies = calls.filter(({ line }) => line.startsWith("POST")).map(({ body }) => body);
    expect(bodies).toEqual([{ url: "http://127.0.0.1:9" }, { url: "http://127.0.0.1:9", atOnce: true }]);
  });

  it("says what to start when the agent of that name does not run by itself", async () => {
    const { code, err } = await run("publish-card", "analyst");
    expect(err).toContain("npm run serve -- analyst");
    expect(code).toBe(1);
    expect(calls).toEqual([]);
  });
});

describe("npm run agents", () => {
  it("shows each with how it stands, by whom, and what was measured beside what is claimed", async () => {
    const evidence = { "list-figures": { successes: 3, failures: 1, reliability: 0.44, untrue: ["capabilities.streaming"] } };
    answers["GET /registry/agents"] = { agents: [listed({ evidence, publisher: "acme/desk/ann%2Fb" })] };
    const { out } = await run("agents");
    expect(out).toContain("weather 1.2.0  listed  by desk/ann/b of acme");
    expect(out).toContain("list-figures  3 of 4 held, counts as 0.44");
    expect(out).toContain("claims capabilities.streaming, which was found to be false");
  });

  it("reads the list page by page", async () => {
    answers["GET /registry/agents"] = { agents: [listed({ name: "a" }), listed({ name: "b/c" })], next: "b/c" };
    answers["GET /registry/agents?after=b%2Fc"] = { agents: [listed({ name: "d" })] };
    const { out } = await run("agents", "--json");
    expect(
      out
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line).name),
    ).toEqual(["a", "b/c", "d"]);
  });

  it("marks the one of which a new version is being tried", async () => {
    answers["GET /registry/agents"] = { agents: [listed({ name: "tides" }), listed({ version: "1.1.0" })] };
    answers["GET /registry/rollouts"] = { rollouts: [report()] };
    const { out } = await run("agents");
    expect(out).toMatch(/^weather 1\.1\.0 {2}listed .*\n.*\n {2}1\.2\.0 in canary, 10% of new calls: npm run rollout -- weather\n$/m);
    expect(out.match(/npm run rollout/g)).toHaveLength(1);
  });

  it("shows all versions of one, and the rows of the log about it", async () => {
    const rows = chain([event(1), event(2, { name: "other" }), event(3, { what: "changed", status: "revoked", reason: "it lied" })]);
    answers["GET /registry/agents"] = { agents: [listed()] };
    answers["GET /registry/agents/weather"] = { versions: [listed(), listed({ version: "1.1.0", status: "revoked", reason: "it lied" })] };
    answers["GET /registry/log?limit=1000&after=0"] = { rows, last: 3 };
    answers["GET /registry/agents/weather/rollout"] = {};
    const { out } = await run("agents", "weather");
    expect(out).toMatch(/weather 1\.1\.0 {2}revoked: it lied/);
    expect(out).toMatch(/1 {2}2026\S+ {2}1\.1\.0 published, listed/);
    expect(out).toMatch(/3 {2}2026\S+ {2}1\.3\.0 changed, revoked: it lied/);
    expect(out).not.toContain("other");
  });

  it("says of a name that nobody has published that it is not there", async () => {
    const line = "GET /registry/agents/nobody";
    answers[line] = refusal(404, "AGENT_NOT_FOUND", "no agent is published as nobody", "name", "is published");
    statusOf[line] = 404;
    expect(await run("agents", "nobody")).toMatchObject({ code: 1, err: expect.stringContaining('nobody has published "nobody"') });
  });
});

describe("npm run search", () => {
  it("shows what fits in the registry's order, each with why", async () => {
    const found = [{ agent: "weather", skill: "list-figures", version: "1.2.0", score: 0.831, because: ["3 of 4 words", "4 of 4 held"] }];
    answers["GET /registry/search?need=figures+of+a+note&limit=5"] = { found };
    const { code, out } = await run("search", "figures", "of a note");
    expect(out).toBe("0.83  weather/list-figures 1.2.0\n      3 of 4 words\n      4 of 4 held\n");
    expect(code).toBe(0);
  });

  it("fails when nothing fits", async () => {
    answers["GET /registry/search?need=x&limit=2"] = { found: [] };
    expect(await run("search", "x", "--limit", "2")).toMatchObject({ code: 1, out: "" });
  });

  it("says what counts how much", async () => {
    answers["GET /registry/search?need=x&limit=5&cost=1&latency=0.5"] = { found: [] };
    expect((await run("search", "x", "--prefer", "cost=1,latency=0.5")).err).toContain("no published skill fits");
  });
});

describe("npm run revoke", () => {
  it("asks why before it asks anybody else", async () => {
    expect(await run("revoke", "weather")).toMatchObject({ code: 2, err: expect.stringContaining("--reason") });
    expect(calls).toEqual([]);
  });

  it.each([
    [[], "revoke"],
    [["--deprecate"], "deprecate"],
    [["--restore"], "restore"],
    [["--quarantine"], "quarantine"],
  ])("with %j asks to %s, with the reason and the version", async (options, verb) => {
    answers[`POST /registry/agents/weather/${verb}`] = { entry: listed() };
    answers["GET /registry/agents/weather"] = { versions: [listed()] };
    const { code } = await run("revoke", "weather", "--reason", "it lied", "--version", "1.2.0", ...options);
    expect(calls[0]).toMatchObject({ line: `POST /registry/agents/weather/${verb}`, body: { reason: "it lied", version: "1.2.0" } });
    expect(code).toBe(0);
  });
});

describe("npm run verify -- --log", () => {
  const verifying = (rows: readonly LogRow[], agents: readonly Listed[], ...more: string[]) => {
    // In two pages, so that the chain is followed from one into the next.
    answers["GET /registry/log?limit=1000&after=0"] = { rows: rows.slice(0, 2), last: rows.length };
    answers["GET /registry/log?limit=1000&after=2"] = { rows: rows.slice(2), last: rows.length };
    answers["GET /registry/agents"] = { agents: agents.slice(0, 1) };
    for (const name of ["weather", "tides"])
      answers[`GET /registry/agents/${name}`] = { versions: agents.filter((each) => each.name === name) };
    return run("verify", "--log", ...more);
  };
  const whole = () => chain([event(1), event(2), event(3, { name: "tides" })]);
  const shown = () => [listed(), listed({ version: "1.1.0" }), listed({ name: "tides", version: "1.3.0" })];

  it("says of a whole log how far it was checked, and which hash to keep", async () => {
    const { code, out } = await verifying(whole(), shown());
    expect(out).toContain("3 rows about 2 agents");
    expect(out).toContain(whole()[2]?.hash);
    expect(code).toBe(0);
  });

  it.each<[string, (rows: LogRow[]) => LogRow[], number]>([
    ["a row says something else", ([one, two, ...rest]) => [one, { ...two, status: "revoked" }, ...rest] as LogRow[], 2],
    ["a row is left out", ([one, , ...rest]) => [one, ...rest] as LogRow[], 2],
    ["the first rows are left out", ([, , ...rest]) => rest, 1],
    ["two rows stand in each other's place", ([one, two, three]) => [one, three, two] as LogRow[], 2],
  ])("fails and names the row when %s", async (_what, change, row) => {
    const { code, err } = await verifying(change(whole()), shown());
    expect(err).toContain(`row ${row} of the log`);
    expect(code).toBe(1);
  });

  it("fails when the registry shows another card, or another status, than its log says last", async () => {
    const [weather, ...others] = shown();
    const { err } = await verifying(whole(), [{ ...listed(weather), digest: "cd".repeat(32) }, ...others]);
    expect(err).toContain("the card of weather 1.2.0 is another one");
    const { code } = await verifying(whole(), [listed({ status: "deprecated" }), ...others]);
    expect(code).toBe(1);
  });

  it("fails when a card was changed beside a digest that is right, also of a version that is not called", async () => {
    const [weather, { card }, ...others] = shown() as [Listed, Listed, Listed];
    const changed = listed({ version: "1.1.0", card: { ...card, description: "reads everything" } });
    const { code, err } = await verifying(whole(), [weather, changed, ...others]);
    expect(err).toContain("the card that is shown of weather 1.1.0 is not the one that was published");
    expect(code).toBe(1);
  });

  it("fails when a version is not shown any more that the log knows", async () => {
    const { code, err } = await verifying(whole(), shown().slice(0, 2));
    expect(err).toContain("the log knows tides 1.3.0 (row 3), which the registry does not show");
    expect(code).toBe(1);
  });

  it("reads an agent's versions page by page, each card held to its digest", async () => {
    const [weather, older, ...others] = shown() as [Listed, Listed, Listed];
    await verifying(whole(), [weather, ...others]);
    answers["GET /registry/agents/weather"] = { versions: [weather], next: "1.2.0" };
    answers["GET /registry/agents/weather?after=1.2.0"] = { versions: [older] };
    expect((await run("verify", "--log")).code).toBe(0);
    answers["GET /registry/agents/weather?after=1.2.0"] = { versions: [{ ...older, card: { ...older.card, description: "other" } }] };
    expect(await run("verify", "--log")).toMatchObject({ code: 1, err: expect.stringContaining("shown of weather 1.1.0 is not the one") });
  });

  it("names an agent that cannot be read, and checks the others", async () => {
    const [weather, older, { card, ...tides }] = shown() as [Listed, Listed, Listed];
    await verifying(whole(), [weather, older, { ...tides, card, status: "deprecated" }]);
    answers["GET /registry/agents/weather"] = refusal(500, "INTERNAL", "it is too large", "name", "name is small");
    statusOf["GET /registry/agents/weather"] = 500;
    const { code, err } = await run("verify", "--log");
    expect(err).toContain("weather cannot be read");
    expect(err).toContain("tides 1.3.0 is shown as deprecated");
    expect(err).not.toContain("the log knows weather");
    expect(code).toBe(1);
  });

  it("tells a log that was written anew from the one whose last hash was kept", async () => {
    const kept = whole().at(-1)?.hash ?? "";
    expect((await verifying(whole(), shown(), "--last", kept)).code).toBe(0);
    const anew = chain([event(1), event(2), event(3, { name: "tides", by: "local/local/other" })]);
    expect(await verifying(anew, shown(), "--last", kept)).toMatchObject({ code: 1, err: expect.stringContaining(kept) });
  });
});

describe("npm run call -- --agent", () => {
  it("calls a published agent at its own address, which is not told who is calling", async () => {
    const { url, endpoint } = { url: `${mesh}/elsewhere`, endpoint: `${mesh}/elsewhere` };
    answers["GET /registry/agents/weather"] = { versions: [listed({ url, endpoint })] };
    await run("call", "--agent", "weather", "hello");
    const asked = calls.find(({ line }) => line === "GET /elsewhere/.well-known/agent-card.json");
    expect(asked).toBeDefined();
    expect(asked?.credentials).toBeUndefined();
  });

  it("says of a revoked one why it is not called", async () => {
    answers["GET /registry/agents/weather"] = { versions: [listed({ status: "revoked", reason: "it lied" })] };
    expect(await run("call", "--agent", "weather", "hello")).toMatchObject({ code: 1, err: expect.stringContaining("revoked: it lied") });
  });
});

describe("words about agents", () => {
  it("keep to their line whatever a card says", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const { card } = listed();
        const hostile = listed({
          reason: text,
          url: text,
          card: { ...card, skills: [{ id: text, name: text, description: text, tags: [text] }] },
        });
        for (const line of agentLines(hostile)) expect(line).not.toMatch(/[\p{Cc}\u2028\u2029\u202e]/u);
        expect(publisherInWords(text)).not.toMatch(/\p{Cc}/u);
      }),
    );
  });

  it("are one word to a shell, in which nothing is run", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        // What is between quotes is not read; a quote itself is put between two such texts.
        expect(shellWord(text)).toMatch(/^'[^']*'(\\''[^']*')*$/);
      }),
    );
  });

  it("say what a skill counts as before anything was measured", () => {
    expect(measuredInWords({ successes: 0, failures: 0, reliability: 0.5, untrue: [] })).toBe("not measured yet, counts as 0.50");
    expect(measuredInWords(undefined)).toBe("not measured yet");
  });

  it("say what failed last, and when", () => {
    const lastFailure = { at: "2026-11-21T12:00:00.000Z", why: "says 8, and 7 was expected" };
    const evidence = { "list-figures": { successes: 2, failures: 1, reliability: 0.5, untrue: [], lastFailure } };
    expect(agentLines(listed({ evidence })).join("\n")).toContain("failed at 2026-11-21T12:00:00.000Z: says 8, and 7 was expected");
  });

  it("say of which skills no probe is sent, and what their card would have to say", () => {
    const probe = { skill: "list-figures", message: "m", expect: { refuses: true as const } };
    const { card } = listed();
    const silent = { ...card, capabilities: {} };
    expect(skippedLines({ card: silent, probes: [probe, probe] })).toEqual([
      expect.stringMatching(/list-figures is not probed: it declares neither "readOnly"/),
    ]);
    expect(skippedLines({ card: silent, probes: [] })).toEqual([]);
  });

  it("find nothing wrong where a registry shows what its log said last", () => {
    const rows = chain([event(1), event(2, { version: "1.1.0", what: "changed", status: "deprecated" })]);
    const deprecated = listed({ version: "1.1.0", status: "deprecated" });
    expect(againstLog(rows, [deprecated].map(shownOf))).toEqual([]);
    expect(againstLog(rows, [deprecated, listed({ name: "tides" })].map(shownOf))).toEqual([
      expect.stringContaining("tides 1.2.0, of which its log"),
    ]);
  });
});
