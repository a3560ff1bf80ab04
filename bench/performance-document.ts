/**
 * `docs/performance.md`: the table with all a reader needs to judge it. Written by `npm run bench -- --md`, never by hand.
 */
import { readFileSync } from "node:fs";
import { arch, cpus, platform, release, totalmem } from "node:os";
import type { Settings } from "./measure.ts";
import { type Result, table } from "./report.ts";

interface Conditions extends Pick<Settings, "seconds" | "rounds"> {
  /** Of each core, before the run. */
  readonly load: number;
}

export function performanceDocument(results: readonly Result[], { seconds, rounds, load }: Conditions): string {
  const missed = results.filter(({ verdict }) => verdict === "missed" || verdict === "invalid");
  const goals = results.filter(({ verdict }) => verdict !== "no-goal");
  return `# Performance

Written by \`npm run bench -- --md\`, which anybody can run again; \`npm run bench -- --help\` says how to run a part of it.

${table(results)}

${goals.length - missed.length} of ${goals.length} goals are met.

## Under which conditions

- ${new Date().toISOString().slice(0, 10)}, ${platform()} ${release()} ${arch()}, ${cpus().length} cores (${cpus()[0]?.model.trim()}), ${Math.round(totalmem() / 2 ** 30)} GB
- Node ${process.versions.node}, workerd ${versionOf("workerd")}, wrangler ${versionOf("wrangler")}, @a2a-js/sdk ${versionOf("@a2a-js/sdk")}, Express ${versionOf("express")}, better-sqlite3 ${versionOf("better-sqlite3")}
- ${rounds.memory} rounds of ${seconds.memory} s of each subject in memory, ${rounds.disk} of ${seconds.disk} s on disk; 32 connections, except 1
  where the time of one request is the question, and 1,000 for subscribers; twice as many rounds for authenticated requests
- load of each core before the run: ${load.toFixed(1)}

## How to read it

- **A ratio is of the same minutes.** The two sides of a row take turns, round by round; each round of ours is compared with the
  round of the other side beside it, and the median of these ratios is the figure, with the least and the most of them in
  brackets. Compare ratios between machines, not requests a second.
- **Ours is what is deployed**: bundled by \`wrangler deploy --dry-run\`, served by \`workerd serve\`, called over HTTP with
  A2A 1.0 JSON-RPC. \`storage\` is where the objects' SQLite files are: on a memory file system or on the project's disk.
- **A floor** is a Worker that does the least of the same kind and nothing of A2A: no log, no validation, no index
  (\`bench/floors/\`). It answers what the platform costs; the rest is ours.
- **The peer** is the official SDK's Express server with its default request handler and a trivial executor, on the same Node
  (\`bench/peers/\`), once with its in-memory store, which loses all tasks with the process, and once with its SQLite store in
  WAL mode with a sync at each commit, on the same storage.
- **Every answer is checked** by its body. One wrong answer makes a row invalid, however fast it was.
- The load generator and the server share the machine's cores. A single process serves all Workers of a row.
- A fresh object for each task holds three file descriptors, so those rounds start a new process each and end after 5,000
  requests.
- **Authenticated** and not are two processes of the same Worker: one in local mode, one with an issuer and an API key. The
  issuer's keys have been fetched, and a caller sends the same token with each request, as callers do. Its signature is
  then checked once a minute; the last of these rows is what it costs when each request brings a token that was not seen before.
- **Times to a first event**, of resuming and of a webhook are of one connection, because with more of them the time of one request
  is the time others keep it waiting. Each replayed event is counted, and must be in its place. A webhook is a server
  in the load generator's process; "from the answer" is its median time of hearing that the task is done, less that of the caller.
- **Subscribers**: a request is one turn, an answer to a task that asks back, and it is over when the last of 1,000 streams has
  the last event of it. Each event of each stream is compared with what the other streams got; one that is missing, out of place or
  different makes the row invalid.
- **Memory** is by how much the resident memory of a new process grows, divided by what it holds: 1,000 streams, or 2,000 tasks
  or objects, counted after the first 100 streams and 300 tasks. What the runtime has not yet freed of the requests is in it, on both sides:
  a task that has ended holds nothing, so the line against it says what waiting itself costs.
- **A killed server** (SIGKILL) is started again on what it had stored, and the clock runs from the kill: the start of the process is
  in the figure, and a task's own work (one second, begun anew) is in what it is compared with. Every task has to end as if nothing
  had happened. "By alarms alone": nobody asks for a task, and the list is looked at until all have ended; a program at work
  has a lease of 10 seconds. After the kill no object is in memory, which is what "evicted" means here.
- **Each step** is what 20 steps take longer than the same work without, divided by 20; each is stored by itself.
- The overhead of a delegate call is the median time of a task that delegates once, less that of the same task sent to the
  callee itself. A follow-up is one turn of a conversation of 50, begun anew when it is over.
`;
}

function versionOf(name: string): string {
  const text = readFileSync(new URL(`../node_modules/${name}/package.json`, import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}
