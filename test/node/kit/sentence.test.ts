import fc from "fast-check";
import { expect, it } from "vitest";
import { sentencesIn } from "../../../shared/kit/sentence.ts";

it.each([
  ["One thing. Another thing.", ["One thing. ", "Another thing."]],
  ["It takes, e.g. three days. Then it ends.", ["It takes, e.g. three days. ", "Then it ends."]],
  ["Dr. Who met J. Smith. They spoke.", ["Dr. Who met J. Smith. ", "They spoke."]],
  ["It waits 10 s. Then it goes on.", ["It waits 10 s. ", "Then it goes on."]],
  ["", []],
])("ends the sentences of %j where they end", (text, sentences) => {
  expect(sentencesIn(text)).toEqual(sentences);
});

it("loses and adds nothing", () => {
  fc.assert(fc.property(fc.string(), (text) => void expect(sentencesIn(text).join("")).toBe(text)));
});
