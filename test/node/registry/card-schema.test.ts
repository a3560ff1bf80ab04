import { readdirSync, readFileSync } from "node:fs";
import Ajv from "ajv/dist/2020.js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { firstBreach } from "../../../shared/registry/card-rules.ts";
import { whyNotPublisher } from "../../../shared/registry/publisher-extension.ts";
import type { Json, JsonObject } from "../../../shared/task/a2a-types.ts";
import { isObject } from "../../../shared/task/a2a-types.ts";
import { checkCard } from "../../../shared/task/agent-card.ts";
import { skillFactsIn } from "../../../shared/task/skill-facts.ts";

// What an editor says of a card, beside what the mesh says of it: two readers of the same rules, that must not disagree.

const ROOT = new URL("../../../", import.meta.url);
const read = (path: string) => JSON.parse(readFileSync(new URL(path, ROOT), "utf8")) as JsonObject;

const ajv = new Ajv({ strict: true, strictRequired: false, strictTypes: false, formats: { uri: (text: string) => URL.canParse(text) } });
const bySchema = ajv.compile(read("contracts/agent-card.schema.json"));
const ORIGIN = "http://127.0.0.1:8787";

function byRules(card: unknown): boolean {
  const checked = checkCard(card);
  return checked.ok && firstBreach(checked.card, ORIGIN) === undefined;
}

const files = readdirSync(new URL("agent-cards/", ROOT)).filter((name) => name.endsWith(".json"));
const cards = files.map((name) => [name, read(`agent-cards/${name}`)] as const);
const card = read("agent-cards/courier.json");

/** The card with the value at a path replaced; left out where it is undefined. */
function changed(value: Json, [step, ...rest]: readonly (string | number)[], to: Json | undefined): Json {
  if (Array.isArray(value))
    return value.flatMap((each, at) => (at !== step ? [each] : rest.length > 0 ? [changed(each, rest, to)] : to === undefined ? [] : [to]));
  if (!isObject(value) || typeof step !== "string") return value;
  const { [step]: old = null, ...others } = value;
  if (rest.length > 0) return { ...others, [step]: changed(old, rest, to) };
  return to === undefined ? others : { ...others, [step]: to };
}

function pathsIn(value: Json): (readonly (string | number)[])[] {
  if (typeof value !== "object" || value === null) return [];
  const entries = Array.isArray(value) ? value.map((each, at) => [at, each] as const) : Object.entries(value);
  return entries.flatMap(([key, each]) => [[key], ...pathsIn(each as Json).map((path) => [key, ...path])]);
}

function valueAt(value: Json, path: readonly (string | number)[]): Json | undefined {
  return path.reduce<Json | undefined>((inside, key) => (inside as Record<string | number, Json> | undefined)?.[key], value);
}

const full: JsonObject = {
  ...card,
  documentationUrl: "https://heron.org/docs",
  iconUrl: "https://heron.org/icon.png",
  securitySchemes: { key: { apiKeySecurityScheme: { location: "header", name: "X-Key" } } },
  capabilities: {
    ...(card["capabilities"] as JsonObject),
    extensions: [
      { uri: "urn:heron", description: "Herons.", required: false, params: { a: 1 } },
      { uri: "https://kagent.dev/extensions/hitl/v1", required: true },
    ],
  },
};

describe("the schema of cards", () => {
  it.each(cards)("takes %s, as the registry would", (_name, each) => {
    expect(bySchema(each) || bySchema.errors).toBe(true);
    expect(byRules(each)).toBe(true);
  });

  it("agrees with the registry on every card in which one thing is another, or is not there", () => {
    expect([bySchema(full), byRules(full)]).toEqual([true, true]);
    // What is in the parameters of an extension is its own affair; of ours, it is told apart below.
    const paths = pathsIn(full).filter((path) => !path.includes("params") || path.at(-1) === "params");
    const other = fc.constantFrom<Json | undefined>(
      undefined,
      null,
      true,
      7,
      "",
      "x",
      "two words",
      "text/plain",
      "*/*",
      "1.0",
      "1.0.0",
      "https://heron.org",
      {},
      [],
    );
    fc.assert(
      fc.property(fc.constantFrom(...paths), other, (path, to) => {
        // A list where an object belongs is no card in JSON, and none that the reader has to tell apart.
        fc.pre(!(Array.isArray(to) && isObject(valueAt(full, path))));
        // The one rule that no schema can say here: everything is where the card is.
        fc.pre(!(path.at(-1) === "url" && path[0] === "supportedInterfaces" && typeof to === "string"));
        const mutant = changed(full, path, to);
        expect([path.join("."), to, bySchema(mutant)]).toEqual([path.join("."), to, byRules(mutant)]);
      }),
      { numRuns: 3_000 },
    );
  });

  const skill = (card["skills"] as JsonObject[])[0] ?? {};
  const list = (length: number) => Array.from({ length }, (_, at) => `text/x${at}`);
  it.each<[string, number, (length: number) => JsonObject]>([
    ["letters of a name", 63, (length) => ({ name: "a".repeat(length) })],
    ["characters of a version", 64, (length) => ({ version: `1.0.0-${"a".repeat(length - 6)}` })],
    ["characters of a description", 2_000, (length) => ({ description: "a".repeat(length) })],
    ["skills", 100, (length) => ({ skills: Array.from({ length }, (_, at) => ({ ...skill, id: `s${at}` })) })],
    ["letters of a skill's id", 128, (length) => ({ skills: [{ ...skill, id: "a".repeat(length) }] })],
    ["characters of a skill's name", 100, (length) => ({ skills: [{ ...skill, name: "a".repeat(length) }] })],
    ["tags", 100, (length) => ({ skills: [{ ...skill, tags: list(length) }] })],
    ["characters of a tag", 200, (length) => ({ skills: [{ ...skill, tags: ["a".repeat(length)] }] })],
    ["examples", 50, (length) => ({ skills: [{ ...skill, examples: list(length) }] })],
    ["characters of an example", 1_000, (length) => ({ skills: [{ ...skill, examples: ["a".repeat(length)] }] })],
    ["modes", 20, (length) => ({ defaultInputModes: list(length) })],
    ["characters of a mode", 100, (length) => ({ skills: [{ ...skill, outputModes: [`text/${"a".repeat(length - 5)}`] }] })],
    ["interfaces", 10, (length) => ({ supportedInterfaces: Array(length).fill((card["supportedInterfaces"] as Json[])[0]) })],
    ["extensions", 20, (length) => ({ capabilities: { extensions: list(length).map((uri) => ({ uri })) } })],
  ])("has the registry's limit of %s: %i", (_what, most, withLength) => {
    for (const [length, fits] of [
      [most, true],
      [most + 1, false],
    ] as const) {
      const each = { ...card, ...withLength(length) };
      expect([length, bySchema(each), byRules(each)]).toEqual([length, fits, fits]);
    }
  });

  it.each(["1.0", "v1.0.0", "01.0.0", "1.0.0-", "1.0.0-01", "1.0.0+", "1.0.0-a..b", " 1.0.0"])("takes no version %j", (version) => {
    expect([bySchema({ ...card, version }), byRules({ ...card, version })]).toEqual([false, false]);
  });

  it.each(["0.0.0", "1.0.0-rc.1", "1.0.0+build.5", "10.20.30-alpha-x.7+sha.0a"])("takes the version %j", (version) => {
    expect([bySchema({ ...card, version }), byRules({ ...card, version })]).toEqual([true, true]);
  });

  it("knows how a card names its publishers, as the registry does", () => {
    const naming = (params?: JsonObject) => ({
      ...card,
      capabilities: { extensions: [{ uri: "urn:skein:ext:publisher:v1", ...(params && { params }) }] },
    });
    for (const [params, isOne] of [
      [{ publishers: ["a/b/c"] }, true],
      [{ publishers: ["x/y/z", "a/b/c"] }, true],
      [{ publishers: [] }, false],
      [{ publishers: "a/b/c" }, false],
      [{ publishers: ["a/b/c", 7] }, false],
      [{ publisher: "a/b/c" }, false],
      [undefined, false],
    ] as const) {
      const each = naming(params as unknown as JsonObject | undefined);
      const read = checkCard(each);
      expect([params, bySchema(each), read.ok && whyNotPublisher(read.card, "a/b/c") === undefined]).toEqual([params, isOne, isOne]);
    }
  });

  it("knows every fact that cards say of skills, and no other", () => {
    const saying = (facts: JsonObject) => ({
      ...card,
      capabilities: { extensions: [{ uri: "urn:skein:ext:governance:v1", params: { skills: { deliver: facts } } }] },
    });
    const facts = { readOnly: true, price: 1_000, byName: true, reversible: false, blast: 1, compliance: "pii", kind: "money" };
    expect(bySchema(saying(facts))).toBe(true);
    const said = checkCard(saying(facts));
    const { readOnly, price, byName, reversible, blast, compliance, kind } = facts;
    expect(said.ok && skillFactsIn(said.card).get("deliver")).toEqual({
      readOnly,
      price,
      byName,
      risk: { reversible, blast, compliance, kind },
    });
    for (const wrong of [
      { readonly: true },
      { readOnly: "yes" },
      { byName: "find-agent" },
      { price: -1 },
      { price: 0.5 },
      { compliance: "gdpr" },
      { kind: "talk" },
      { blast: 2 ** 53 },
    ])
      expect([wrong, bySchema(saying(wrong))]).toEqual([wrong, false]);
  });
});
