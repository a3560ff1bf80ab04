/**
 * The load generator: a process of its own, so that what it costs is not on the runner's clock. Started by fork; takes one
 * order at a time, and reports what came of it.
 */
import { closedLoop } from "./closed-loop.ts";
import type { WorkloadSpec } from "./group.ts";
import { type Session, type Target, type Workload, workloadOf } from "./workloads.ts";

export interface RoundOrder {
  readonly connections: number;
  readonly seconds: number;
  readonly warmUpSeconds: number;
  readonly mostRequests: number;
}

export type Order =
  | ({
      readonly order: "prepare";
      readonly url: string;
      readonly spec: WorkloadSpec;
      /** Who is calling; with several, each request takes the next. */
      readonly headers: readonly Target["headers"][];
    } & Pick<Target, "pid">)
  /** The server was killed, and is there again. */
  | ({ readonly order: "moved"; readonly url: string } & Pick<Target, "pid"> & { readonly killedAt: number })
  | ({ readonly order: "round" } & RoundOrder);

export type Report = { readonly ok: true; readonly round?: Round } | { readonly ok: false; readonly error: string };

export interface Round {
  readonly requests: number;
  readonly requestsPerSecond: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  /** By which the server grew for each thing that it holds, where that is what is measured. */
  readonly bytesEach?: number;
  readonly errors: number;
  readonly firstError?: string;
}

let prepared: { target: Target; workload: Workload; sessions: Session[]; inTurn: readonly Target["headers"][] } | undefined;
/** Requests that took their turn. */
let turns = 0;

process.on("message", (order: Order) => {
  carryOut(order).then(
    (report) => process.send?.(report),
    (error: unknown) => process.send?.({ ok: false, error: error instanceof Error ? error.message : String(error) } satisfies Report),
  );
});

async function carryOut(order: Order): Promise<Report> {
  if (order.order === "prepare") {
    const [only = {}, ...others] = order.headers;
    const target = { url: new URL(order.url), headers: others.length === 0 ? only : {}, pid: order.pid };
    prepared = { target, workload: workloadOf(order.spec), sessions: [], inTurn: others.length === 0 ? [] : order.headers };
    await prepared.workload.prepare?.(target);
    return { ok: true };
  }
  if (!prepared) return { ok: false, error: "a round came before its preparation" };
  if (order.order === "moved") {
    const { pid, killedAt } = order;
    prepared.target = { ...prepared.target, url: new URL(order.url), pid, killedAt };
    return { ok: true };
  }
  const { target, workload, sessions, inTurn } = prepared;
  if ("round" in workload) return { ok: true, round: await workload.round(target, order) };
  while (sessions.length < order.connections) sessions.push(takingTurns(workload.session(), inTurn));
  return { ok: true, round: await closedLoop(target, sessions.slice(0, order.connections), order) };
}

function takingTurns(session: Session, inTurn: readonly Target["headers"][]): Session {
  if (inTurn.length === 0) return session;
  const next = () => {
    const request = session.next();
    turns += 1;
    return { ...request, headers: { ...request.headers, ...inTurn[turns % inTurn.length] } };
  };
  return { ...session, next };
}
