/**
 * What is measured, against what, and what counts as reached: the benchmark as data. A group's subjects take turns in the
 * same minutes, so that a ratio compares two things under the same conditions.
 */
import { DURABILITY_GROUPS } from "./durability-rows.ts";
import { GOVERNANCE_GROUPS } from "./governance-rows.ts";
import type { Group, Storage } from "./group.ts";
import { REGISTRY_GROUPS } from "./registry-rows.ts";

const BOTH: readonly Storage[] = ["memory", "disk"];

export const GROUPS: readonly Group[] = [
  {
    id: "own-home",
    storages: BOTH,
    fresh: { mostRequests: 5_000 },
    subjects: {
      ours: { name: "SendMessage, an object for each task", server: "echo-own-homes", load: { kind: "send" } },
      floor: { name: "Worker → fresh object, one table, insert, read", server: "floors", load: { kind: "floor-fresh" } },
    },
    lines: [{ title: "SendMessage, a fresh home each", ours: "ours", against: "floor", compare: "throughput", atLeast: 0.7 }],
  },
  {
    id: "send",
    storages: BOTH,
    subjects: {
      ours: { name: "SendMessage, normal homes", server: "echo", load: { kind: "send" } },
      memory: { name: "official SDK, Express, in-memory store", server: "sdk-memory", load: { kind: "send" } },
      sqlite: { name: "official SDK, Express, SQLite store", server: "sdk-sqlite", load: { kind: "send" } },
    },
    lines: [
      { title: "SendMessage against the SDK with SQLite", ours: "ours", against: "sqlite", compare: "throughput", atLeast: 1 },
      { title: "SendMessage against the SDK in memory", ours: "ours", against: "memory", compare: "throughput", atLeast: 0.6 },
    ],
  },
  {
    id: "authenticated",
    storages: ["memory"],
    timesRounds: 2,
    subjects: {
      open: { name: "nobody is asked who it is", server: "echo", load: { kind: "send" } },
      es256: { name: "SendMessage with a JWT, ES256", server: "echo-guarded", load: { kind: "send" }, credential: "es256" },
      rs256: { name: "SendMessage with a JWT, RS256", server: "echo-guarded", load: { kind: "send" }, credential: "rs256" },
      key: { name: "SendMessage with an API key", server: "echo-guarded", load: { kind: "send" }, credential: "api-key" },
      unseen: { name: "SendMessage with a new JWT each", server: "echo-guarded", load: { kind: "send" }, credential: "es256-unseen" },
    },
    lines: [
      { title: "Authenticated SendMessage, JWT (ES256)", ours: "es256", against: "open", compare: "throughput", atLeast: 0.9 },
      { title: "Authenticated SendMessage, JWT (RS256)", ours: "rs256", against: "open", compare: "throughput", atLeast: 0.9 },
      { title: "Authenticated SendMessage, API key", ours: "key", against: "open", compare: "throughput", atLeast: 0.9 },
      { title: "Authenticated SendMessage, a new JWT (ES256) each", ours: "unseen", against: "open", compare: "throughput" },
    ],
  },
  {
    id: "follow-up",
    storages: BOTH,
    subjects: {
      ours: { name: "follow-up on a warm task", server: "echo", load: { kind: "chat" } },
      floor: { name: "Worker → hot object, one insert", server: "floors", load: { kind: "floor-hot" } },
    },
    lines: [{ title: "Follow-up on a warm task", ours: "ours", against: "floor", compare: "throughput", atLeast: 0.5 }],
  },
  {
    id: "stream",
    storages: BOTH,
    subjects: {
      ours: { name: "SendStreamingMessage, 20 chunks", server: "echo", load: { kind: "stream" } },
      floor: { name: "20 events by SSE, nothing stored", server: "floors", load: { kind: "floor-events" } },
    },
    lines: [{ title: "SSE of 20 events", ours: "ours", against: "floor", compare: "throughput" }],
  },
  {
    id: "first-event",
    storages: ["memory"],
    subjects: {
      ours: {
        name: "SendStreamingMessage, to its first event",
        server: "echo",
        load: { kind: "stream", timed: "first-event" },
        connections: 1,
      },
      floor: {
        name: "a stream of 20 events, nothing stored",
        server: "floors",
        load: { kind: "floor-events", timed: "first-event" },
        connections: 1,
      },
      sdk: {
        name: "official SDK, Express, in-memory store",
        server: "sdk-memory",
        load: { kind: "stream", timed: "first-event" },
        connections: 1,
      },
    },
    lines: [
      { title: "Time to the first event of a stream", ours: "ours", against: "floor", compare: "p50" },
      { title: "Time to the first event against the SDK in memory", ours: "ours", against: "sdk", compare: "p50" },
    ],
  },
  {
    id: "resume",
    storages: ["memory"],
    subjects: {
      get: { name: "GetTask of the same task, historyLength=0", server: "echo", load: { kind: "get-task", events: 1_000 }, connections: 1 },
      all: {
        name: "after event 1 of 1,000",
        server: "echo",
        load: { kind: "resume", events: 1_000, after: 1, timed: "first-event" },
        connections: 1,
      },
      end: {
        name: "after event 990 of 1,000",
        server: "echo",
        load: { kind: "resume", events: 1_000, after: 990, timed: "first-event" },
        connections: 1,
      },
    },
    lines: [
      { title: "Last-Event-ID, to the first of 1,000 missed events", ours: "all", against: "get", compare: "p50" },
      { title: "Last-Event-ID, to the first of the last missed events", ours: "end", against: "get", compare: "p50" },
    ],
  },
  {
    id: "push",
    storages: ["memory"],
    subjects: {
      heard: { name: "from the message to the webhook", server: "echo", load: { kind: "push", until: "receipt" }, connections: 1 },
      answered: { name: "from the message to its answer", server: "echo", load: { kind: "push", until: "answer" }, connections: 1 },
      floor: { name: "Worker → one fetch to the webhook", server: "floors", load: { kind: "floor-fetch" }, connections: 1 },
    },
    lines: [
      { title: "Push, from the answer of a task to the webhook's receipt", ours: "heard", against: "answered", compare: "p50-difference" },
      { title: "Push, from the message to the webhook's receipt", ours: "heard", against: "floor", compare: "p50" },
    ],
  },
  {
    id: "subscribers",
    storages: ["memory"],
    fresh: { mostRequests: 100 },
    subjects: {
      ours: { name: "1,000 subscribers of one task", server: "echo", load: { kind: "subscribers" }, connections: 1_000 },
      floor: {
        name: "Worker → object with 1,000 open streams, nothing stored",
        server: "floors",
        load: { kind: "floor-subscribers" },
        connections: 1_000,
      },
    },
    lines: [
      { title: "From an answer to the last of 1,000 subscribers", ours: "ours", against: "floor", compare: "p50" },
      { title: "Memory per open stream", ours: "ours", against: "floor", compare: "memory" },
    ],
  },
  {
    id: "idle",
    storages: ["memory"],
    fresh: { mostRequests: 2_000 },
    subjects: {
      shared: { name: "a task that waits, shared homes", server: "echo", load: { kind: "idle-tasks" } },
      own: { name: "a task that waits, an object of its own", server: "echo-own-homes", load: { kind: "idle-tasks" } },
      ended: { name: "a task that has ended, shared homes", server: "echo", load: { kind: "ended-tasks" } },
      floor: { name: "Worker → fresh object, one table, one row", server: "floors", load: { kind: "floor-objects" } },
    },
    apart: true,
    lines: [
      { title: "Memory per idle task", ours: "shared", against: "floor", compare: "memory" },
      { title: "Memory per idle task, against one that has ended", ours: "shared", against: "ended", compare: "memory" },
      { title: "Memory per idle task, a home of its own", ours: "own", against: "floor", compare: "memory" },
    ],
  },
  {
    id: "delegate",
    storages: BOTH,
    subjects: {
      direct: { name: "SendMessage to the callee itself", server: "fan", worker: "bench-echo", load: { kind: "send" }, connections: 1 },
      orchestrated: {
        name: "a request to the orchestrator for that skill",
        server: "fan",
        worker: "bench-orchestrator",
        load: { kind: "send", skill: "echo/echo" },
        connections: 1,
      },
      one: { name: "a task that delegates once", server: "fan", load: { kind: "send", skill: "one" }, connections: 1 },
      five: { name: "a task that delegates 5 times at once", server: "fan", load: { kind: "send", skill: "five" }, connections: 1 },
      oneLater: { name: "one call of a skill that waits 20 ms", server: "fan", load: { kind: "send", skill: "one-later" }, connections: 1 },
      fiveLater: {
        name: "5 calls of a skill that waits 20 ms",
        server: "fan",
        load: { kind: "send", skill: "five-later" },
        connections: 1,
      },
    },
    lines: [
      { title: "Overhead of the orchestrator", ours: "orchestrated", against: "direct", compare: "p50-difference" },
      { title: "Overhead of a delegate call", ours: "one", against: "direct", compare: "p50-difference" },
      { title: "Fan-out of 5 to a skill that waits 20 ms", ours: "fiveLater", against: "oneLater", compare: "p50", atMost: 1.5 },
      // The callee only computes, and one process serves both sides: four calls more are four calls' time of the same core.
      { title: "Fan-out of 5 to a skill that only computes", ours: "five", against: "one", compare: "p50", atMost: 1.5 },
    ],
  },
  {
    id: "get-task",
    storages: ["memory"],
    subjects: {
      ten: { name: "a task with 10 events", server: "echo", load: { kind: "get-task", events: 10 } },
      hundred: { name: "a task with 100 events", server: "echo", load: { kind: "get-task", events: 100 } },
      thousand: { name: "a task with 1,000 events", server: "echo", load: { kind: "get-task", events: 1_000 } },
    },
    lines: [
      { title: "GetTask, 100 events, historyLength=0", ours: "hundred", against: "ten", compare: "p50", atMost: 1.25 },
      { title: "GetTask, 1,000 events, historyLength=0", ours: "thousand", against: "ten", compare: "p50", atMost: 1.25 },
    ],
  },
  {
    id: "list-tasks",
    storages: ["memory"],
    apart: true,
    subjects: {
      few: { name: "a principal with 100 tasks", server: "echo", load: { kind: "list-tasks", tasks: 100 } },
      many: { name: "a principal with 10,000 tasks", server: "echo", load: { kind: "list-tasks", tasks: 10_000 } },
    },
    lines: [{ title: "ListTasks over 10,000 tasks, a page of 50", ours: "many", against: "few", compare: "p50", atMost: 1.25 }],
  },
  {
    id: "floors",
    storages: ["memory"],
    subjects: {
      hello: { name: "Worker → Hono hello", server: "floors", load: { kind: "hello" } },
      hot: { name: "Worker → hot object, one insert", server: "floors", load: { kind: "floor-hot" } },
    },
    lines: [{ title: "The platform alone", ours: "hot", against: "hello", compare: "throughput" }],
  },
  ...DURABILITY_GROUPS,
  ...GOVERNANCE_GROUPS,
  ...REGISTRY_GROUPS,
];
