import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { markLine, rolloutLine, rolloutLines } from "../../../cli/rollout-words.ts";
import { chain, event, InTurn, listed, openRegistry, type RegistryByHand, refusal, report, T0 } from "./registry-by-hand.ts";

const NOW = Date.parse(T0) + 3 * 60_000;
const ROLLOUT = "/registry/agents/weather/rollout";
const LOG = "GET /registry/log?limit=1000&after=";

let registry: RegistryByHand;
let { calls, answers, statusOf, run } = {} as RegistryByHand;

beforeEach(async () => {
  registry = await openRegistry();
  ({ calls, answers, statusOf, run } = registry);
  answers["GET /registry/agents/weather"] = { versions: [listed({ status: "candidate" }), listed({ version: "1.1.0" })] };
});

afterEach(() => registry.close());

describe("npm run rollout", () => {
  it("shows all that are under way, one line each", async () => {
    answers["GET /registry/rollouts"] = { rollouts: [report(), report({ name: "tides", stage: "shadow", share: 0 })] };
    const { code, out } = await run("rollout");
    expect(out).toMatch(/^weather 1\.2\.0 in canary, 10% of new calls, the others to 1\.1\.0 {2}step begun .*waits for 8 more calls/);
    expect(out).toMatch(/\ntides 1\.2\.0 in shadow, copies of calls, .*\n$/);
    expect(out.trim().split("\n")).toHaveLength(2);
    expect(code).toBe(0);
  });

  it("says so where there is none", async () => {
    expect(await run("rollout")).toMatchObject({ code: 0, out: "", err: expect.stringContaining("no new version is being tried") });
  });

  it("shows of one what was seen of both, and what was decided about the candidate so far", async () => {
    const changed = { version: "1.2.0", what: "changed", status: "candidate" } as const;
    const rows = chain([event(1), event(2, { status: "candidate" }), event(3, { ...changed, reason: "has 10 of 10 copies seen" })]);
    answers[`GET ${ROLLOUT}`] = { rollout: report() };
    answers[`${LOG}0`] = { rows, last: 3 };
    const { code, out } = await run("rollout", "weather");
    expect(out).toContain("1.1.0, calls  96 of 98 went well, 20 ms, $0.000100\n");
    expect(out).toContain("1.2.0, calls  11 of 12 went well, 23 ms, $0.000120\n");
    expect(out).toMatch(/1\.2\.0 changed, candidate: has 10 of 10 copies seen/);
    expect(out).not.toMatch(/1\.1\.0 published/);
    expect(code).toBe(0);
  });

  it("shows of one that is over how its version stands", async () => {
    const back = { status: "quarantined", reason: "taken back: skill list-figures is slower" } as const;
    answers[`GET ${ROLLOUT}`] = {};
    answers["GET /registry/agents/weather"] = { versions: [listed(back), listed({ version: "1.1.0" })] };
    answers[`${LOG}0`] = { rows: chain([event(1)]), last: 1 };
    const { code, out, err } = await run("rollout", "weather");
    expect(err).toContain("no version of weather is being tried");
    expect(out).toMatch(/^weather 1\.2\.0 {2}quarantined: taken back: skill list-figures is slower/);
    expect(code).toBe(0);
  });

  it("says of a name that nobody has published that it is not there", async () => {
    const missing = refusal(404, "AGENT_NOT_FOUND", "no agent is published as nobody", "name", "name is published");
    for (const line of ["GET /registry/agents/nobody", "GET /registry/agents/nobody/rollout"]) {
      answers[line] = missing;
      statusOf[line] = 404;
    }
    expect(await run("rollout", "nobody")).toMatchObject({ code: 1, err: expect.stringContaining("nobody") });
  });
});

describe("npm run rollout --to", () => {
  it("sends it there with the reason, and shows where it is then", async () => {
    answers[`POST ${ROLLOUT}`] = { entry: listed({ status: "candidate", reason: "in ramp beside version 1.1.0" }) };
    answers[`GET ${ROLLOUT}`] = { rollout: report({ stage: "ramp", share: 0.25 }) };
    const { code, out } = await run("rollout", "weather", "--to", "ramp", "--reason", "looked at it");
    const body = { to: "ramp", reason: "looked at it", from: { stage: "ramp", share: 0.25 } };
    expect(calls.find(({ line }) => line.startsWith("POST"))).toMatchObject({ line: `POST ${ROLLOUT}`, body, credentials: "sk-of-mine" });
    expect(out).toMatch(/weather 1\.2\.0 {2}candidate: in ramp[\s\S]*1\.2\.0 in ramp, 25% of new calls/);
    expect(code).toBe(0);
  });

  it.each([
    ["active", "listed", "1.2.0", "new calls go to 1.2.0 within seconds\n"],
    ["back", "quarantined", "1.1.0", "new calls go to 1.1.0 within seconds; those that are out to 1.2.0 go on there\n"],
  ] as const)("says where calls go once it was sent %s", async (to, status, version, says) => {
    answers[`POST ${ROLLOUT}`] = { entry: listed({ status }) };
    answers[`GET ${ROLLOUT}`] = {};
    answers["GET /registry/agents"] = { agents: [listed({ version })] };
    expect(await run("rollout", "weather", "--to", to, "--reason", "looked at it")).toMatchObject({ code: 0, err: says });
  });

  it("says what the registry refuses, and the rule", async () => {
    const line = `POST ${ROLLOUT}`;
    answers[line] = refusal(403, "X", "to: only an operator sends a rollout on", "to", "to is another stage by an operator only");
    statusOf[line] = 403;
    answers[`GET ${ROLLOUT}`] = { rollout: report() };
    const { code, err } = await run("rollout", "weather", "--to", "active", "--reason", "now");
    expect(err).toContain("only an operator sends a rollout on");
    expect(code).toBe(1);
  });

  it.each([
    [["weather", "--to", "back"], "--reason"],
    [["weather", "--to", "back", "--reason", " "], "--reason"],
    [["weather", "--to", "live", "--reason", "why"], "shadow, canary, ramp, active, back"],
    [["weather", "--reason", "why"], "--to"],
    [["--to", "back", "--reason", "why"], "which agent?"],
    [["--watch"], "which agent?"],
    [["weather", "tides"], "one agent at a time"],
  ])("asks nobody when it is called as %j", async (args, says) => {
    expect(await run("rollout", ...args)).toMatchObject({ code: 2, err: expect.stringContaining(says) });
    expect(calls).toEqual([]);
  });
});

describe("npm run rollout --watch", () => {
  it.each([
    ["listed", 0],
    ["quarantined", 1],
  ] as const)("follows it from step to step, each said once, until it is %s", async (status, exit) => {
    const rows = chain([event(1), event(2, { status: "candidate" }), event(3, { version: "1.2.0", what: "changed", status })]);
    const candidate = listed({ status: "candidate" });
    answers["GET /registry/agents/weather"] = new InTurn({ versions: [candidate] }, { versions: [listed({ status })] });
    answers[`GET ${ROLLOUT}`] = new InTurn({ rollout: report() }, { rollout: report({ stage: "ramp", share: 0.25 }) }, {});
    answers[`${LOG}0`] = { rows: rows.slice(0, 2), last: 2 };
    answers[`${LOG}2`] = new InTurn({ rows: [], last: 2 }, { rows: rows.slice(2), last: 3 });
    answers[`${LOG}3`] = { rows: [], last: 3 };
    const { code, out } = await run("rollout", "weather", "--watch");
    const steps = out
      .trim()
      .split("\n")
      .map((line) => line.match(/ published,|canary|ramp|changed|key thumb/)?.[0]);
    expect(steps.filter((step) => step !== undefined)).toEqual([" published,", "canary", "ramp", "changed", "key thumb"]);
    expect(code).toBe(exit);
  });
});

describe("words about a rollout", () => {
  it("show of copies what came of the calls, of the copies, and how many answers were alike", () => {
    const seen = { successes: 9, failures: 1, ms: 20 };
    const copies = { base: seen, candidate: { ...seen, ms: 31 }, compared: 8, alike: 7 };
    const none = { successes: 0, failures: 0 };
    const lines = rolloutLines(report({ stage: "shadow", share: 0, skills: { count: { base: seen, candidate: none, copies } } }), NOW);
    expect(lines).toContain("    1.1.0, calls   9 of 10 went well, 20 ms");
    expect(lines).toContain("    1.2.0, calls   none yet");
    expect(lines).toContain("    1.1.0, copied  9 of 10 went well, 20 ms");
    expect(lines).toContain("    1.2.0, copies  9 of 10 went well, 31 ms; 7 of 8 answers alike");
    expect(lines.join("\n")).toContain("begun 3 min ago");
  });

  it("say what it waits for, and how it stands with its gates", () => {
    const lines = rolloutLines(report(), NOW);
    expect(lines).toContain("  waits for 8 more calls to the candidate");
    expect(lines).toContain("  1.2.0 has 12 of 20 calls seen, and no gate is breached");
    expect(rolloutLine(report({ waitsFor: "" }), NOW)).toContain("waits for the next look at its gates");
  });

  it("keep to their line whatever strangers wrote", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const none = { successes: 0, failures: 0 };
        const said = { name: text, version: text, base: text, why: text, waitsFor: text };
        const hostile = report({ ...said, skills: { [text]: { base: none, candidate: none } } });
        for (const line of [...rolloutLines(hostile, NOW), rolloutLine(hostile, NOW), markLine(hostile)])
          expect(line).not.toMatch(/[\p{Cc}\u2028\u2029\u202e]/u);
      }),
    );
  });
});
