import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { amountOf } from "../../../shared/budget/amount.ts";
import type { ScoreboardApi, SkillOutcome, SkillScore } from "../../../shared/host/governance/api.ts";
import { withOutcome } from "../../../shared/host/governance/score.ts";
import { ScoreSnapshot } from "../../../shared/host/governance/score-snapshot.ts";
import { Scores } from "../../../shared/host/governance/scores.ts";

const T0 = Date.UTC(2026, 10, 17);
const FRESH_MS = 10_000;
const STALE_MS = 60_000;
const FIVE: SkillScore = { successes: 5, failures: 0, ms: [1, 2, 3, 4, 5], costs: [] };
const never = () => new Promise<never>(() => {});
let said: string[];

function outcome(more: Partial<SkillOutcome> = {}): SkillOutcome {
  return { agent: "writer", version: "1.0.0", skill: "write", ok: true, ms: 20, cost: amountOf({ calls: 1 }), ...more };
}

/** A scoreboard that counts as the real one does, and can be told to be slow or down. */
class Board implements ScoreboardApi {
  readonly reports: { outcomes: readonly SkillOutcome[]; id: string | undefined }[] = [];
  readonly scores = new Map<string, SkillScore>();
  reads = 0;
  before: (what: "record" | "read") => Promise<void> = async () => {};
  /** After it was counted, before the answer. */
  after: () => Promise<void> = async () => {};

  async record(outcomes: readonly SkillOutcome[], id?: string): Promise<void> {
    await this.before("record");
    if (!this.reports.some((report) => report.id === id))
      for (const each of outcomes) this.scores.set(each.agent, withOutcome(this.scores.get(each.agent), each));
    this.reports.push({ outcomes, id });
    await this.after();
  }

  async read(agents: readonly string[]) {
    this.reads += 1;
    await this.before("read");
    const known = agents.flatMap((agent) => [...this.scores].filter(([name]) => name === agent));
    return Object.fromEntries(known.map(([agent, score]) => [agent, { "1.0.0/write": score }]));
  }
}

function scoresOn(board: ScoreboardApi | undefined, snapshot = new ScoreSnapshot()): Scores {
  return new Scores(() => board, undefined, snapshot);
}

beforeEach(() => {
  vi.useFakeTimers({ now: T0 });
  said = [];
  vi.spyOn(console, "error").mockImplementation((line: string) => void said.push(line));
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe("what is known of a skill", () => {
  it("is nothing before the scoreboard was read, and what it says after", async () => {
    const board = new Board();
    board.scores.set("writer", FIVE);
    const scores = scoresOn(board);
    expect(scores.known("writer", "1.0.0", "write")).toBe("unmeasured");
    await scores.ready(["writer"]);
    expect(scores.known("writer", "1.0.0", "write")).toEqual(FIVE);
    expect(scores.known("writer", "2.0.0", "write")).toBe("unmeasured");
    expect(scores.known("constructor", "1.0.0", "write")).toBe("unmeasured");
  });

  it("is nothing where an agent has only declined: reliability counts answers", async () => {
    const board = new Board();
    const scores = scoresOn(board);
    await scores.ready(["writer"]);
    scores.note(outcome({ ok: false, declined: true }));
    expect(scores.known("writer", "1.0.0", "write")).toBe("unmeasured");
    scores.note(outcome());
    expect(scores.known("writer", "1.0.0", "write")).toMatchObject({ successes: 1, failures: 0, declined: 1 });
  });

  it("is shared by all objects of an isolate, but for those that wait for nobody", async () => {
    const board = new Board();
    board.scores.set("writer", FIVE);
    const snapshot = new ScoreSnapshot();
    await scoresOn(board, snapshot).ready(["writer"]);
    expect(scoresOn(undefined, snapshot).known("writer", "1.0.0", "write")).toEqual(FIVE);
  });

  it("includes at once what this isolate saw, once, whether it was reported or not", async () => {
    const board = new Board();
    board.scores.set("writer", FIVE);
    const scores = scoresOn(board);
    await scores.ready(["writer"]);
    scores.note(outcome({ ok: false }));
    expect(scores.known("writer", "1.0.0", "write")).toMatchObject({ successes: 5, failures: 1 });
    // Read again before it was reported, and after.
    for (const ms of [400, FRESH_MS, FRESH_MS]) {
      await vi.advanceTimersByTimeAsync(ms);
      scores.warm(["writer"]);
      await vi.advanceTimersByTimeAsync(0);
      expect(scores.known("writer", "1.0.0", "write")).toMatchObject({ successes: 5, failures: 1 });
    }
    expect(board.reads).toBeGreaterThan(1);
  });

  it("keeps what was seen and not yet counted when the scoreboard is read", async () => {
    const board = new Board();
    const scores = scoresOn(board);
    scores.note(outcome());
    await scores.ready(["writer"]);
    expect(board.reads).toBe(1);
    expect(scores.known("writer", "1.0.0", "write")).toMatchObject({ successes: 1 });
  });

  it("stays what it was when the scoreboard can no more be read", async () => {
    const board = new Board();
    board.scores.set("writer", FIVE);
    const scores = scoresOn(board);
    await scores.ready(["writer"]);
    board.before = () => Promise.reject(new Error("down"));
    await vi.advanceTimersByTimeAsync(STALE_MS);
    await scores.ready(["writer"]);
    expect(scores.known("writer", "1.0.0", "write")).toEqual(FIVE);
  });
});

describe("a reading", () => {
  it("is begun again only when the last one is ten seconds old", async () => {
    const board = new Board();
    const scores = scoresOn(board);
    for (let index = 0; index < 5; index++) scores.warm(["writer", "critic"]);
    await vi.advanceTimersByTimeAsync(FRESH_MS - 1);
    scores.warm(["writer"]);
    expect(board.reads).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    scores.warm(["writer"]);
    expect(board.reads).toBe(2);
  });

  it("goes on in the background while what is known is less than a minute old, and is waited for after", async () => {
    const board = new Board();
    const scores = scoresOn(board);
    await scores.ready(["writer"]);
    board.scores.set("writer", FIVE);
    board.before = () => new Promise((resolve) => setTimeout(resolve, 20));

    await vi.advanceTimersByTimeAsync(STALE_MS - 1);
    await scores.ready(["writer"]);
    expect(scores.known("writer", "1.0.0", "write")).toBe("unmeasured");
    await vi.advanceTimersByTimeAsync(20);
    expect(scores.known("writer", "1.0.0", "write")).toEqual(FIVE);

    board.scores.set("writer", { ...FIVE, failures: 1 });
    await vi.advanceTimersByTimeAsync(STALE_MS);
    const ready = scores.ready(["writer"]);
    await vi.advanceTimersByTimeAsync(20);
    await ready;
    expect(scores.known("writer", "1.0.0", "write")).toMatchObject({ failures: 1 });
  });

  it("that another object began and never ended keeps nobody waiting, and is begun again", async () => {
    const snapshot = new ScoreSnapshot();
    const gone = scoresOn({ read: never, record: never }, snapshot);
    gone.warm(["writer"]);
    const board = new Board();
    board.scores.set("writer", FIVE);
    const scores = scoresOn(board, snapshot);
    await scores.ready(["writer"]);
    expect(scores.known("writer", "1.0.0", "write")).toEqual(FIVE);
  });
});

describe("a scoreboard that does not answer", () => {
  it("is waited for 50 ms at most, and by nobody else for ten seconds", async () => {
    const board = new Board();
    board.before = never;
    const scores = scoresOn(board);
    const first = scores.ready(["writer"]);
    await vi.advanceTimersByTimeAsync(50);
    await first;
    expect(Date.now()).toBe(T0 + 50);
    await scores.ready(["critic"]);
    expect(Date.now()).toBe(T0 + 50);
  });

  it.each<[string, ScoreboardApi | undefined]>([
    ["is missing", undefined],
    ["is down", { read: () => Promise.reject(new Error("down")), record: () => Promise.reject(new Error("down")) }],
    ["has no such method", {} as ScoreboardApi],
    [
      "throws at once",
      {
        read: () => {
          throw new Error("now");
        },
        record: () => {
          throw new Error("now");
        },
      },
    ],
    ["answers nonsense", { read: async () => null as never, record: async () => {} }],
    ["never answers", { read: never, record: never }],
  ])("because it %s costs evidence, and no call", async (_what, board) => {
    const scores = scoresOn(board);
    const ready = scores.ready(["writer"]);
    await vi.advanceTimersByTimeAsync(50);
    await ready;
    expect(scores.known("writer", "1.0.0", "write")).toBe("unmeasured");
    scores.warm(["writer", "critic"]);
    for (let index = 0; index < 2_000; index++) scores.note(outcome());
    expect(scores.known("writer", "1.0.0", "write")).toMatchObject({ successes: 2_000 });
    await vi.advanceTimersByTimeAsync(300_000);
    scores.note(outcome());
    await vi.advanceTimersByTimeAsync(60_000);
  });

  it("is told the latest 500 outcomes once it answers, and the log how many it was not told", async () => {
    const board = new Board();
    board.before = never;
    const scores = scoresOn(board);
    scores.note(outcome());
    await vi.advanceTimersByTimeAsync(500);
    for (let ms = 1; ms <= 600; ms++) scores.note(outcome({ ms }));
    board.before = async () => {};
    await vi.advanceTimersByTimeAsync(60_000);
    expect(board.reports.flatMap(({ outcomes }) => outcomes.map(({ ms }) => ms)).slice(1)).toEqual(
      Array.from({ length: 500 }, (_, index) => index + 101),
    );
    expect(said.filter((line) => /never counted/.test(line))).toEqual([expect.stringMatching(/^100 outcomes/)]);
  });
});

describe("a report", () => {
  it("gathers what is seen in half a second", async () => {
    const board = new Board();
    const scores = scoresOn(board);
    scores.note(outcome());
    await vi.advanceTimersByTimeAsync(400);
    scores.note(outcome({ skill: "rewrite" }));
    expect(board.reports).toEqual([]);
    await vi.advanceTimersByTimeAsync(100);
    expect(board.reports.map(({ outcomes }) => outcomes.length)).toEqual([2]);
    scores.note(outcome());
    await vi.advanceTimersByTimeAsync(500);
    expect(board.reports).toHaveLength(2);
  });

  it("is of 50 outcomes at most, and none is left out", async () => {
    const board = new Board();
    const scores = scoresOn(board);
    for (let ms = 0; ms < 120; ms++) scores.note(outcome({ ms }));
    await vi.advanceTimersByTimeAsync(500);
    expect(board.reports.map(({ outcomes }) => outcomes.length)).toEqual([50, 50, 20]);
    expect(board.scores.get("writer")).toMatchObject({ successes: 120 });
  });

  it("is sent once more when it failed, and counted once when only its answer was lost", async () => {
    const board = new Board();
    const failed = new Error("the connection was lost");
    board.after = () => (board.reports.length === 1 ? Promise.reject(failed) : Promise.resolve());
    const scores = scoresOn(board);
    scores.note(outcome());
    await vi.advanceTimersByTimeAsync(2_500);
    expect(board.reports).toHaveLength(2);
    expect(board.scores.get("writer")).toMatchObject({ successes: 1 });
    expect(said).toEqual([]);
  });

  it("is given up after its second failure, and the next one goes out", async () => {
    const board = new Board();
    let calls = 0;
    board.before = () => (++calls <= 2 ? Promise.reject(new Error("down")) : Promise.resolve());
    const scores = scoresOn(board);
    scores.note(outcome({ ms: 1 }));
    await vi.advanceTimersByTimeAsync(2_500);
    scores.note(outcome({ ms: 2 }));
    await vi.advanceTimersByTimeAsync(500);
    expect(board.scores.get("writer")).toMatchObject({ successes: 1, ms: [2] });
    expect(said.filter((line) => /never counted/.test(line))).toHaveLength(1);
  });

  it("leaves out what could not be counted, and says so in the log", async () => {
    const board = new Board();
    const scores = scoresOn(board);
    scores.note(outcome({ ms: Number.NaN }));
    scores.note(outcome({ agent: "__proto__" }));
    scores.note(outcome());
    await vi.advanceTimersByTimeAsync(500);
    expect(board.reports.map(({ outcomes }) => outcomes)).toEqual([[outcome()]]);
    expect(scores.known("writer", "1.0.0", "write")).toMatchObject({ successes: 1 });
    expect(said).toHaveLength(2);
  });

  it("is work that its object is kept alive for", async () => {
    const kept: Promise<void>[] = [];
    const board = new Board();
    const scores = new Scores(
      () => board,
      (work) => void kept.push(work),
      new ScoreSnapshot(),
    );
    scores.note(outcome());
    scores.note(outcome());
    expect(kept).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(500);
    await kept[0];
    expect(board.reports).toHaveLength(1);
  });
});
