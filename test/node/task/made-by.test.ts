import { describe, expect, it } from "vitest";
import { historyOf } from "../../../shared/task/history.ts";
import { isSameMaker, madeBy, wordsOfMaker } from "../../../shared/task/made-by.ts";
import { headOf, logOf } from "./log.ts";

// Which version of an agent wrote a task's log.

const ID = "5f0c9a31-0000-4000-8000-000000000000";
const AT = "2026-01-01T00:00:00.000Z";
const first = madeBy("1.0.0", { id: ID, tag: "", timestamp: AT });
const later = madeBy("1.1.0", { id: "77aa0000-0000-4000-8000-000000000000", tag: "blue", timestamp: AT });
const WORKING = { type: "status", state: "TASK_STATE_WORKING" } as const;

describe("who writes a log", () => {
  it("is the card's version and what the platform says of the Worker, and nothing more where it says nothing", () => {
    expect(first).toEqual({ card: "1.0.0", worker: { id: ID, timestamp: AT } });
    expect(madeBy("1.0.0", undefined)).toEqual({ card: "1.0.0" });
    expect(madeBy("1.0.0", { id: "", tag: "", timestamp: "0" })).toEqual({ card: "1.0.0" });
  });

  it("is another with another card or another version of the Worker, however the two were read", () => {
    expect(isSameMaker(first, JSON.parse(JSON.stringify(first)))).toBe(true);
    expect(isSameMaker(first, { ...first, card: "1.0.1" })).toBe(false);
    expect(isSameMaker(first, { card: "1.0.0" })).toBe(false);
    expect(isSameMaker(undefined, first)).toBe(false);
    expect(isSameMaker(undefined, undefined)).toBe(true);
  });

  it("is told in words, with as much of the Worker's id as tells versions apart", () => {
    expect(wordsOfMaker(first)).toBe("1.0.0 (Worker 5f0c9a31)");
    expect(wordsOfMaker(later)).toBe("1.1.0 (Worker 77aa0000, tag blue)");
    expect(wordsOfMaker({ card: "2.0.0" })).toBe("2.0.0");
  });

  it("stands in a task's head as of its last entry that says so, and in its history where it changes", () => {
    const said = [first, undefined, later, undefined];
    const entries = logOf(WORKING, WORKING, WORKING).map((entry, index) => {
      const by = said[index];
      return by ? { ...entry, madeBy: by } : entry;
    });
    expect(headOf(entries.slice(0, 2)).madeBy).toEqual(first);
    expect(headOf(entries).madeBy).toEqual(later);
    expect(historyOf(entries, "TASK_STATE_SUBMITTED", undefined).map((entry) => entry.madeBy)).toEqual(said);
  });

  it("is unknown of a log from before it was noted, which reads as it did", () => {
    const entries = logOf(WORKING);
    expect(headOf(entries)).not.toHaveProperty("madeBy");
    for (const entry of historyOf(entries, "TASK_STATE_SUBMITTED", undefined)) expect(entry).not.toHaveProperty("madeBy");
  });
});
