import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type Death, WAYS, type Way } from "./mortal.ts";
import { differences, type Errand, type Follow, type Ran, run } from "./run.ts";

// A task of three agents is run again and again, and each time one of its objects dies at another turn in which it stored
// something. Whatever dies, wherever and however, nobody may be able to tell afterwards.

/** Of the pairs of points: on failure it is printed, and in this place tries the same ones again. */
const SEED = Date.now();
/** Runs side by side: they are of different tenants, and know nothing of each other. */
const AT_ONCE = 6;

const ERRAND: Errand = {
  skill: "run",
  text: (webhook) => webhook,
  answer: (question) => {
    if (question.includes("webhook")) return /\byes [0-9a-f]{8}\b/.exec(question)?.[0] ?? "yes";
    return question.includes("size") ? "large" : "green";
  },
};

let undisturbed: Ran;
/** How often each class of object died, and in which way. */
const tally = new Map<string, number>();

beforeAll(async () => {
  // What the mesh says about so many deaths would bury everything else.
  for (const method of ["error", "warn"] as const) vi.spyOn(console, method).mockImplementation(() => {});
  undisturbed = await run(ERRAND, [], "watch");
  // What all others are compared with has to be what they think it is.
  expect(undisturbed.outcome).toMatchObject({
    state: "TASK_STATE_COMPLETED",
    artifacts: [{ parts: [{}, {}, {}] }, { parts: [{ text: "posted 204 in green; did quick; large; did check posted 204 in green" }] }],
    made: {
      root: ["TASK_STATE_COMPLETED"],
      middle: ["TASK_STATE_COMPLETED"],
      leaf: ["TASK_STATE_COMPLETED", "TASK_STATE_COMPLETED", "TASK_STATE_COMPLETED"],
    },
    webhookKeys: 1,
    held: { calls: 0, microUsd: 0 },
  });
  expect(undisturbed.repeats).toBe(0);
  expect(undisturbed.seen).toEqual(undisturbed.whole);
});

afterAll(() => {
  vi.restoreAllMocks();
});

describe("a task of three agents whose objects die", () => {
  it.each<[string, Way, Follow]>([
    ["in the turn that stores something", "before", "watch"],
    ["when what they stored is durable", "after", "watch"],
    ["when the platform lets them go", "evicted", "poll"],
  ])("%s ends as if nothing had been, at every point", async (_when, way, follow) => {
    const points = undisturbed.fate.points.length;
    const deaths = Array.from({ length: points }, (_, index): Death[] => [{ point: index + 1, way }]);
    const { failures, died, webhook } = await runAll(deaths, follow);
    console.log(`${died} of ${points} kill points tried, ${way}; ${failures.length} failed; ${webhook}`);
    expect(failures).toEqual([]);
  });

  it("twice, at any two points and in any two ways, ends as if nothing had been", async () => {
    const points = undisturbed.fate.points.length;
    const one = fc.record({ point: fc.integer({ min: 1, max: points }), way: fc.constantFrom(...WAYS.slice(0, 2)) });
    const pairs = fc.sample(fc.noBias(fc.tuple(one, one)), { seed: SEED, numRuns: 60 });
    const { failures, died, webhook } = await runAll(pairs, "watch");
    console.log(`${died} kill points tried, two in a run (seed ${SEED}); ${failures.length} failed; ${webhook}`);
    expect(failures).toEqual([]);
  });

  it("was tried at 200 points and more, in every class of object", () => {
    const total = [...tally.values()].reduce((sum, count) => sum + count, 0);
    console.log(
      `${total} deaths: ${[...tally]
        .map(([kind, count]) => `${count} ${kind}`)
        .toSorted()
        .join(", ")}`,
    );
    expect(total).toBeGreaterThanOrEqual(200);
    expect(new Set([...tally.keys()].map((kind) => kind.split(" ", 1)[0]))).toEqual(new Set(undisturbed.fate.points));
  });
});

async function runAll(each: readonly (readonly Death[])[], follow: Follow): Promise<{ failures: string[]; died: number; webhook: string }> {
  const failures: string[] = [];
  let [died, requests, repeats, mayRepeat] = [0, 0, 0, 0];
  const left = [...each];
  const work = async () => {
    for (let deaths = left.shift(); deaths; deaths = left.shift()) {
      try {
        const ran = await run(ERRAND, deaths, follow, undisturbed.outcome);
        died += ran.fate.died.length;
        requests += ran.outcome.webhookKeys + ran.repeats;
        repeats += ran.repeats;
        mayRepeat += ran.fate.died.filter(({ inPosting }) => inPosting).length;
        for (const { object, way } of ran.fate.died) tally.set(`${object} ${way}`, (tally.get(`${object} ${way}`) ?? 0) + 1);
        const wrong = differences(ran, undisturbed.outcome);
        const deadly = ran.fate.died.map(({ point, way, object }) => `${object} ${way} ${point}`).join(", ");
        if (wrong.length > 0) failures.push(`${deadly}: ${wrong.join("; ")}`);
      } catch (error) {
        failures.push(`${JSON.stringify(deaths)}: ${error}`);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  const webhook = `${repeats} of ${requests} requests to the webhook were repeats, after ${mayRepeat} deaths between request and entry`;
  return { failures, died, webhook };
}
