/**
 * The rows about what outlasts its process: an answer to a task that waits, steps that are written down as they are done, and
 * tasks that run while the whole runtime is killed.
 */
import type { Group, Subject } from "./group.ts";

/** How many tasks wait, or run, when their process is killed. */
const WAITING = 400;
const RUNNING = 100;
/** As many as the skill of the benchmark takes. */
const STEPS = 20;

const undisturbed: Subject = { name: "the same tasks, nothing killed", server: "echo", load: { kind: "finish", tasks: RUNNING } };

export const DURABILITY_GROUPS: readonly Group[] = [
  {
    id: "durability-answer",
    storages: ["memory"],
    timesRounds: 1 / 3,
    subjects: {
      ours: { name: "an answer to a waiting task, to its next state", server: "echo", load: { kind: "chat" }, connections: 1 },
      floor: { name: "Worker → hot object, one insert", server: "floors", load: { kind: "floor-hot" }, connections: 1 },
    },
    lines: [{ title: "Answer to a paused task, warm", ours: "ours", against: "floor", compare: "p50" }],
  },
  {
    id: "durability-answer-cold",
    storages: ["memory"],
    fresh: { mostRequests: WAITING },
    killed: true,
    timesRounds: 1 / 3,
    subjects: {
      ours: {
        name: "an answer to a task whose object is gone, to its next state",
        server: "echo",
        load: { kind: "cold-answer", tasks: WAITING },
        connections: 1,
      },
      floor: {
        name: "Worker → an object of before, one insert",
        server: "floors",
        load: { kind: "floor-cold", objects: WAITING },
        connections: 1,
      },
    },
    lines: [{ title: "Answer to a paused task, its object evicted", ours: "ours", against: "floor", compare: "p50" }],
  },
  {
    id: "durability-steps",
    storages: ["memory", "disk"],
    timesRounds: 1 / 3,
    subjects: {
      ours: { name: `${STEPS} steps`, server: "echo", load: { kind: "send", skill: "steps" }, connections: 1 },
      plain: { name: "the same without steps", server: "echo", load: { kind: "send", skill: "unwritten" }, connections: 1 },
      floor: { name: `object with ${STEPS} inserts, one a turn`, server: "floors", load: { kind: "floor-turns" }, connections: 1 },
      idle: { name: `object with ${STEPS} turns, nothing stored`, server: "floors", load: { kind: "floor-idle-turns" }, connections: 1 },
    },
    lines: [
      { title: "Journalling, each step", ours: "ours", against: "plain", compare: "p50-difference", of: STEPS },
      { title: "An insert in an object, each", ours: "floor", against: "idle", compare: "p50-difference", of: STEPS },
      { title: "A skill with steps, against an object with as many inserts", ours: "ours", against: "floor", compare: "p50" },
    ],
  },
  {
    id: "durability-recovery",
    // What a killed process had written is in the machine's memory, wherever the files are.
    storages: ["memory"],
    fresh: { mostRequests: RUNNING },
    killed: true,
    timesRounds: 1 / 3,
    subjects: {
      asked: {
        name: `${RUNNING} running tasks, killed, each asked for`,
        server: "echo",
        load: { kind: "recover", tasks: RUNNING, asked: true },
      },
      undisturbed,
      floor: { name: `${RUNNING} objects, killed, one insert each`, server: "floors", load: { kind: "floor-recover", objects: RUNNING } },
      floorUndisturbed: { name: "the same inserts, nothing killed", server: "floors", load: { kind: "floor-finish", objects: RUNNING } },
    },
    lines: [
      { title: "SIGKILL, to the end of the last task", ours: "asked", against: "undisturbed", compare: "p50-difference" },
      { title: "SIGKILL, to the last of bare objects", ours: "floor", against: "floorUndisturbed", compare: "p50-difference" },
    ],
  },
  {
    id: "durability-recovery-alone",
    storages: ["memory"],
    fresh: { mostRequests: RUNNING },
    killed: true,
    timesRounds: 1 / 6,
    subjects: {
      alone: {
        name: `${RUNNING} running tasks, killed, nobody asks`,
        server: "echo",
        load: { kind: "recover", tasks: RUNNING, asked: false },
      },
      undisturbed,
    },
    lines: [
      { title: "SIGKILL, to the end of the last task, by alarms alone", ours: "alone", against: "undisturbed", compare: "p50-difference" },
    ],
  },
];
