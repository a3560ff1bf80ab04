import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { plainTerms, plainText } from "../../../shared/registry/plain-words.ts";
import { DESCRIPTIONS, INSTRUCTIONS, PRAISE } from "./wordings.ts";

const honest = fc.constantFrom(...DESCRIPTIONS);

describe("plain words", () => {
  it("are the same with any praise before, after and between", () => {
    const praise = fc.constantFrom(...PRAISE);
    fc.assert(
      fc.property(praise, honest, praise, honest, (before, one, between, other) => {
        expect(plainTerms(`${before}\n${one}\n${between}\n${other}\n${before}`)).toEqual(plainTerms(`${one}\n${other}`));
      }),
      { numRuns: 1_000 },
    );
  });

  it("are none in a sentence that speaks to whoever chooses", () => {
    const sentences = INSTRUCTIONS.filter((text) => !/[.\n]\s*\S|translator/i.test(text));
    expect(sentences.length).toBeGreaterThan(25);
    for (const text of sentences) expect(plainText(text), text).toBe("");
  });

  it("count once, however often they are said", () => {
    fc.assert(
      fc.property(honest, fc.integer({ min: 1, max: 20 }), (text, times) => {
        expect(plainTerms(`${text}\n`.repeat(times))).toEqual(plainTerms(text));
      }),
    );
  });

  it("keep what a description is about", () => {
    expect(plainTerms("The best currency converter: converts euros.")).toEqual(plainTerms("currency converter converts euros"));
    expect(plainTerms("getUserName get_user_name get-user-name")).toEqual(plainTerms("user name"));
  });

  it("are read as they look: in compatibility form, without what nobody sees", () => {
    expect(plainTerms("ｔｒａｎｓｌａｔｅ 𝘁𝗲𝘅𝘁𝘀")).toEqual(plainTerms("translate texts"));
    expect(plainTerms("trans\u200blate")).toEqual(plainTerms("translate"));
  });

  it("come of any text at all", () => {
    fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => plainTerms(text) instanceof Set));
  });
});
