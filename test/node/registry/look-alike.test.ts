import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { whyDeceiving } from "../../../shared/registry/deceiving-text.ts";
import { looksLike } from "../../../shared/registry/look-alike.ts";
import { compareVersions, isSemantic } from "../../../shared/registry/versions.ts";

const names = fc.stringMatching(/^[a-z][a-z0-9-]{0,20}$/);

describe("a name", () => {
  it.each([
    ["paypa1", "paypal"],
    ["g00gle", "google"],
    ["rnodern", "modern"],
    ["re-searcher", "researcher"],
    ["vvriter", "writer"],
    ["ana1yst", "analyst"],
    ["clispatcher", "dispatcher"],
    ["researcheг", "researcher"],
    ["ｗriter", "writer"],
  ])("%s looks like %s", (name, other) => {
    expect(looksLike(name, ["critic", other])).toBe(other);
    expect(looksLike(other, [name])).toBe(name);
  });

  it.each([
    ["critics", "critic"],
    ["researcher-2", "researcher"],
    ["writer", "waiter"],
    ["courier", "carrier"],
  ])("%s does not look like %s", (name, other) => {
    expect(looksLike(name, [other])).toBeUndefined();
  });

  it("never looks like itself, and looks like another as that one looks like it", () => {
    fc.assert(
      fc.property(names, names, (one, other) => {
        expect(looksLike(one, [one])).toBeUndefined();
        expect(looksLike(one, [other]) === undefined).toBe(looksLike(other, [one]) === undefined);
      }),
    );
  });

  it("looks like every name that differs only in letters that pass for each other", () => {
    const pairs = [
      ["l", "1"],
      ["o", "0"],
      ["rn", "m"],
      ["vv", "w"],
      ["cl", "d"],
      ["-", ""],
    ] as const;
    fc.assert(
      fc.property(names, fc.constantFrom(...pairs), names, (before, [one, other], after) => {
        expect(looksLike(before + one + after, [before + other + after])).toBe(before + other + after);
      }),
    );
  });
});

describe("a text", () => {
  it.each([
    "Counts herons: 3 µm, 5 Ω, 100 %, naïve façades, Übersetzung — “quoted”…",
    "Считает цапель в списке птиц",
    "Μετράει ερωδιούς",
    "サギを数えます。鷺の数",
    "يَعُدُّ طيور البلشون",
    "می‌شمارد",
    "बगुलों की गिनती क्‍ष",
    "Counts 👩‍🔬 and 🏳️‍🌈 and ❤️",
    "first line\n\tsecond line\r\n",
    "Translates English into русский and Ελληνικά",
    "λ-calculus, Δt, β-test, 5μg",
    "",
  ])("shows what it says: %s", (text) => {
    expect(whyDeceiving(text)).toBeUndefined();
  });

  it.each([
    ["a Cyrillic letter in a Latin word", "the bеst agent", /in "bеst" .*\(U\+0435\)/],
    ["a Greek letter in a Latin word", "Αnalyst", /U\+0391/],
    ["letters of mathematics", "𝐚lways", /U\+1D41A/],
    ["letters of full width", "ａlways", /U\+FF41/],
    ["a space of no width", "count\u200Bing", /nobody sees \(U\+200B\)/],
    ["a joiner between Latin letters", "ad\u200Dmin", /U\+200D/],
    ["text that runs backwards", "invoice\u202Efdp.exe", /U\+202E/],
    ["a text in tags", "hello\u{E0069}\u{E0067}", /U\+E0069/],
    ["a text in variants", "hello\u{E0101}\u{E0102}", /U\+E0101/],
    ["a control character", "ring\u0007", /U\+0007/],
    ["half a character", "half \uD83D", /U\+D83D/],
    ["a letter that is blank", "admin\u3164", /U\+3164/],
  ])("with %s does not", (_what, text, why) => {
    expect(whyDeceiving(text)).toMatch(why);
  });

  it("of plain ASCII always does", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme-ascii" }), (text) => {
        expect(whyDeceiving(text)).toBeUndefined();
      }),
    );
  });

  it("with something unseen between letters never does, wherever it stands", () => {
    const unseen = fc.constantFrom("\u200B", "\u200E", "\u2066", "\uFEFF", "\u00AD", "\u{E0041}");
    fc.assert(
      fc.property(fc.string({ unit: "grapheme-ascii" }), unseen, fc.string({ unit: "grapheme-ascii" }), (before, hidden, after) => {
        expect(whyDeceiving(before + hidden + after)).toMatch(/nobody sees/);
      }),
    );
  });
});

describe("versions", () => {
  const id = fc.stringMatching(/^([1-9]\d{0,3}|0|[a-z-][0-9a-z-]{0,4})$/);
  const version = fc
    .tuple(fc.nat(30), fc.nat(30), fc.nat(30), fc.array(id, { maxLength: 3 }))
    .map(([major, minor, patch, before]) => `${major}.${minor}.${patch}${before.length > 0 ? `-${before.join(".")}` : ""}`);

  it("come in the order of the standard's own example", () => {
    // Semantic Versioning 2.0.0, 11.4.
    const ordered = [
      "1.0.0-alpha",
      "1.0.0-alpha.1",
      "1.0.0-alpha.beta",
      "1.0.0-beta",
      "1.0.0-beta.2",
      "1.0.0-beta.11",
      "1.0.0-rc.1",
      "1.0.0",
    ];
    expect(ordered.toReversed().sort(compareVersions)).toEqual(ordered);
  });

  it("are in one order, whichever two are compared", () => {
    fc.assert(
      fc.property(version, version, version, (a, b, c) => {
        expect(isSemantic(a)).toBe(true);
        expect(Math.sign(compareVersions(a, b))).toBe(0 - Math.sign(compareVersions(b, a)));
        if (compareVersions(a, b) <= 0 && compareVersions(b, c) <= 0) expect(compareVersions(a, c)).toBeLessThanOrEqual(0);
      }),
    );
  });

  it("do not differ by what stands after a plus", () => {
    expect(compareVersions("1.0.0+a", "1.0.0+b")).toBe(0);
  });
});
