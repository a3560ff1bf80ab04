/**
 * The registry's search over catalogues of different sizes, in the load generator's own process: nothing is between the clock and the
 * function. The catalogue is made here, so that it is the same in every run, and no needs are asked twice in a row.
 */
import type { SnapshotEntry } from "../shared/registry/entry.ts";
import { SearchIndex } from "../shared/registry/ranking.ts";
import { timesOf } from "./closed-loop.ts";
import type { Workload } from "./workloads.ts";

const MOST_CALLS = 20_000;
/** Between looks at the clock that ends a round. */
const CALLS_A_LOOK = 10;
const FOUND = 10;
const EVEN = { accuracy: 1, cost: 1, latency: 1 };

/**
 * Of so many agents with a skill each.
 *
 * @param changed before each search one of them is published anew
 */
export function searching(skills: number, changed: boolean): Workload {
  let entries: SnapshotEntry[] = [];
  let index = new SearchIndex(entries);
  const indexed = (call: number) => {
    if (!changed) return index;
    const at = call % skills;
    const version = `1.0.${call + 1}`;
    const { card, ...entry } = published(at);
    entries = entries.with(at, { ...entry, version, digest: `${entry.name} ${version}`, card: { ...card, version } });
    return new SearchIndex(entries, index);
  };
  return {
    async prepare() {
      entries = Array.from({ length: skills }, (_, at) => published(at));
      index = new SearchIndex(entries);
    },
    async round(_target, { seconds, warmUpSeconds }) {
      timed(indexed, skills, warmUpSeconds);
      const began = performance.now();
      const took = timed(indexed, skills, seconds);
      const perSecond = (took.length / (performance.now() - began)) * 1_000;
      return { ...timesOf(took), requestsPerSecond: perSecond, errors: 0 };
    },
  };
}

/** @returns milliseconds of each call */
function timed(indexed: (call: number) => SearchIndex, skills: number, seconds: number): number[] {
  const until = performance.now() + seconds * 1_000;
  const took: number[] = [];
  while (took.length < MOST_CALLS && performance.now() < until)
    for (let call = 0; call < CALLS_A_LOOK; call += 1) {
      // A step that shares no factor with the sizes: all skills are asked for in turn.
      const wanted = (took.length * 7_919) % skills;
      const need = `please ${doing(wanted)} for the ${PLACES[took.length % PLACES.length]} office until tomorrow`;
      const before = performance.now();
      const found = indexed(took.length).find(need, EVEN, FOUND);
      took.push(performance.now() - before);
      if (found.length === 0) throw new Error(`nobody was found for "${need}"`);
    }
  return took;
}

function published(at: number): SnapshotEntry {
  const name = `agent-${at}`;
  const url = `https://${name}.example`;
  const what = doing(at);
  const skill = {
    id: what.replaceAll(" ", "-"),
    name: what,
    description: `Knows how to ${what}, also when the ${pick(THINGS, at, 3)} or the ${pick(THINGS, at, 5)} is missing, and says what came of it.`,
    tags: [pick(VERBS, at, 1), pick(THINGS, at, 1), pick(PLACES, at, 1)],
    examples: [`${what} for ${pick(PLACES, at, 7)}`, `can you ${what} by noon?`],
  };
  const evidence = { successes: at % 90, failures: at % 7, reliability: 0.8 + (at % 20) / 100, ms: 100 + (at % 900), untrue: [] };
  return {
    name,
    version: "1.0.0",
    digest: name,
    url,
    endpoint: url,
    status: "listed",
    evidence: { [skill.id]: evidence },
    card: {
      name,
      description: `Does one thing: to ${what}.`,
      version: "1.0.0",
      supportedInterfaces: [{ url, protocolBinding: "JSONRPC", protocolVersion: "1.0" }],
      capabilities: {},
      defaultInputModes: ["text/plain"],
      defaultOutputModes: ["text/plain"],
      skills: [skill],
    },
  };
}

/** Different for each of the first 10,080. */
function doing(at: number): string {
  const [verb, rest] = [at % VERBS.length, Math.floor(at / VERBS.length)];
  return `${VERBS[verb]} ${KINDS[Math.floor(rest / THINGS.length) % KINDS.length]} ${THINGS[rest % THINGS.length]}`;
}

function pick(words: readonly string[], at: number, step: number): string {
  return words[(at * step + step) % words.length] ?? "";
}

const VERBS =
  "translate summarise convert price inspect schedule archive compare draw encode filter index judge label mail print quote rate scan verify".split(
    " ",
  );
const THINGS =
  "invoices contracts photographs recipes tickets payrolls surveys maps poems drawings parcels meters forests bridges engines vaccines loans menus playlists receipts visas warrants yields ballots".split(
    " ",
  );
const KINDS =
  "yearly medical digital broken ancient urgent private foreign seasonal municipal military industrial organic nuclear coastal rural academic historic portable confidential disputed".split(
    " ",
  );
const PLACES = "Lisbon Oslo Prague Vienna Dublin Athens Madrid Warsaw Riga Zurich Turin Lyon Bergen".split(" ");
