/**
 * Runs requirements against one agent: a few at a time, each in its own trial with its own end, so that nothing a server does
 * or leaves undone can hang or stop the suite.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Task } from "../shared/task/a2a-types.ts";
import { type Agent, agentAt } from "./agent.ts";
import { fetchCard, interfaceOf, requiredExtensions } from "./card-seen.ts";
import { type Credentials, type Headers, headersFor } from "./credentials.ts";
import { asCurl, type Trial } from "./exchange.ts";
import { GONE, isRefused, originOf } from "./gone.ts";
import { pace } from "./pace.ts";
import { type CardSeen, ended, type Probe, type Triggers } from "./probe.ts";
import { type Binding, Failure, NotShown, type Requirement } from "./requirement.ts";
import { type Receiver, receive } from "./webhook.ts";

export interface Target {
  /** Of the agent, or of its card. */
  readonly url: string;
  readonly credentials?: Credentials | undefined;
  /** Another caller of the same agent, who must not see what is not theirs. */
  readonly other?: Credentials | undefined;
  /** A caller who is known, but may not send messages. */
  readonly weak?: Credentials | undefined;
  readonly triggers: Triggers;
  readonly webhookHost?: string | undefined;
  /** For each requirement. */
  readonly timeoutMs?: number;
  readonly atOnce?: number;
  /** Requests a minute; as many as come when left out. */
  readonly perMinute?: number | undefined;
}

export type Outcome =
  | { readonly status: "passed" }
  /** `isGone` when the server answered before, and then let nobody in: it was not there to be judged. */
  | { readonly status: "not shown"; readonly reason: string; readonly isGone?: true }
  | { readonly status: "failed"; readonly expected: string; readonly actual: string; readonly shownBy: string };

export interface Result {
  readonly requirement: Requirement;
  readonly binding: Binding | undefined;
  readonly outcome: Outcome;
  readonly ms: number;
}

const TIMEOUT_MS = 15_000;
const AT_ONCE = 4;

/** @throws Failure when there is no card to begin with */
export async function run(suite: readonly Requirement[], target: Target, onResult?: (result: Result) => void): Promise<Result[]> {
  const { timeoutMs = TIMEOUT_MS, atOnce = AT_ONCE } = target;
  const turn = pace(target.perMinute);
  const seen = await fetchCard(target.url, trialOf(timeoutMs, turn));
  const own = headersFor(seen.card, target.credentials ?? {});
  const other = target.other && headersFor(seen.card, target.other);
  const weak = target.weak && headersFor(seen.card, target.weak);
  const state: Shared = {
    target,
    seen,
    headers: { own, other, weak },
    timeoutMs,
    turn,
    answered: new Set([originOf(target.url)]),
    finished: new Map(),
    receiver: undefined,
  };
  const trials = suite.flatMap((requirement) => bindingsOf(requirement).map((binding) => ({ requirement, binding })));
  const results: Result[] = Array.from({ length: trials.length });
  let begun = 0;
  const work = async () => {
    for (let at = begun++; at < trials.length; at = begun++) {
      const trial = trials[at];
      if (!trial) return;
      const start = performance.now();
      const outcome = await tried(trial.requirement, trial.binding, state);
      const result = { ...trial, outcome, ms: performance.now() - start };
      results[at] = result;
      onResult?.(result);
    }
  };
  try {
    await Promise.all(Array.from({ length: atOnce }, work));
  } finally {
    await state.receiver?.then((receiver) => receiver.close());
  }
  return results;
}

function bindingsOf({ bindings }: Requirement): readonly (Binding | undefined)[] {
  return bindings.length === 0 ? [undefined] : bindings;
}

interface Shared {
  readonly target: Target;
  readonly seen: CardSeen;
  readonly headers: Readonly<Record<"own", Headers> & Record<"other" | "weak", Headers | undefined>>;
  readonly timeoutMs: number;
  readonly turn: Trial["turn"];
  /** Origins that some trial had an answer from. */
  readonly answered: Set<string>;
  readonly finished: Map<Binding, Promise<Task>>;
  receiver: Promise<Receiver> | undefined;
}

async function tried(requirement: Requirement, binding: Binding | undefined, shared: Shared): Promise<Outcome> {
  const trial = trialOf(shared.timeoutMs, shared.turn);
  const over = new AbortController();
  try {
    // The trial's end may find code that listens to no signal.
    const end = sleep(shared.timeoutMs + 500, undefined, { signal: over.signal }).then(() => Promise.reject(trial.signal.reason));
    await Promise.race([requirement.run(probeFor(shared, trial, binding)), end]);
    return { status: "passed" };
  } catch (error) {
    const place = trial.exchanges.at(-1)?.request.url ?? (binding && interfaceOf(shared.seen.card, binding)?.url) ?? shared.seen.url;
    if (isRefused(error) && shared.answered.has(originOf(place))) return GONE;
    return outcomeOf(error, trial, shared);
  } finally {
    for (const { request, answer } of trial.exchanges) if (answer) shared.answered.add(originOf(request.url));
    over.abort();
    trial.end.abort();
  }
}

function outcomeOf(error: unknown, trial: Trial, { headers, timeoutMs }: Shared): Outcome {
  if (error instanceof NotShown) return { status: "not shown", reason: error.message };
  const last = trial.exchanges.at(-1);
  const shownBy = last ? asCurl(last.request, Object.keys({ ...headers.own, ...headers.other, ...headers.weak })) : "";
  if (error instanceof Failure) return { status: "failed", expected: error.expected, actual: error.actual, shownBy };
  if (trial.signal.aborted) {
    const { answer } = trial.exchanges.at(-1) ?? {};
    const last =
      answer === undefined ? "no answer to the last request" : `the last answer was HTTP ${answer.status} ${answer.text.slice(0, 200)}`;
    return { status: "failed", expected: `the rule to show within ${timeoutMs / 1_000} s`, actual: last, shownBy };
  }
  const { message, cause } = error as Error;
  const why = cause instanceof Error ? `${message}: ${cause.message}` : message;
  return { status: "failed", expected: "an answer that can be read", actual: why, shownBy };
}

function trialOf(timeoutMs: number, turn: Trial["turn"]): Trial & { readonly end: AbortController } {
  const end = new AbortController();
  return { signal: AbortSignal.any([AbortSignal.timeout(timeoutMs), end.signal]), exchanges: [], turn, end };
}

function probeFor(shared: Shared, trial: Trial, binding: Binding | undefined): Probe {
  const { target, seen, headers } = shared;
  const { card } = seen;
  const required = requiredExtensions(card);
  const agentFor = (who: Headers, within: Trial = trial, over: Binding | undefined = binding): Agent => {
    if (over === undefined) throw new Error("this requirement has no binding");
    const place = interfaceOf(card, over);
    if (!place) throw new NotShown(`the card declares no ${over} interface of A2A 1.0`);
    // A card may name any address; only the origin that the person named gets to see who is calling.
    const isHome = URL.canParse(place.url) && new URL(place.url).origin === new URL(target.url).origin;
    return agentAt(
      { binding: over, url: place.url, tenant: place.tenant || undefined, headers: { ...required, ...(isHome && who) } },
      within,
    );
  };
  const probe: Probe = {
    seen,
    card,
    trial,
    credentials: headers.own,
    usual: { ...required, ...headers.own },
    triggers: target.triggers,
    get binding() {
      if (binding === undefined) throw new Error("this requirement has no binding");
      return binding;
    },
    get agent() {
      return agentFor(headers.own);
    },
    over: (other) => agentFor(headers.own, trial, other),
    get anonymous() {
      return agentFor({});
    },
    other() {
      if (!headers.other) throw new NotShown("needs the credentials of another caller: --other-token or --other-key");
      return agentFor(headers.other);
    },
    weak() {
      if (!headers.weak) throw new NotShown("needs the credentials of a caller who may not send: --weak-token or --weak-key");
      return agentFor(headers.weak);
    },
    async inbox() {
      shared.receiver ??= receive(target.webhookHost ?? "127.0.0.1");
      return (await shared.receiver).inbox();
    },
    finished() {
      if (binding === undefined) throw new Error("this requirement has no binding");
      const own = trialOf(shared.timeoutMs, shared.turn);
      const task = shared.finished.get(binding) ?? ended({ ...probe, agent: agentFor(headers.own, own), trial: own, binding });
      shared.finished.set(binding, task);
      return task;
    },
  };
  return probe;
}
