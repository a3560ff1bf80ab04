/**
 * Objects that can be killed at any turn in which they store something. Every such turn is a kill point, counted by tenant, so
 * that runs of different tenants go on side by side and know nothing of each other's deaths.
 */

/**
 * `before`: in the very turn, and nothing of it is kept. `after`: as soon as all of it is durable. `evicted`: let go by the
 * platform, which waits for the requests that are under way.
 */
export const WAYS = ["before", "after", "evicted"] as const;
export type Way = (typeof WAYS)[number];

export interface Death {
  /** The how manieth kill point of the tenant, from 1. */
  readonly point: number;
  readonly way: Way;
}

/** What one tenant's objects go through. */
export interface Fate {
  readonly deaths: Death[];
  /** Which class of object stored something, in order. */
  readonly points: string[];
  /** Deaths that came. */
  readonly died: Died[];
  /** To be evicted by the test, which alone can. */
  readonly toEvict: Died[];
  /** All that stored something, by class and name. */
  readonly lived: Map<string, Mortal>;
  /** The object that asks the webhook, from when it has stored all that comes before until it has stored what it was answered. */
  posting: string | undefined;
  hasPosted: boolean;
}

export interface Died extends Death, Mortal {
  /** It may have asked the webhook, and not know it: only then may the webhook be asked again. */
  inPosting: boolean;
}

export interface Mortal {
  /** The class, as its binding calls it. */
  readonly object: string;
  readonly name: string;
}

const fates = new Map<string, Fate>();

/** @returns where is told what becomes of the tenant's objects; none of them may have lived before */
export function newFate(tenant: string, deaths: readonly Death[]): Fate {
  const fate: Fate = { deaths: [...deaths], points: [], died: [], toEvict: [], lived: new Map(), posting: undefined, hasPosted: false };
  fates.set(tenant, fate);
  return fate;
}

const WRITES = /^\s*(?:INSERT|UPDATE|DELETE|REPLACE)\b/i;

/** Has the object counted and killed as its tenant's fate says. To be called before the object reads or writes anything. */
export function makeMortal(ctx: DurableObjectState, object: string): void {
  const name = ctx.id.name ?? "";
  const tenant = decodeURIComponent(name.split("/", 1)[0] ?? "");
  const { sql } = ctx.storage;
  const exec = sql.exec.bind(sql);
  let inTurn = false;
  const counted = (query: string, ...bindings: unknown[]) => {
    const fate = fates.get(tenant);
    if (fate && WRITES.test(query)) follow(fate, ctx, name, bindings);
    if (WRITES.test(query) && !inTurn) {
      inTurn = true;
      // The platform makes durable what was stored when its turn is over, all or nothing.
      setTimeout(() => {
        inTurn = false;
      }, 0);
      if (fate) reach(fate, ctx, object, name);
    }
    return exec(query, ...bindings);
  };
  Object.defineProperty(sql, "exec", { value: counted });
}

function reach(fate: Fate, ctx: DurableObjectState, object: string, name: string): void {
  const point = fate.points.push(object);
  fate.lived.set(`${object} ${name}`, { object, name });
  const death = fate.deaths.find((each) => each.point === point);
  if (!death) return;
  const died: Died = { ...death, object, name, inPosting: false };
  fate.died.push(died);
  const die = () => {
    noteDeath(fate, died);
    ctx.abort(`killed ${death.way} point ${point} was durable`);
  };
  if (death.way === "before") queueMicrotask(die);
  else if (death.way === "after") void ctx.storage.sync().then(die);
  else fate.toEvict.push(died);
}

/** What the log says of the webhook, by the names that the agent gives to what comes before it and to its answer. */
function follow(fate: Fate, ctx: DurableObjectState, name: string, bindings: readonly unknown[]): void {
  const stores = (text: string) => bindings.some((each) => typeof each === "string" && each.includes(`"${text}"`));
  if (!fate.hasPosted && stores("spend:post")) fate.posting = name;
  if (!stores("step:post")) return;
  const posted = () => {
    fate.hasPosted = true;
    fate.posting = undefined;
  };
  void ctx.storage.sync().then(posted, () => {});
}

/** To be told in the moment in which an object dies. */
export function noteDeath(fate: Fate, died: Died): void {
  if (fate.posting === died.name) died.inPosting = true;
}
