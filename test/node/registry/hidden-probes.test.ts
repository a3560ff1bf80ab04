import { describe, expect, it } from "vitest";
import { hiddenProbes } from "../../../workers/registry/hidden-probes.ts";

const PROBE = { skill: "count", message: "count", expect: { contains: ["7"] } };
const of = (said?: string) => hiddenProbes("heron", said === undefined ? {} : { SKEIN_HIDDEN_PROBES: said });

describe("an operator's own probes", () => {
  it("are those of the agent, and of no other", () => {
    expect(of(JSON.stringify({ heron: [PROBE], crane: [PROBE, PROBE] }))).toEqual([PROBE]);
    expect(of(JSON.stringify({ crane: [PROBE] }))).toEqual([]);
    expect(hiddenProbes("constructor", { SKEIN_HIDDEN_PROBES: JSON.stringify({ heron: [PROBE] }) })).toEqual([]);
  });

  it.each([undefined, "", "  "])("are none where the variable is %j", (said) => {
    expect(of(said)).toEqual([]);
  });

  it.each([
    ["no JSON", "heron: count", /^SKEIN_HIDDEN_PROBES must be JSON such as/],
    ["a list", "[]", /^SKEIN_HIDDEN_PROBES must be JSON such as/],
    [
      "a probe with a slip in it",
      JSON.stringify({ heron: [{ ...PROBE, expects: 1 }] }),
      /^SKEIN_HIDDEN_PROBES: heron\[0\]\.expects is not known/,
    ],
  ])("are refused aloud, with the field, where there is %s", (_what, said, words) => {
    expect(() => of(said)).toThrow(words);
  });
});
