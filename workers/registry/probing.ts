/**
 * Runs an agent's probes: sends each as a call is sent, and holds the answer against what is expected. Bounded in time, in how many
 * go out at once, and in what the agent says they cost. Decides nothing and stores nothing: outcomes go back to whoever asked.
 */
import { isKeyed } from "../../shared/a2a/outside-form.ts";
import type { PublishingContract } from "../../shared/contract/publishing.ts";
import { type Answer, readAnswer } from "../../shared/registry/answer.ts";
import type { Entry } from "../../shared/registry/entry.ts";
import { type Judged, judge, judgeError, verdict } from "../../shared/registry/judge.ts";
import type { Probe, ProbeOutcome } from "../../shared/registry/probe.ts";
import { chooseProbes } from "../../shared/registry/probe-choice.ts";
import { PATIENCE_MS } from "../../shared/registry/probe-rules.ts";
import { isObject, isTerminal, type Json, type TaskState } from "../../shared/task/a2a-types.ts";
import { skillFactsIn } from "../../shared/task/skill-facts.ts";
import { type Asked, type Asking, askAgent, askToEnd, messageOf, newKey, type Replied } from "./asked-agent.ts";
import { claimsOf } from "./claims.ts";
import { KEPT_SECRET } from "./hidden-probes.ts";

/** What of the contract bounds a run. */
export type RunLimits = Pick<PublishingContract, "probesAtOnce" | "probeRunSeconds" | "probeRunMicroUsd">;

export interface Probing extends Asking {
  readonly limits: RunLimits;
  /** Milliseconds for one probe. */
  readonly probeMs?: number;
}

export interface Probed extends Pick<Entry, "endpoint" | "card" | "probes"> {
  /** The operator's own, which nobody is told of. */
  readonly hidden?: readonly Probe[];
}

/** It has an outcome, or nothing could be said. */
type Job = () => Promise<ProbeOutcome | undefined>;

/** To take back what nobody will answer. */
const CANCEL_MS = 2_000;

/**
 * What the card declares is tried first, and once more where it fails; then each probe of a skill that may be probed, until the time or
 * the money is used up; what did not get its turn has no outcome. Never rejects.
 *
 * @returns in this order: claims, hidden probes, the publisher's
 */
export async function runProbes(entry: Probed, probing: Probing): Promise<ProbeOutcome[]> {
  const { now, limits, probeMs = PATIENCE_MS } = probing;
  const { card, endpoint, hidden = [] } = entry;
  const prices = skillFactsIn(card);
  const asked: Asked = { endpoint, keyed: isKeyed((card.capabilities.extensions ?? []).map(({ uri }) => uri)) };
  let spent = 0;
  // One that is begun has its whole time: what was cut short would say nothing of the agent.
  const lastStart = now() + limits.probeRunSeconds * 1_000 - probeMs - CANCEL_MS;
  const isTimeLeft = () => now() <= lastStart;

  const claims = claimsOf(entry, probing).map(
    ({ claim, try: tryIt }): Job =>
      async () => {
        const once = async (patienceMs: number) => {
          const began = now();
          const tried = await tryIt(patienceMs);
          return tried && { skill: "", claim, at: new Date(began).toISOString(), ms: now() - began, ...tried };
        };
        // Whoever publishes waits for both.
        const outcome = await once(probeMs / 2);
        if (outcome?.ok !== false) return outcome;
        // A bad moment is no lie: it is false only when it fails twice, and where there is no time for that nothing is said.
        return isTimeLeft() ? once(probeMs) : undefined;
      },
  );
  const jobOf = (probe: Probe, isHidden: boolean): Job => {
    return async () => {
      if (spent >= limits.probeRunMicroUsd) return undefined;
      const outcome = await runProbe(asked, probe, probing, probeMs);
      spent += outcome.microUsd ?? prices.get(probe.skill)?.price ?? 0;
      return isHidden && !outcome.ok ? { ...outcome, why: KEPT_SECRET } : outcome;
    };
  };
  // The hidden ones first: whoever fears them must not be able to use up the time with his own.
  const probes = [
    ...chooseProbes(card, hidden).sent.map((probe) => jobOf(probe, true)),
    ...chooseProbes(card, entry.probes).sent.map((probe) => jobOf(probe, false)),
  ];

  return inLanes([...claims, ...probes], limits.probesAtOnce, isTimeLeft);
}

async function inLanes(jobs: readonly Job[], lanes: number, isTimeLeft: () => boolean): Promise<ProbeOutcome[]> {
  const outcomes: (ProbeOutcome | undefined)[] = [];
  let next = 0;
  const lane = async () => {
    while (next < jobs.length && isTimeLeft()) {
      const mine = next++;
      outcomes[mine] = await jobs[mine]?.();
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return outcomes.filter((outcome) => outcome !== undefined);
}

async function runProbe(asked: Asked, probe: Probe, probing: Probing, probeMs: number): Promise<ProbeOutcome> {
  const began = probing.now();
  const key = newKey();
  const replied = await askToEnd(asked, messageOf(probe, key), probing, probeMs);
  const ms = probing.now() - began;
  const json = replied.kind === "result" ? answerIn(replied.result) : undefined;
  const answer = readAnswer(json);
  if (answer) await takeBack(asked.endpoint, answer, probing, key);
  return {
    skill: probe.skill,
    at: new Date(began).toISOString(),
    ms,
    ...(answer?.microUsd !== undefined && { microUsd: answer.microUsd }),
    ...verdict(judgedOf(probe, replied, json, ms)),
  };
}

function judgedOf(probe: Probe, replied: Replied, answer: Json | undefined, ms: number): readonly Judged[] {
  switch (replied.kind) {
    case "result":
      return judge(probe, { answer, ms });
    case "error":
      return judgeError(probe, replied);
    case "nothing":
      return [{ what: "answer", holds: false, why: replied.why }];
  }
}

/** Of SendMessage: exactly one of the two is there. (A2A 1.0, 3.1.1) */
export function answerIn(result: Json): Json | undefined {
  return isObject(result) ? (result["task"] ?? result["message"]) : undefined;
}

/** A question that nobody will answer, and work that nobody waits for, are not left behind. Whatever comes of it. */
export async function takeBack(endpoint: string, { taskId, state }: Answer, asking: Asking, key: string): Promise<void> {
  if (taskId === undefined || state === undefined || isTerminal(state as TaskState)) return;
  await askAgent(endpoint, "CancelTask", { id: taskId }, asking, CANCEL_MS, key);
}
