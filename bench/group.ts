/**
 * The words in which the benchmark is written down: subjects that take turns on servers, and lines that compare two of them.
 */

import type { TaskPolicy } from "../shared/contract/contract.ts";

/** What a subject's requests are. */
export type WorkloadSpec = Load & {
  /** The time until the first event is there, instead of the whole answer. */
  readonly timed?: "first-event";
};

type Load =
  | { readonly kind: "hello" | "floor-fresh" | "floor-hot" | "floor-events" | "stream" | "chat" }
  /** SendMessage, blocking, to a skill that answers with the text. */
  | { readonly kind: "send"; readonly skill?: string }
  | { readonly kind: "get-task"; readonly events: number }
  | { readonly kind: "list-tasks"; readonly tasks: number }
  /** SubscribeToTask with Last-Event-ID, to a task that has ended. */
  | { readonly kind: "resume"; readonly events: number; readonly after: number }
  /** SendMessage with a push config, until its answer or until the webhook has heard of the end; or one fetch to a webhook. */
  | { readonly kind: "push"; readonly until: "answer" | "receipt" }
  | { readonly kind: "floor-fetch" }
  /** SubscribeToTask over all connections, while the task is answered again and again; or the same with a plain object. */
  | { readonly kind: "subscribers" | "floor-subscribers" }
  /** A lease of one tenant's budget, made and settled. */
  | { readonly kind: "lease" }
  /** An envelope's last block made, and all of so many verified. */
  | { readonly kind: "envelope"; readonly blocks: number }
  /** A decision on plain signals, or on those that give it the most work. */
  | { readonly kind: "decision"; readonly of: DecisionName; readonly worst: boolean }
  /** The registry finds who fits a need, among so many skills; or the first time since one of them was published anew. */
  | { readonly kind: "search"; readonly skills: number; readonly changed?: true }
  /** All that is checked of a publication, with an agent on the same machine; or the same requests and nothing else. */
  | { readonly kind: "publish" | "floor-publish" }
  /** Tasks that wait for an answer, tasks that have ended, or plain objects, as many as a round has requests. */
  | { readonly kind: "idle-tasks" | "ended-tasks" | "floor-objects" }
  /** An object that stores a row in each of its turns, or that only takes as many turns. */
  | { readonly kind: "floor-turns" | "floor-idle-turns" }
  /** The first answer to each of so many waiting tasks since their server was killed; or the first insert into plain objects. */
  | { readonly kind: "cold-answer"; readonly tasks: number }
  | { readonly kind: "floor-cold"; readonly objects: number }
  /** Tasks at work while their server is killed, until the last has ended, with or without somebody who asks for them. */
  | { readonly kind: "recover"; readonly tasks: number; readonly asked: boolean }
  | { readonly kind: "floor-recover"; readonly objects: number }
  /** The same with nothing killed. */
  | { readonly kind: "finish"; readonly tasks: number }
  | { readonly kind: "floor-finish"; readonly objects: number };

/** `none`: what is measured runs in the load generator itself. */
export type ServerKind =
  | "floors"
  | "echo"
  | "echo-own-homes"
  | "echo-guarded"
  | "echo-ungoverned"
  | "fan"
  | "fan-ungoverned"
  | "governance"
  | "sdk-memory"
  | "sdk-sqlite"
  | "none";

/** What decides, by its contract; `expected-cost` is what budget decides on. */
export type DecisionName = TaskPolicy | "expected-cost";

/** How a caller shows who it is: a token signed in one of two ways, a key, or a token not seen before with each request. */
export type CredentialKind = "es256" | "rs256" | "api-key" | "es256-unseen";

/** `memory`: a memory file system; `disk`: the disk the project is on. Both hold the same SQLite files. */
export type Storage = "memory" | "disk";

export interface Subject {
  /** Said in the table. */
  readonly name: string;
  readonly server: ServerKind;
  /** Which Worker of the server, where it has several. Default: its first. */
  readonly worker?: string;
  readonly load: WorkloadSpec;
  /** 32 unless given; 1 where the time of one request is the question. */
  readonly connections?: number;
  /** Sent with each request, to a server that asks for it. */
  readonly credential?: CredentialKind;
}

export type Comparison =
  /** Requests a second, ours divided by theirs: the more the better. */
  | { readonly compare: "throughput"; readonly atLeast?: number }
  /** Medians, ours divided by theirs: the less the better. */
  | { readonly compare: "p50"; readonly atMost?: number }
  /** Microseconds of our median, by itself; theirs stands beside it to be compared with. */
  | { readonly compare: "microseconds"; readonly atMost?: number }
  /** Milliseconds of the median that ours takes longer. */
  | {
      readonly compare: "p50-difference";
      readonly atMost?: number /** Of so many alike, for each of which it is said. */;
      readonly of?: number;
    }
  /** Memory that the server holds for each, ours divided by theirs: the less the better. */
  | { readonly compare: "memory"; readonly atMost?: number };

export type Line = Comparison & { readonly title: string; readonly ours: string; readonly against: string };

export interface Group {
  /** For `--only`. */
  readonly id: string;
  readonly storages: readonly Storage[];
  readonly subjects: Readonly<Record<string, Subject>>;
  readonly lines: readonly Line[];
  /** Each subject has a server of its own, even where two name the same kind. */
  readonly apart?: boolean;
  /**
   * Each round starts its servers anew and stops after so many requests: a live object holds three file descriptors, and
   * a process has few; and what a process grows by shows only in a new one.
   */
  readonly fresh?: { readonly mostRequests: number };
  /** Servers are killed after they were prepared, and go on with what they had stored: only what was durable is measured. */
  readonly killed?: true;
  /** So many times the rounds of others, where a difference of a few percent is the question. */
  readonly timesRounds?: number;
}
