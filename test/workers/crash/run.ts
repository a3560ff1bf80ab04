/** One run of the three-hop task under its fate, from the message to the books, and what came of it that must never change. */
import { evictDurableObject, runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { inject } from "vitest";
import { withPrincipal } from "../../../shared/auth/mesh-principal.ts";
import type { Principal } from "../../../shared/auth/principal.ts";
import type { Account, BudgetApi } from "../../../shared/host/governance/api.ts";
import { isTerminal, type JsonObject, type Message, type Task, type TaskState, textOf } from "../../../shared/task/a2a-types.ts";
import { costClaimedIn } from "../../../shared/task/governance-extension.ts";
import { type Calling, listTasks, poll, replay, type Seen, watch } from "../../mesh/persistent-caller.ts";
import { type Death, type Fate, type Mortal, newFate, noteDeath } from "./mortal.ts";

const AGENTS = ["root", "middle", "leaf"];
const bindings = env as unknown as Record<string, DurableObjectNamespace>;

/** Everything about a run that is the same however often its objects died. Ids and times are not in it. */
export interface Outcome {
  readonly state: string;
  readonly words: string;
  readonly artifacts: unknown;
  readonly said: readonly string[];
  readonly cost: JsonObject;
  /** By agent: the states of the tasks that were made there. */
  readonly made: Readonly<Record<string, readonly string[]>>;
  /** Idempotency keys that reached the webhook, each once. */
  readonly webhookKeys: number;
  readonly spent: JsonObject;
  readonly held: JsonObject;
}

export interface Ran {
  readonly outcome: Outcome;
  /** Requests that reached the webhook with a key that it had had before. */
  readonly repeats: number;
  readonly fate: Fate;
  readonly seen: readonly Seen[];
  /** The log as a reader finds it who was never interrupted. */
  readonly whole: readonly Seen[];
}

/** What a run is asked to do. */
export interface Errand {
  readonly skill: string;
  /** @param webhook an address of this run's own */
  readonly text: (webhook: string) => string;
  readonly answer: (question: string) => string;
}

const DRIVERS = { watch, poll };
/** How its caller follows it: by streams, or by asking again and again. */
export type Follow = keyof typeof DRIVERS;

let runs = 0;
/** Files that run side by side count alike, and share the server. */
const FILE = crypto.randomUUID();

/** @param like what it should come to, where that is known: lists may come behind a crash, and are waited for as far as that */
export async function run(errand: Errand, deaths: readonly Death[], follow: Follow, like?: Outcome): Promise<Ran> {
  runs += 1;
  const tenant = `tenant-${runs}`;
  const principal: Principal = { tenant, app: "app", subject: "caller", scopes: ["call", "approve"] };
  const at = callingOf(principal, errand.answer);
  const webhook = `${inject("webhookServer")}/${tenant}-${FILE}`;
  const fate = newFate(tenant, deaths);
  const executioner = evictAll(fate);
  try {
    const metadata = { "urn:skein:ext:skill:v1": { skill: errand.skill } };
    const message: Message = { messageId: tenant, role: "ROLE_USER", parts: [{ text: errand.text(webhook) }], metadata };
    const { task, seen } = await DRIVERS[follow](at("root"), message);
    const inTask = outcomeOf(task);
    const account = await settled(tenant, fate, inTask.cost);
    const delivered = (await (await fetch(webhook)).json()) as { headers: Record<string, string> }[];
    const made: Record<string, readonly string[]> = {};
    // Nobody waits for what belongs to another end than the one this task came to.
    const wanted = like?.state === inTask.state ? like.made : {};
    for (const agent of AGENTS) made[agent] = await statesAt(at(agent), wanted[agent]);
    const webhookKeys = new Set(delivered.map(({ headers }) => headers["idempotency-key"])).size;
    const outcome: Outcome = {
      ...inTask,
      made,
      webhookKeys,
      spent: { ...account?.spent },
      held: { ...account?.held },
    };
    return { outcome, repeats: delivered.length - webhookKeys, fate, seen, whole: await replay(at("root"), task.id) };
  } finally {
    executioner.stop();
  }
}

/**
 * @returns what is not as it was without deaths, what a stream's reader had that is not in the log, or the other way round, and what
 * the webhook was asked again though whoever asked it knew of the first time
 */
export function differences({ outcome, repeats, fate, seen, whole }: Ran, like: Outcome): string[] {
  const wrong = (Object.keys(like) as (keyof Outcome)[]).flatMap((field) => {
    const [is, was] = [outcome[field], like[field]].map((value) => JSON.stringify(value));
    return is === was ? [] : [`${field} is ${is}, not ${was}`];
  });
  if (seen.length > 0 && JSON.stringify(seen) !== JSON.stringify(whole)) wrong.push(`seen ${idsOf(seen)}, not ${idsOf(whole)}`);
  const mayRepeat = fate.died.filter(({ inPosting }) => inPosting).length;
  if (repeats > mayRepeat) wrong.push(`the webhook was asked ${repeats} times again, where ${mayRepeat} deaths allow it`);
  // The first thing that is wrong says most: the rest follows from it.
  return wrong.slice(0, 2);
}

function idsOf(events: readonly Seen[]): string {
  return events.map(({ id }) => id).join(" ");
}

/** As another Worker of the mesh calls, on behalf of somebody. */
function callingOf(principal: Principal, answer: Calling["answer"]): (agent: string) => Calling {
  return (agent) => ({
    request: async (path, { headers, ...init }) => {
      const binding = (env as unknown as Record<string, Fetcher>)[`AGENT_${agent.toUpperCase()}`];
      if (!binding) throw new Error(`there is no agent ${agent}`);
      return binding.fetch(`https://${agent}.mesh${path}`, {
        ...(init as RequestInit),
        headers: withPrincipal(new Headers(headers), principal),
      });
    },
    answer,
  });
}

function outcomeOf(task: Task): Pick<Outcome, "state" | "words" | "artifacts" | "said" | "cost"> {
  return {
    state: task.status.state,
    words: textOf(task.status.message?.parts ?? []),
    // Branches that run side by side come to what they say in whatever order; and what is asked may name its action, which each run
    // has its own of.
    artifacts: (task.artifacts ?? []).toSorted((one, other) => (one.artifactId < other.artifactId ? -1 : 1)),
    said: (task.history ?? []).map(({ role, parts }) => `${role}: ${withoutIds(textOf(parts))}`).sort(),
    cost: { ...costClaimedIn(task.metadata), wallMs: 0 },
  };
}

function withoutIds(text: string): string {
  return text.replace(/\/tenant-[\w-]+/, "").replaceAll(/[0-9a-f]{8,}/g, "…");
}

/** The states of all tasks, once they are as many as wanted and have ended; or whatever is there when that does not come. */
async function statesAt(calling: Calling, { length: wanted }: readonly string[] = []): Promise<string[]> {
  let states: string[] = [];
  for (let round = 0; round < 35; round++) {
    states = (await listTasks(calling)).map(({ status }) => status.state).sort();
    if (states.length >= wanted && states.every((state) => isTerminal(state as TaskState))) break;
    await scheduler.wait(10 * round);
  }
  return states;
}

/** The tenant's account when it has what the task says it cost, and holds nothing any more; or as it stands when that does not come. */
async function settled(tenant: string, { lived }: Fate, cost: JsonObject): Promise<Account | undefined> {
  const budget = () => bindings["BUDGET"]?.getByName(tenant) as unknown as BudgetApi;
  let account: Account | undefined;
  for (let round = 0; round < 40; round++) {
    try {
      [account] = await budget().accounts();
    } catch {
      // It died under this look at it.
    }
    const isFree = account && Object.values(account.held).every((held) => held === 0);
    if (isFree && JSON.stringify(account?.spent) === JSON.stringify(cost)) return account;
    // What a crash left is seen to by alarms: they ring somewhat earlier here, so that nobody has to wait for them.
    if (round > 2) for (const object of lived.values()) await runDurableObjectAlarm(stubOf(object)).catch(() => false);
    await scheduler.wait(5 * round);
  }
  return account;
}

function stubOf({ object, name }: Mortal): DurableObjectStub {
  const namespace = bindings[object];
  if (!namespace) throw new Error(`no binding is called ${object}`);
  return namespace.getByName(name);
}

/** Only from outside can an object be let go of: this is the platform's part. */
function evictAll(fate: Fate): { stop(): void } {
  let stopped = false;
  void (async () => {
    while (!stopped) {
      const next = fate.toEvict.shift();
      if (!next) {
        await scheduler.wait(1);
        continue;
      }
      // It takes a while, and the object works on until then.
      noteDeath(fate, next);
      await evictDurableObject(stubOf(next)).catch(() => undefined);
      noteDeath(fate, next);
    }
  })();
  return {
    stop: () => {
      stopped = true;
    },
  };
}
