import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { Agenda, type AgendaKind } from "../../../shared/host/agenda.ts";
import { Alarm } from "../../../shared/host/alarm.ts";

// What a home has to see to later, over the storage and the alarm of a real object. Times lie in the future, where no alarm rings
// while a test looks.

const { TASK_HOME } = env as unknown as { TASK_HOME: DurableObjectNamespace };
const SOON = Date.now() + 3_600_000;
let homes = 0;

interface Home {
  readonly agenda: Agenda;
  readonly alarm: Alarm;
  /** What was handled, in order: `kind task`. */
  readonly handled: string[];
  readonly state: DurableObjectState;
  /** The same home after its object was lost: only storage is left of it. */
  reborn(): Home;
}

/** A home of its own for each test, in the turns of a real object. */
async function inHome(test: (home: Home) => void | Promise<void>): Promise<void> {
  homes += 1;
  await runInDurableObject(TASK_HOME.getByName(`tests/agenda/${homes}:s0`), async (_home, state) => {
    await test(homeOver(state));
    await state.storage.deleteAlarm();
  });
}

function homeOver(state: DurableObjectState): Home {
  const alarm = new Alarm(state.storage, "shared");
  const agenda = new Agenda(state.storage.sql, alarm);
  const handled: string[] = [];
  for (const kind of ["expiry", "recheck"] as const) agenda.on(kind, (task) => void handled.push(`${kind} ${task}`));
  return { agenda, alarm, handled, state, reborn: () => homeOver(state) };
}

/** As the object does it when its alarm goes off. */
function ring({ alarm, agenda }: Home, now: number): void {
  alarm.rang();
  agenda.rang(now);
}

describe("a home's agenda", () => {
  it("sees to what is due, once, and to nothing else", () =>
    inHome((home) => {
      home.agenda.set("expiry", "one", SOON);
      home.agenda.set("recheck", "one", SOON + 1);
      ring(home, SOON - 1);
      expect(home.handled).toEqual([]);
      ring(home, SOON);
      ring(home, SOON);
      expect(home.handled).toEqual(["expiry one"]);
      expect([home.agenda.has("expiry", "one"), home.agenda.has("recheck", "one")]).toEqual([false, true]);
    }));

  it("has one row for each kind and task: the last time counts, earlier or later", () =>
    inHome((home) => {
      home.agenda.set("expiry", "later", SOON);
      home.agenda.set("expiry", "later", SOON + 10);
      home.agenda.set("expiry", "earlier", SOON + 10);
      home.agenda.set("expiry", "earlier", SOON);
      ring(home, SOON);
      expect(home.handled).toEqual(["expiry earlier"]);
    }));

  it("forgets what is dropped", () =>
    inHome((home) => {
      home.agenda.set("expiry", "one", SOON);
      home.agenda.drop("expiry", "one");
      ring(home, SOON);
      expect(home.handled).toEqual([]);
      expect(home.agenda.earliest()).toBeUndefined();
    }));

  it("keeps what its handler sets again", () =>
    inHome((home) => {
      home.agenda.on("recheck", (task) => home.agenda.set("recheck", task, SOON + 500));
      home.agenda.set("recheck", "one", SOON);
      ring(home, SOON);
      expect(home.agenda.earliest()).toBe(SOON + 500);
    }));

  it("tries again later what failed, and sees to the rest all the same", () =>
    inHome((home) => {
      const said = vi.spyOn(console, "error").mockImplementation(() => {});
      home.agenda.on("expiry", () => {
        throw new Error("not now");
      });
      home.agenda.set("expiry", "one", SOON);
      home.agenda.set("recheck", "two", SOON);
      ring(home, SOON);
      expect(said).toHaveBeenCalledOnce();
      said.mockRestore();
      expect(home.handled).toEqual(["recheck two"]);
      expect(home.agenda.has("expiry", "one")).toBe(true);
      expect(home.agenda.earliest()).toBeGreaterThan(SOON);
    }));

  it("keeps what is for nobody from being asked for again and again", () =>
    inHome(({ alarm, state }) => {
      const agenda = new Agenda(state.storage.sql, alarm);
      agenda.set("recheck", "", SOON);
      agenda.rang(SOON);
      expect(agenda.earliest()).toBeUndefined();
    }));

  it("writes nothing into a home that has nothing to see to", () =>
    inHome(({ agenda, state }) => {
      agenda.drop("expiry", "one");
      agenda.rang(SOON);
      expect([agenda.has("expiry", "one"), agenda.earliest()]).toEqual([false, undefined]);
      expect(state.storage.sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'agenda'").toArray()).toEqual([]);
    }));

  it("is not slept through when its object is lost and another one wants to be woken later", () =>
    inHome(async (home) => {
      home.agenda.set("expiry", "one", SOON);
      const next = home.reborn();
      const other = { earliest: () => undefined };
      next.alarm.register(other);
      next.alarm.wish(other, SOON + 60_000);
      expect(await home.state.storage.getAlarm()).toBe(SOON);
      next.alarm.settle(other);
      expect(await home.state.storage.getAlarm()).toBe(SOON);
      ring(next, SOON);
      expect(next.handled).toEqual(["expiry one"]);
    }));

  it.each([
    ["too far for the platform", 8.64e15],
    ["long over", -8.64e15],
  ])("is woken for a time that is %s, early or at once, and keeps it", (_which, due) =>
    inHome(async ({ agenda, state }) => {
      agenda.set("expiry", "one", due);
      const at = Number(await state.storage.getAlarm());
      expect(at).toBeLessThanOrEqual(Math.max(due, Date.now()));
      expect(at).toBeGreaterThan(0);
      expect(agenda.earliest()).toBe(due);
    }),
  );

  it("does as a table of times would, whatever is set, dropped, rung and lost, and its alarm is never late", () =>
    inHome(async (home) => {
      const row = fc.record({ kind: fc.constantFrom<AgendaKind>("expiry", "recheck"), task: fc.constantFrom("a", "b", "c") });
      const act = fc.oneof(
        fc.record({ does: fc.constant("set" as const), row, at: fc.nat(20) }),
        fc.record({ does: fc.constant("drop" as const), row }),
        fc.record({ does: fc.constant("ring" as const), at: fc.nat(20) }),
        fc.record({ does: fc.constant("lose" as const) }),
      );
      const story = fc.asyncProperty(fc.array(act, { maxLength: 30 }), async (acts) => {
        home.state.storage.sql.exec("DROP TABLE IF EXISTS agenda");
        await home.state.storage.deleteAlarm();
        let now = home.reborn();
        const model = new Map<string, number>();
        for (const each of acts) {
          const name = "row" in each ? `${each.row.kind} ${each.row.task}` : "";
          if (each.does === "set") {
            now.agenda.set(each.row.kind, each.row.task, SOON + each.at);
            model.set(name, SOON + each.at);
          } else if (each.does === "drop") {
            now.agenda.drop(each.row.kind, each.row.task);
            model.delete(name);
          } else if (each.does === "ring") {
            const due = [...model].filter(([, at]) => at <= SOON + each.at).map(([key]) => key);
            now.handled.length = 0;
            ring(now, SOON + each.at);
            expect(now.handled.toSorted()).toEqual(due.toSorted());
            for (const key of due) model.delete(key);
          } else now = now.reborn();
          const earliest = model.size === 0 ? undefined : Math.min(...model.values());
          expect(now.agenda.earliest()).toBe(earliest);
          // It may ring for nothing, but not after the time that is the first.
          if (earliest !== undefined) expect(await now.state.storage.getAlarm()).toBeLessThanOrEqual(earliest);
        }
      });
      await fc.assert(story, { numRuns: 100 });
    }));
});
