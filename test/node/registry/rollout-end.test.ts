import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { EntryStatus } from "../../../shared/registry/entry.ts";
import { whyOver } from "../../../shared/registry/rollout-end.ts";
import { calledVersion, type Placed } from "../../../shared/registry/standing.ts";

// When a rollout cannot go on, whatever its gates say.

const ROLLOUT = { version: "2.0.0", base: "1.0.0" };

function at(place: string, version: string, status: EntryStatus): Placed {
  return { version, status, url: `https://${place}.example`, endpoint: `https://${place}.example/rpc` };
}

const BASE = at("a", "1.0.0", "listed");
const CANDIDATE = at("b", "2.0.0", "candidate");

describe("a rollout", () => {
  it.each<[string, readonly Placed[]]>([
    ["as it began", [BASE, CANDIDATE]],
    ["beside a base that is found no more, and still called", [at("a", "1.0.0", "deprecated"), CANDIDATE]],
    ["beside older versions of any kind", [BASE, CANDIDATE, at("c", "0.9.0", "listed"), at("d", "0.8.0", "revoked")]],
    ["beside a higher one under suspicion, at a place of its own", [BASE, CANDIDATE, at("c", "3.0.0", "quarantined")]],
  ])("goes on %s", (_, versions) => expect(whyOver(ROLLOUT, versions)).toBeUndefined());

  it.each<[string, readonly Placed[], string]>([
    ["its candidate is none any more", [BASE, at("b", "2.0.0", "revoked")], "version 2.0.0 is revoked"],
    ["its candidate is gone", [BASE], "version 2.0.0 is not there"],
    ["its base is in quarantine", [at("a", "1.0.0", "quarantined"), CANDIDATE], "which it was tried beside, is quarantined"],
    [
      "its base is deprecated, and an older one is called",
      [at("a", "1.0.0", "deprecated"), at("c", "0.9.0", "listed"), CANDIDATE],
      "is called no more: version 0.9.0 is",
    ],
    ["its base is revoked", [at("a", "1.0.0", "revoked"), CANDIDATE], "version 1.0.0, which it was tried beside, is revoked"],
    ["a higher one is tried", [BASE, CANDIDATE, at("c", "3.0.0", "candidate")], "version 3.0.0 was published before it was through"],
    ["a higher one is listed", [BASE, CANDIDATE, at("c", "3.0.0", "listed")], "version 3.0.0 was published before it was through"],
    ["its place is taken", [BASE, CANDIDATE, at("b", "3.0.0", "quarantined")], "version 3.0.0 was published at its address"],
    [
      "the base's place is taken",
      [BASE, CANDIDATE, at("a", "3.0.0", "quarantined")],
      "version 1.0.0, which it was tried beside, is called no more",
    ],
    ["another one is listed above the base", [BASE, CANDIDATE, at("c", "1.5.0", "listed")], "is called no more: version 1.5.0 is"],
  ])("is over when %s", (_, versions, why) => expect(whyOver(ROLLOUT, versions)).toContain(why));

  it("goes on only beside the version that is called", () => {
    const statuses = fc.constantFrom<EntryStatus[]>("listed", "candidate", "deprecated", "quarantined", "revoked");
    const version = fc.constantFrom("0.9.0", "1.0.0", "1.5.0", "2.0.0", "3.0.0");
    const placed = fc.record({ version, status: statuses, place: fc.constantFrom("a", "b", "c") });
    const versions = fc.uniqueArray(placed, { selector: (each) => each.version });
    fc.assert(
      fc.property(versions, (all) => {
        const held = all.map(({ place, version, status }) => at(place, version, status));
        if (whyOver(ROLLOUT, held) !== undefined) return;
        expect(calledVersion(held)).toMatchObject({ version: "1.0.0", status: expect.stringMatching(/listed|deprecated/) });
        expect(held).toContainEqual(expect.objectContaining({ version: "2.0.0", status: "candidate" }));
      }),
      { numRuns: 2_000 },
    );
  });
});
