/**
 * What governance did in a task, in two lines: that it was at work, and where to read more.
 */
import type { TaskRecord } from "../shared/task/record.ts";
import { count } from "./conversation.ts";

/** @returns for instance "Governed: 24 decisions on 4 calls (8 budget, 4 chain-cap, …), none of them stopped anything" */
export function governedLine({ decisions, calls }: TaskRecord): string {
  const taken = decisions.map(({ decision }) => decision as { policy?: string; outcome?: string });
  const byPolicy = new Map<string, number>();
  for (const { policy = "unknown" } of taken) byPolicy.set(policy, (byPolicy.get(policy) ?? 0) + 1);
  const each = [...byPolicy].sort(([one], [other]) => (one < other ? -1 : 1)).map(([policy, times]) => `${policy} ${times}`);
  const stops = taken.filter(({ outcome }) => STOPS.has(outcome ?? "")).length;
  const end = stops === 0 ? "nothing was stopped" : `${count(stops, "time")} something was stopped or asked about`;
  return `Governed: ${count(taken.length, "decision")} on ${count(calls.length, "call")} (${each.join(", ")}); ${end}`;
}

const STOPS: ReadonlySet<string> = new Set(["stop", "refuse", "pause", "hold", "ask", "replan"]);
