/**
 * `npm run bench`: ours against the platform's floor and the official SDK's server, in one run, as a table with ratios.
 * Stops what it started and deletes what it wrote, also on Ctrl-C.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { availableParallelism, loadavg } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import type { Group, Storage } from "./group.ts";
import { measure } from "./measure.ts";
import { performanceDocument } from "./performance-document.ts";
import { killAll } from "./processes.ts";
import { type Result, resultsOf, table } from "./report.ts";
import { GROUPS } from "./rows.ts";
import { ROOT, removeFolders } from "./servers.ts";

const HELP = `npm run bench -- [options]

  --only <row>        one group of rows, or all whose names begin so; may be given several times: ${GROUPS.map((group) => group.id).join(", ")}
  --storage <where>   memory (a memory file system) or disk; default: both
  --md                also writes docs/performance.md
  --help

  BENCH_SECONDS       seconds a round (default 1 in memory, 2 on disk: short turns, because a busy machine
                      changes within seconds)
  BENCH_ROUNDS        rounds of each subject (default 6 in memory, 3 on disk)
`;

/** Load of each core, over the last minute, above which somebody else's work shows in the figures. */
const BUSY = 0.5;

process.once("SIGINT", () => {
  killAll();
  removeFolders();
  process.exit(130);
});

try {
  process.exitCode = await run();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
} finally {
  removeFolders();
}

/** @returns the exit code: 1 when a row is invalid, for a wrong answer is a fault and not a figure */
async function run(): Promise<number> {
  const { values } = parseArgs({
    options: {
      only: { type: "string", multiple: true },
      storage: { type: "string" },
      md: { type: "boolean" },
      help: { type: "boolean", short: "h" },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const groups = groupsNamed(values.only);
  const storages = storagesNamed(values.storage);
  if (values.md && (groups.length < GROUPS.length || storages.length < 2))
    throw new Error("--md writes the whole table: leave out --only and --storage");

  const settings = {
    seconds: { memory: positive("BENCH_SECONDS", 1), disk: positive("BENCH_SECONDS", 2) },
    rounds: { memory: positive("BENCH_ROUNDS", 6), disk: positive("BENCH_ROUNDS", 3) },
    progress: (text: string) => process.stderr.write(`${new Date().toISOString().slice(11, 19)}  ${text}\n`),
  };
  const load = (loadavg()[0] ?? 0) / availableParallelism();
  if (load > BUSY)
    settings.progress(`this machine is busy (load ${load.toFixed(1)} a core): figures will spread, run again when it is idle`);
  const began = Date.now();
  const results: Result[] = [];
  const failures: string[] = [];
  for (const storage of storages)
    for (const group of groups.filter((each) => each.storages.includes(storage)))
      try {
        results.push(...resultsOf(group, storage, await measure(group, storage, settings)));
      } catch (error) {
        // One group that cannot run must not cost the others their figures.
        failures.push(`${group.id}, ${storage}: ${error instanceof Error ? error.message : String(error)}`);
      }

  if (results.length > 0) process.stdout.write(`${table(results)}\n`);
  for (const failure of failures) process.stderr.write(`\nnot measured: ${failure}\n`);
  settings.progress(`${Math.round((Date.now() - began) / 1_000)} s in all`);
  if (failures.length > 0) return 1;
  if (values.md) {
    const file = join(ROOT, "docs", "performance.md");
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, performanceDocument(results, { ...settings, load }));
    settings.progress("wrote docs/performance.md");
  }
  return results.some(({ verdict }) => verdict === "invalid") ? 1 : 0;
}

/** By their ids, or by what the ids of several begin with. */
function groupsNamed(names: readonly string[] | undefined): readonly Group[] {
  const isNamed = ({ id }: Group, name: string) => id === name || id.startsWith(`${name}-`);
  for (const name of names ?? [])
    if (!GROUPS.some((group) => isNamed(group, name)))
      throw new Error(`there is no row "${name}". There are: ${GROUPS.map((group) => group.id).join(", ")}`);
  return names ? GROUPS.filter((group) => names.some((name) => isNamed(group, name))) : GROUPS;
}

function storagesNamed(name: string | undefined): readonly Storage[] {
  if (name === undefined) return ["memory", "disk"];
  if (name === "memory" || name === "disk") return [name];
  throw new Error(`--storage is memory or disk, not "${name}"`);
}

function positive(variable: string, otherwise: number): number {
  const text = process.env[variable];
  const value = text === undefined || text === "" ? otherwise : Number(text);
  if (!Number.isFinite(value) || value <= 0) throw new Error(`${variable} must be a number above 0, not "${text}"`);
  return value;
}
