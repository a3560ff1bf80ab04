import { existsSync, readdirSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { chooseProbes, harmlessMessage } from "../../../shared/registry/probe-choice.ts";
import { describeProbeFileError, parseProbes } from "../../../shared/registry/probe-file.ts";
import { checkProbes, MOST_PROBES } from "../../../shared/registry/probe-rules.ts";
import type { AgentCard } from "../../../shared/task/a2a-types.ts";
import { parseCard } from "../../../shared/task/agent-card.ts";
import { skillFactsIn } from "../../../shared/task/skill-facts.ts";

const CARDS = new URL("../../../agent-cards/", import.meta.url);
const GOOD = `# What it can do.
probes:
  - skill: count
    message: how many herons are three herons
    expect:
      number: { value: 3, within: 0 }
      withinMs: 2000
  - skill: count
    message: count what there is
    data: { herons: [grey, purple] }
    expect:
      refuses: true
`;

const errorIn = (text: string, skills?: readonly string[]) => {
  const read = parseProbes(text, "heron.probes.yaml", skills);
  if (read.ok) throw new Error("it was accepted");
  return describeProbeFileError(read.error);
};

describe("a file of probes", () => {
  it("is read as it is written", () => {
    expect(parseProbes(GOOD, "heron.probes.yaml", ["count"])).toEqual({
      ok: true,
      probes: [
        { skill: "count", message: "how many herons are three herons", expect: { number: { value: 3, within: 0 }, withinMs: 2000 } },
        { skill: "count", message: "count what there is", data: { herons: ["grey", "purple"] }, expect: { refuses: true } },
      ],
    });
  });

  it.each([
    ["a misspelt expectation", "withinMs", "withinMS", "heron.probes.yaml:7:7: probes[0].expect.withinMS is not known there"],
    ["a text for a number", "value: 3", "value: three", ":6:17: probes[0].expect.number.value must be a number"],
    ["half a number", "{ value: 3, within: 0 }", "{ value: 3 }", ":6:7: probes[0].expect.number.within is missing"],
    ["a number alone", "{ value: 3, within: 0 }", "3", ":6:7: probes[0].expect.number must be { value, within }"],
    ["a patience beyond the mesh's", "2000", "20000", ":7:7: probes[0].expect.withinMs must be a whole number from 1 to 10000"],
    ["a refusal that is false", "refuses: true", "refuses: false", ":12:7: probes[1].expect.refuses must be true"],
    ["no expectation", "      refuses: true\n", "", ":11:5: probes[1].expect must be an object"],
    ["an empty expectation", "\n      refuses: true", " {}", ":11:5: probes[1].expect must say what must hold"],
    ["an unknown type", "refuses: true", "data: { n: float }", ":12:15: probes[1].expect.data.n must be one of string, number"],
    ["a list of data", "{ herons: [grey, purple] }", "[grey]", ":10:5: probes[1].data must be an object"],
    [
      "a skill that is not the card's",
      "- skill: count\n    message: count",
      "- skill: cuont\n    message: count",
      ":8:5: probes[1].skill must be a skill of the card: count",
    ],
    [
      "a skill that is not the card's, the first",
      "skill: count\n    message: how",
      "skill: cuont\n    message: how",
      ":3:5: probes[0].skill must be a skill of the card: count",
    ],
    ["no message", "    message: count what there is\n", "", "probes[1].message is missing"],
    ["a message that is blank", "count what there is", '"  "', ":9:5: probes[1].message must be a text of 1 to 4000 characters"],
    ["a message without end", "count what there is", "x".repeat(4_001), "probes[1].message must be a text of 1 to 4000 characters"],
    ["another key", "probes:", "agent: heron\nprobes:", ":2:1: agent is not known there"],
    ["a key that is there twice", "      refuses: true", "      refuses: true\n      refuses: true", ":13:7: it is no YAML"],
    ["a list alone", "probes:\n", "", ":2:3: it must begin with"],
    ["an alias that leads nowhere", "{ herons: [grey, purple] }", "*herons", "it has an alias"],
  ])("is refused for %s, at its line", (_what, from, to, words) => {
    const text = GOOD.replace(from, to);
    expect(text).not.toBe(GOOD);
    expect(errorIn(text, ["count"])).toContain(words === ":2:3: it must begin with" ? ":1:1: it must begin with" : words);
  });

  it.each(["", "probes", "probes: 7", "probes:\n  one: 1", "{}", "\u0000", "probes: [*a]"])("is refused when it is %j", (text) => {
    expect(errorIn(text)).toMatch(/^heron\.probes\.yaml:\d+:\d+: /);
  });

  it("holds so many probes and no more", () => {
    const probes = (count: number) => Array.from({ length: count }, () => ({ skill: "s", message: "m", expect: { contains: ["x"] } }));
    expect(checkProbes(probes(MOST_PROBES))).toMatchObject({ ok: true });
    expect(checkProbes(probes(MOST_PROBES + 1))).toMatchObject({ ok: false, problem: { field: "probes", path: [] } });
  });

  it("whatever it holds is accepted or refused with a field, never thrown; and what is accepted is accepted again", () => {
    const piece = fc.oneof(fc.jsonValue(), fc.constant(undefined));
    const probe = fc.record({ skill: piece, message: piece, data: piece, expect: piece }, { requiredKeys: [] });
    fc.assert(
      fc.property(fc.oneof(fc.anything(), fc.array(probe, { maxLength: 3 })), (data) => {
        const checked = checkProbes(data);
        if (checked.ok) expect(checkProbes(checked.probes)).toEqual(checked);
        else expect(checked.problem.field).toMatch(/^probes/);
      }),
    );
  });

  it("says the same as the probes it was written from", () => {
    const probe = fc.record({
      skill: fc.stringMatching(/^[a-z][a-z0-9-]{0,20}$/),
      message: fc.stringMatching(/^\S.{0,40}$/),
      expect: fc.record({ contains: fc.array(fc.stringMatching(/^\S.{0,20}$/), { minLength: 1, maxLength: 3 }) }),
    });
    fc.assert(
      fc.property(fc.array(probe, { minLength: 1, maxLength: 4 }), (probes) => {
        expect(parseProbes(stringify({ probes }), "p.yaml")).toEqual({ ok: true, probes });
      }),
    );
  });
});

describe("probes are sent", () => {
  const cardWith = (facts: object): AgentCard => ({
    ...parseCard(JSON.parse(readFileSync(new URL("critic.json", CARDS), "utf8"))),
    capabilities: { extensions: [{ uri: "urn:skein:ext:governance:v1", params: { skills: { check: facts as { readOnly: boolean } } } }] },
  });
  const probe = { skill: "check", message: "m", expect: { refuses: true as const } };

  it.each([
    ["that only reads", { readOnly: true }],
    ["that can be undone and reaches nobody", { reversible: true }],
    ["that can be undone, by its kind", { reversible: true, blast: 0, kind: "other" }],
  ])("to a skill %s", (_what, facts) => {
    expect(chooseProbes(cardWith(facts), [probe])).toEqual({ sent: [probe], skipped: [] });
  });

  it.each([
    ["that says nothing of itself", {}, /neither "readOnly" nor "reversible"/],
    ["that is irreversible", { reversible: false }, /irreversible/],
    ["that is irreversible and says that it only reads", { reversible: false, readOnly: true }, /irreversible/],
    ["that reaches somebody", { reversible: true, blast: 3 }, /reaches 3/],
    ["that moves money", { reversible: true, kind: "money" }, /of the kind "money"/],
    ["that sends messages", { reversible: true, kind: "message" }, /of the kind "message"/],
  ])("never to a skill %s, and it is said why", (_what, facts, why) => {
    const { sent, skipped } = chooseProbes(cardWith(facts), [probe]);
    expect([sent, skipped.map((each) => each.probe)]).toEqual([[], [probe]]);
    expect(skipped[0]?.why).toMatch(why);
    expect(harmlessMessage(cardWith(facts), [probe])).toBeUndefined();
  });

  it("never to a skill that is not on the card", () => {
    const { skipped } = chooseProbes(cardWith({ readOnly: true }), [{ ...probe, skill: "constructor" }]);
    expect(skipped[0]?.why).toBe("is no skill of the card");
  });
});

describe("the cards of this repository", () => {
  const names = readdirSync(CARDS).flatMap((file) => (file.endsWith(".json") ? [file.slice(0, -5)] : []));
  const cardOf = (name: string) => parseCard(JSON.parse(readFileSync(new URL(`${name}.json`, CARDS), "utf8")));
  const fileOf = (name: string) => new URL(`${name}.probes.yaml`, CARDS);

  it.each(names)("%s: each skill that may be probed is, and each probe is sent", (name) => {
    const card = cardOf(name);
    const readable = [...skillFactsIn(card)].flatMap(([skill, { readOnly }]) => (readOnly ? [skill] : []));
    if (readable.length === 0) return expect(existsSync(fileOf(name))).toBe(false);
    const ids = card.skills.map(({ id }) => id);
    const read = parseProbes(readFileSync(fileOf(name), "utf8"), `${name}.probes.yaml`, ids);
    if (!read.ok) throw new Error(describeProbeFileError(read.error));
    expect(chooseProbes(card, read.probes).skipped).toEqual([]);
    expect(new Set(read.probes.map(({ skill }) => skill))).toEqual(new Set(readable));
  });
});
