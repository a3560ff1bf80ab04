import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type SearchReply, searchCorpus } from "../../../agents/researcher/corpus-access.ts";
import { CorpusStore } from "../../../agents/researcher/corpus-store.ts";
import { rankPassages } from "../../../agents/researcher/ranking.ts";
import { searchTerms } from "../../../agents/researcher/search-terms.ts";
import { memorySql } from "./researcher-corpus.ts";

function storeOf(documents: Record<string, string[]>): CorpusStore {
  const store = new CorpusStore(memorySql());
  for (const [name, texts] of Object.entries(documents))
    store.replace({ name, uri: null, passages: texts.map((text, i) => ({ text, position: `line ${i + 1}` })) });
  return store;
}

function found(reply: SearchReply): string[] {
  if (!reply.ok) throw new Error(reply.reason);
  return reply.hits.map((hit) => hit.text);
}

const search = (documents: Record<string, string[]>, question: string, limit = 5) =>
  found(searchCorpus(storeOf(documents), question, limit));

describe("what a question searches for", () => {
  it.each([
    ["What is the hop limit, and where is that written?", ["hop", "limit"]],
    ["Find passages about retries", ["retries"]],
    ["Please search my documents for budgets", ["budgets"]],
    ["Search ranking", ["ranking"]],
    ["How many hops of 95% each?", ["hops", "95%"]],
    ["1,000 events in 2.5 seconds, 3rd time", ["1,000", "events", "2.5", "seconds", "3rd", "time"]],
    ["hop Hop HOP", ["hop"]],
    ["What is it?", []],
    ["", []],
  ])("drops what every question has: %j", (question, labels) => {
    expect(searchTerms(question).map((term) => term.label)).toEqual(labels);
  });

  it("is nothing but quoted letters, digits and spaces, whatever is typed", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 200 }), (question) => {
        for (const { match } of searchTerms(question)) expect(match).toMatch(/^\("[\p{L}\p{N}\p{M} ]+"( OR "[\p{L}\p{N}\p{M} ]+")*\)$/u);
      }),
    );
  });

  it("never is an error in the index, whatever is typed", () => {
    const store = storeOf({ "a.md": ["some text"] });
    const syntax = fc.constantFrom(
      '"',
      "*",
      "NEAR(a b)",
      "AND",
      "text:",
      "^",
      "-",
      "(",
      ")",
      "{text place}:",
      "'",
      ";",
      "\0",
      "%",
      "0.95",
      "some",
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(syntax, fc.string({ unit: "binary" })), { maxLength: 12 }), (words) => {
        expect(() => searchCorpus(store, words.join(" "), 5)).not.toThrow();
      }),
      { numRuns: 300 },
    );
  });
});

describe("finding passages", () => {
  it("prefers a passage that holds the whole question to one that repeats a word of it", () => {
    const repeats = "Budget, budget, budget: a budget is a budget is a budget.";
    const answers = "The budget of a chain is reserved before its first hop and settled after its last one, never in between.";
    const others = Array.from({ length: 20 }, (_, i) => `Paragraph ${i} is about the weather and the sea.`);
    expect(search({ "a.md": [repeats, answers, ...others] }, "When is the budget of a chain reserved?")[0]).toBe(answers);
  });

  it.each([
    ["another form of the word", "retries", "It retried three times."],
    ["another case, without accents", "RESUME", "A résumé of the task."],
    ["a percentage given as a fraction", "95% reliable", "Each hop counts 0.95 here."],
    ["a fraction given as a percentage", "0.95", "Each hop is reliable to 95% here."],
    ["a number with its separator", "1000 events", "At 1,000 of them it stays flat."],
    ["words inside a joined one", "how many hops are the max", "maxHops: 8"],
    ["a joined word given in words", "maxHops", "the max hops of a chain"],
  ])("finds %s", (_what, question, text) => {
    expect(search({ "a.md": [text, "Something else.", "Another thing."] }, question)).toEqual([text]);
  });

  it("takes no 200% for every 2, and no 95 inside 1995", () => {
    expect(search({ "a.md": ["2 of them", "In 1995 it began"] }, "200% 95%")).toEqual([]);
  });

  it("finds a passage by its document's name and its heading", () => {
    const store = new CorpusStore(memorySql());
    store.replace({ name: "chain-cap.v1.yaml", uri: null, passages: [{ text: "floor: 0.5", position: "line 1" }] });
    store.replace({ name: "b.md", uri: null, passages: [{ text: "Raise it by hand.", position: "Guide > Approvals, line 9" }] });
    expect(found(searchCorpus(store, "chain cap", 5))).toEqual(["floor: 0.5"]);
    expect(found(searchCorpus(store, "approval", 5))).toEqual(["Raise it by hand."]);
  });

  it("gives at most the limit, best first, with scores from 0 to 1", () => {
    const word = fc.constantFrom("hop", "chain", "budget", "floor", "weather");
    const passage = fc.array(word, { minLength: 1, maxLength: 12 }).map((words) => words.join(" "));
    fc.assert(
      fc.property(
        fc.array(passage, { minLength: 1, maxLength: 15 }),
        fc.array(word, { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 1, max: 6 }),
        (texts, words, limit) => {
          const reply = searchCorpus(storeOf({ "a.md": texts }), words.join(" "), limit);
          if (!reply.ok) throw new Error(reply.reason);
          const scores = reply.hits.map((hit) => hit.score);
          expect(scores.length).toBeLessThanOrEqual(limit);
          expect(scores).toEqual([...scores].sort((a, b) => b - a));
          for (const score of scores) expect(score > 0 && score <= 1).toBe(true);
        },
      ),
      { numRuns: 60 },
    );
  });

  it("finds what is known of a question although another word of it is in no document", () => {
    const texts = ["Cranes migrate at night.", "Swans migrate by day.", "Storks migrate on thermals.", "Nothing here."];
    expect(search({ "a.md": texts }, "Which birds migrate?")).toEqual(texts.slice(0, 3));
  });

  it("takes a passage with one of many words for being about something else", () => {
    const question = "cranes swans storks geese ducks terns gulls";
    expect(search({ "a.md": ["Cranes are lifting gear.", "Nothing here."] }, question)).toEqual([]);
  });

  it("never scores a passage lower for holding one more term of the question", () => {
    const occurrences = fc.array(fc.record({ passages: fc.integer({ min: 1, max: 50 }), held: fc.boolean() }), {
      minLength: 2,
      maxLength: 8,
    });
    fc.assert(
      fc.property(occurrences, fc.nat({ max: 7 }), (terms, pick) => {
        const candidate = { id: 1, rank: -1, document: "a", uri: null, position: "line 1", text: "t" };
        const score = (held: readonly boolean[]) =>
          rankPassages(
            [candidate],
            terms.map(({ passages }, i) => ({ passages, held: new Set(held[i] ? [1] : []) })),
            50,
            1,
          )[0]?.score ?? 0;
        const before = terms.map((term) => term.held);
        expect(score(before.with(pick % terms.length, true))).toBeGreaterThanOrEqual(score(before));
      }),
    );
  });
});

describe("keeping documents", () => {
  it("has one version of a document however often it is sent, and finds only the newest", () => {
    const store = storeOf({ "a.md": ["old words", "more old words"], "b.md": ["other words"] });
    expect(store.replace({ name: "a.md", uri: null, passages: [{ text: "new words", position: "line 1" }] })).toEqual({ replaced: true });
    expect(store.size()).toEqual({ documents: 2, passages: 2 });
    expect(found(searchCorpus(store, "old", 5))).toEqual([]);
    expect(found(searchCorpus(store, "new", 5))).toEqual(["new words"]);
    // Nor does the index remember it: a stale entry would later point at whatever passage gets its id.
    for (const term of searchTerms("old words")) expect(store.occurrences(term, []).passages).toBe(term.label === "old" ? 0 : 2);
  });

  it("opens a corpus that was made before documents had an origin, and goes on with it", () => {
    const sql = memorySql();
    for (const statement of [
      "CREATE TABLE documents (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, uri TEXT, passages INTEGER NOT NULL)",
      "CREATE TABLE passages (id INTEGER PRIMARY KEY, document INTEGER NOT NULL, position TEXT NOT NULL, text TEXT NOT NULL)",
      "CREATE VIRTUAL TABLE terms USING fts5 (text, place, joined, content = '', contentless_delete = 1, tokenize = 'porter unicode61 remove_diacritics 2')",
      "INSERT INTO documents VALUES (1, 'old.md', NULL, 1)",
      "INSERT INTO passages VALUES (1, 1, 'line 1', 'geese of old')",
      "INSERT INTO terms (rowid, text, place, joined) VALUES (1, 'geese of old', 'old.md line 1', '')",
    ])
      sql.exec(statement);
    const store = new CorpusStore(sql);
    expect(found(searchCorpus(store, "geese", 5))).toEqual(["geese of old"]);
    store.replace({ name: "new.md", uri: null, origin: "a tool", passages: [{ text: "new geese", position: "line 1" }] });
    expect(store.forget("a tool")).toEqual(["new.md"]);
    expect(found(searchCorpus(new CorpusStore(sql), "geese", 5))).toEqual(["geese of old"]);
  });

  it("knows an empty corpus from one without an answer, and writes nothing to find out", () => {
    const sql = memorySql();
    expect(searchCorpus(new CorpusStore(sql), "hops", 5)).toEqual({ ok: false, reason: "empty-corpus" });
    expect(sql.exec("SELECT name FROM sqlite_master").toArray()).toEqual([]);
    expect(searchCorpus(storeOf({ "a.md": ["text"] }), "hops", 5)).toMatchObject({ ok: true, hits: [], documents: 1 });
  });
});
