import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { SnapshotEntry } from "../../../shared/registry/entry.ts";
import { SearchIndex } from "../../../shared/registry/ranking.ts";
import { parseCard } from "../../../shared/task/agent-card.ts";
import { NEEDS } from "./written-needs.ts";

const CARDS = new URL("../../../agent-cards/", import.meta.url);
const NAMES = readdirSync(CARDS).flatMap((file) => /^([a-z-]+)\.json$/.exec(file)?.[1] ?? []);
const EVEN = { accuracy: 1, cost: 1, latency: 1 };

/** As published, and not measured yet: the words alone decide. */
function published(name: string): SnapshotEntry {
  const card = parseCard(JSON.parse(readFileSync(new URL(`${name}.json`, CARDS), "utf8")));
  const url = `https://${name}.example`;
  return { name, version: card.version, digest: name, url, endpoint: url, card, status: "listed", evidence: {} };
}

describe("a hundred written needs over the mesh's own cards", () => {
  // Who plans for others, or looks them up, knows something of everything, and is not what a need is for.
  const index = new SearchIndex(NAMES.filter((name) => name !== "orchestrator" && name !== "registry").map(published));
  const rows = Object.entries(NEEDS).flatMap(([skill, needs]) =>
    needs.map((need) => ({ need, skill, found: index.find(need, EVEN, 5).map((found) => found.skill) })),
  );
  const share = (places: number) => rows.filter(({ skill, found }) => found.slice(0, places).includes(skill)).length / rows.length;
  const missed = () =>
    JSON.stringify(
      rows.filter(({ skill, found }) => found[0] !== skill),
      null,
      1,
    );

  it("are a hundred, all different", () => {
    expect(rows.length).toBe(100);
    expect(new Set(rows.map(({ need }) => need)).size).toBe(100);
  });

  it("find the right skill first, and among the first five", () => {
    // As measured: whoever changes the ranking sees at once what it does to people's words. Among equals the lot is first.
    expect(share(1), missed()).toBeGreaterThanOrEqual(0.83);
    expect(share(5), missed()).toBeGreaterThanOrEqual(0.91);
  });
});
