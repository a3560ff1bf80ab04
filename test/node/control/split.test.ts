import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { buildsOnEarlier } from "../../../shared/control/reference.ts";
import { split } from "../../../shared/control/split.ts";

const texts = (request: string) => split(request).map(({ text }) => text);

describe("split", () => {
  it.each<[string, string, string[]]>([
    [
      "sentences",
      "What reliability floor and hop limit does the mesh set? From that, calculate 0.95^5.",
      ["What reliability floor and hop limit does the mesh set?", "calculate 0.95^5"],
    ],
    ["an and between two orders", "Find the floor and calculate 12*7", ["Find the floor", "calculate 12*7"]],
    ["a then", "Find the floor, then multiply it by 3", ["Find the floor", "multiply it by 3"]],
    [
      "a chain",
      "Find the limit, then triple-check it and post the result to the team",
      ["Find the limit", "triple-check it", "post the result to the team"],
    ],
    ["after that", "Ingest a.md. After that, summarise it", ["Ingest a.md", "summarise it"]],
    ["semicolons", "find the floor; calculate 3*4; check the draft", ["find the floor", "calculate 3*4", "check the draft"]],
    [
      "questions after commas",
      "how many hops of 95% each does the mesh allow before it stops, what is the product, and where is that written?",
      ["how many hops of 95% each does the mesh allow before it stops", "what is the product, and where is that written?"],
    ],
    [
      "numbered lists",
      "1. Find the floor\n2. Calculate 12*7\n3. Post it to the team",
      ["Find the floor", "Calculate 12*7", "Post it to the team"],
    ],
    [
      "two orders of one kind, each with what it is about in quotes",
      'Post "alpha" to https://a.example/x and post "beta" to https://b.example/y',
      ['Post "alpha" to https://a.example/x', 'post "beta" to https://b.example/y'],
    ],
    ["bullets", "- find the floor\n- calculate 12*7", ["find the floor", "calculate 12*7"]],
    ["lists in one line", "1) find the floor 2) calculate 12*7", ["find the floor", "calculate 12*7"]],
    ["ordinals", "First, find the floor. Second, find the cap.", ["find the floor", "find the cap"]],
    ["politeness", "Can you find the floor and calculate the hops?", ["Can you find the floor", "calculate the hops?"]],
    ["orders nobody knows", "Find the floor. Transcribe the recording.", ["Find the floor", "Transcribe the recording"]],
    ["orders cards taught it", "Find the city and nowcast the rain", ["Find the city", "nowcast the rain"]],
    ["orders nobody knows, by their object", "Find the floor and frobnicate the torches", ["Find the floor", "frobnicate the torches"]],
    ["orders nobody knows, by a count", "Calculate 3*4 and zorble 2 pots of tea", ["Calculate 3*4", "zorble 2 pots of tea"]],
    ["orders nobody knows, behind a formula", "Calculate 2+2 and zorble burning torches", ["Calculate 2+2", "zorble burning torches"]],
    ["orders nobody knows, before a formula", "Zorble burning torches and calculate 2+2", ["Zorble burning torches", "calculate 2+2"]],
    ["orders nobody knows, after then", "Find the floor, then zorble torches", ["Find the floor", "zorble torches"]],
    [
      "an order that follows a question after a comma",
      "Find what a home is and how many calls one chain may have, and write a short report with sources",
      ["Find what a home is", "how many calls one chain may have", "write a short report with sources"],
    ],
    ["short forms that ask", "find the floor and what's the cap?", ["find the floor", "what's the cap?"]],
    ["sentences in lower case", "find the floor. calculate 3*4. who owns a task?", ["find the floor", "calculate 3*4", "who owns a task?"]],
  ])("cuts at %s", (_case, request, pieces) => {
    expect(split(request, new Set(["nowcast"])).map(({ text }) => text)).toEqual(pieces);
  });

  it.each([
    ["quotations", 'Check "the floor is 0.75; the cap is 5. And calculate it" against the sources'],
    ["typographic quotations", "Check “find it. Then calculate it” against the sources"],
    ["code", "Explain `find(); calculate()` in prose"],
    ["code blocks", "Explain ```\nfind x. Then calculate y;\n``` in prose"],
    ["brackets", "Find the floor (and calculate nothing; what is it?) in the contract"],
    ["numbers", "Multiply 0.95 by 1,000.5"],
    ["addresses", "Post the news to https://hooks.example.com/a?b=1;c=2&and=calculate"],
    ["names of files", "Describe the columns of sales.2024.csv"],
    ["abbreviations", "Find limits, e.g. The hop limit, and the like vs. Those of others"],
    ["noun phrases", "Find photos in black and white"],
    ["noun phrases with words that may be orders", "Find documents about research and development"],
    ["a sum and a count", "Compute the sum and count of rows"],
    ["two verbs with one object", "Search and check documents"],
    ["verbs of a clause", "Find agents that search and check documents"],
    ["conditions", "if the floor is met, then calculate 3*4"],
    ["one question with a chain of verbs", "What must I do to install and start the mesh?"],
    ["two subjects of a question", "What reliability floor and hop limit does the mesh set?"],
    ["measures that are named like orders", "total stock and average price per city, sorted by city"],
    ["questions with no word of their own", "Which agents does the mesh have, and what does each of them do?"],
    ["a lone why", "Explain how keys work and why"],
    ["noun phrases behind an and", "Find passages about budgets and chain limits"],
    ["things with numbers", "Compare section 3 and appendix tables"],
    ["a file and other things", "Summarise README.md and wrangler configuration"],
    ["two things with articles", "Show the average price by city and the total"],
    ["verbs of a clause that nobody knows", "Find agents that zorble torches and eat the fire"],
    ["a wrapped question with a chain of verbs", "Explain how to install the mesh and start the server"],
    ["abbreviations before small letters", "Find the max. value and the avg. count by city"],
    ["two numbers", "Convert 5 km to miles and 3 kg to pounds"],
    ["asides", "Find the contract, which is old, and its successor"],
    ["tables", "Average price by city:\ncity,price\nA,1\nB,2"],
  ])("does not cut %s", (_case, request) => {
    expect(split(request)).toHaveLength(1);
  });

  it("keeps a pasted table with the request before it, or after it", () => {
    expect(texts("Count the rows by city.\n\ncity,price\nA,1\nB,2")).toEqual(["Count the rows by city\ncity,price\nA,1\nB,2"]);
    expect(texts("city,price\nA,1\nB,2\n\nCount the rows by city.")).toEqual(["city,price\nA,1\nB,2\nCount the rows by city"]);
  });

  it.each([
    ["When is a call given up, and where is that written? From that, calculate 3*4", "When is a call given up, and where is that written?"],
    ["When is a call given up? Which document says so? Calculate 3*4", "When is a call given up? Which document says so?"],
    ["When is a call given up? With sources, please. Calculate 3*4", "When is a call given up? With sources, please"],
    ["Find the limit and cite your sources, then calculate 3*4", "Find the limit and cite your sources"],
    ["- find the limit\n- where is it stated?\n- calculate 3*4", "find the limit. where is it stated?"],
  ])("leaves the question for an answer's place with what was asked before it: %s", (request, first) => {
    expect(texts(request)).toEqual([first, "calculate 3*4".replace(/^c/, /[.?] C/.test(request) ? "C" : "c")]);
  });

  it("keeps a question for a place that names its thing", () => {
    expect(texts("Find the floor. Where is the hop limit written?")).toHaveLength(2);
    expect(texts("Where is that written?")).toEqual(["Where is that written?"]);
  });

  it.each([
    [
      "a statement after the request",
      "Check this draft. The floor is 75%. It was set in 2024.",
      ["Check this draft\nThe floor is 75%\nIt was set in 2024"],
    ],
    [
      "a statement before it",
      "We have five agents. How many hops may a chain have?",
      ["We have five agents\nHow many hops may a chain have?"],
    ],
    ["only statements", "The sky is blue. The sea is deep.", ["The sky is blue\nThe sea is deep"]],
    ["an opening to a list", "Please do the following:\n- find the floor\n- calculate 3*4", ["find the floor", "calculate 3*4"]],
  ])("does not make a goal of %s", (_case, request, pieces) => {
    expect(texts(request)).toEqual(pieces);
  });

  it("keeps words that only join as a goal when there is nothing else", () => {
    expect(texts("And then?")).toEqual(["And then?"]);
  });

  it("gives nothing for nothing", () => {
    expect(split("")).toEqual([]);
    expect(split(" … ?! \n")).toEqual([]);
  });

  const fragment = fc.constantFrom(
    "find the floor",
    "and",
    "then",
    "calculate 3*4",
    ".",
    "?",
    ";",
    ",",
    "\n",
    "- ",
    "1. ",
    "what is it",
    '"',
    "(",
    ")",
    "`",
    "a,b\nc,d",
    "from that",
  );
  const anyText = fc.oneof(
    fc.string({ unit: "grapheme" }),
    fc.array(fragment, { maxLength: 25 }).map((parts) => parts.join(" ")),
  );

  it("loses no word but what joined the pieces, and invents none", () => {
    const words = (text: string): string[] => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
    fc.assert(
      fc.property(anyText, (request) => {
        const pieces = split(request);
        const kept = pieces.flatMap(({ text }) => words(text));
        const original = words(request);
        let at = 0;
        for (const word of kept) {
          const found = original.indexOf(word, at);
          expect(found, `${word} of ${JSON.stringify(request)}`).toBeGreaterThanOrEqual(at);
          at = found + 1;
        }
      }),
    );
  });

  it("never cuts inside a quotation", () => {
    fc.assert(
      fc.property(
        anyText.map((text) => text.replace(/["`“”«»„(){}[\]']/g, "")),
        (inside) => {
          const quoted = `"${inside.replaceAll("\n", " ")} x"`;
          expect(texts(`Check ${quoted} against the sources`)).toEqual([`Check ${quoted} against the sources`]);
        },
      ),
    );
  });

  it("takes time in proportion to the text, not to its square", () => {
    const long = "Find the floor and calculate 3*4, then post it. ".repeat(400);
    const started = performance.now();
    expect(split(long)).toHaveLength(1_200);
    for (const nasty of ["(", '"', "a.", "and ", "find it and ", "a,b\n", "`", "1) ", "\n\n", "e.g. ", "a@", "[{(", ", what is "])
      split(nasty.repeat(100_000));
    // Takes well under a second: this catches a pattern that backtracks.
    expect(performance.now() - started).toBeLessThan(10_000);
  });
});

describe("buildsOnEarlier", () => {
  const last = (request: string) => {
    const piece = split(request).at(-1);
    if (!piece) throw new Error("nothing to look at");
    return buildsOnEarlier(piece);
  };

  it.each([
    "Find the floor. From that, calculate the hops",
    "Find the floor, then calculate the hops",
    "Find the floor. After that, summarise the design",
    "Find the floor. Explain it",
    "Find the floor. Send them to the team",
    "Calculate 0.9^3 and what is the product?",
    "Calculate 0.9^3. Post the result to the team",
    "Find the cap. Find the floor. Compare those",
    "Find the cap. Multiply that by 3",
  ])("sees that the last goal needs the former: %s", (request) => {
    expect(last(request)).toBe(true);
  });

  it.each([
    "Find the floor and calculate 3*4",
    "Find the floor. Find documents that mention budgets",
    "Find the floor. How does a task resume when it was stopped by its caller?",
    "Find the floor. Calculate the product of 3 and 4",
    "Find the floor. Check that every number is supported",
    "Find the floor. When is a call given up, and where is that written?",
    'Find the floor. Post "what is it? From that, no" to the team',
  ])("sees that the last goal stands alone: %s", (request) => {
    expect(last(request)).toBe(false);
  });
});
