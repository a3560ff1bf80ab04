/**
 * The registry's object, one for the mesh: what was published, how it stands, and what was measured of it. A shell that decides
 * nothing: it loads, asks the pure core, and stores the answer with its row in the log, in one turn. Its alarm runs probes, and looks
 * at rollouts. Nobody waits for it with a call: callers keep the snapshot.
 */
import { DurableObject } from "cloudflare:workers";
import type { PublishingContract } from "../../shared/contract/publishing.ts";
import type { RolloutContract } from "../../shared/contract/rollout.ts";
import { type Admission, admit, type Held } from "../../shared/registry/admission.ts";
import { type Change, type Changed, type EntryPage, MOST_VERSIONS_READ } from "../../shared/registry/api.ts";
import { askedLately, isAway, LOOKS, nextLookMs, probePauseMs } from "../../shared/registry/asking-again.ts";
import { whyOtherCard, whyQuarantine } from "../../shared/registry/drift.ts";
import type { Entry, Snapshot } from "../../shared/registry/entry.ts";
import type { LogPage } from "../../shared/registry/history.ts";
import type { ProbeOutcome } from "../../shared/registry/probe.ts";
import type { RolloutChange, RolloutReport, ShadowCopy } from "../../shared/registry/rollout.ts";
import type { CopyOutcome } from "../../shared/registry/rollout-seen.ts";
import { sizesOf, whyNoRoom } from "../../shared/registry/room.ts";
import { type CallsSeen, isProbe, type Prior, untrueClaims } from "../../shared/registry/score.ts";
import { calledVersion, decideChange, isMeasured, latestFirst } from "../../shared/registry/standing.ts";
import { Copies } from "./copies.ts";
import type { Committed, CopyTarget, Holdings } from "./holdings.ts";
import { Inheritance } from "./inheritance.ts";
import { OutcomeStore } from "./outcome-store.ts";
import { calledPage, versionsPage } from "./reading.ts";
import { RecordStore } from "./record-store.ts";
import { RegistryStore } from "./registry-store.ts";
import { RolloutStore } from "./rollout-store.ts";
import { Rollouts } from "./rollouts.ts";
import { ShownAgents } from "./shown-agents.ts";
import { SizeStore } from "./size-store.ts";
import { REGISTRY, Standings } from "./standings.ts";
import { TurnStore } from "./turn-store.ts";

export interface Measuring<Env> {
  /** Sends an entry's probes to its agent. */
  readonly probe: (entry: Entry, env: Env) => Promise<readonly ProbeOutcome[]>;
  /** What calls to it came to, by skill. */
  readonly calls: (entry: Entry, env: Env) => Promise<Readonly<Record<string, CallsSeen>>>;
  readonly prior: Prior;
  readonly publishing: PublishingContract;
  /** Of the version that a rollout goes by; the latest where that is not deployed any more, or none is asked for. */
  readonly rollout: (version?: number) => RolloutContract;
}

/** After a publication whose probes were lost, or probes that could not be run. Milliseconds. */
const PROBE_AGAIN_MS = 60_000;
/** An alarm begins no more probes after so long: what is left has its own. Milliseconds. */
const ROUND_MS = 60_000;
/** The platform lets one alarm have so many requests out, and what had to wait for its turn would count as slow. */
const MOST_REQUESTS = 6;

/** The class to export as `RegistryObject` from the registry's Worker. */
export function defineRegistryObject<Env>({ probe, calls, prior, publishing, rollout: contract }: Measuring<Env>) {
  return class RegistryObject extends DurableObject<Env> implements Holdings {
    readonly #store = new RegistryStore(this.ctx.storage.sql);
    readonly #outcomes = new OutcomeStore(this.ctx.storage.sql);
    readonly #rows = new RolloutStore(this.ctx.storage.sql);
    readonly #records = new RecordStore(this.ctx.storage.sql);
    readonly #standings = new Standings(this.#store, this.#outcomes, this.#records);
    readonly #sizes = new SizeStore(this.ctx.storage.sql, this.#store);
    readonly #turns = new TurnStore(this.ctx.storage.sql);
    readonly #inheritance = new Inheritance({
      ...{ store: this.#store, outcomes: this.#outcomes, records: this.#records, most: publishing.carriedOutcomes },
    });
    readonly #shown = new ShownAgents({
      ...{ store: this.#store, outcomes: this.#outcomes, rows: this.#rows, sizes: this.#sizes, inheritance: this.#inheritance, prior },
    });
    readonly #copies = new Copies({ store: this.#store, rows: this.#rows, contract });
    readonly #rollouts = new Rollouts({
      ...{ store: this.#store, outcomes: this.#outcomes, rows: this.#rows, standings: this.#standings, records: this.#records, contract },
      calls: (entry) => calls(entry, this.env),
      inOne: (writes) => this.ctx.storage.transactionSync(writes),
      touched: (name) => this.#touched(name),
    });
    readonly #measuring = new Map<string, Promise<void>>();
    /** When rollouts are looked at next; at once after a restart. Milliseconds since the epoch. */
    #lookAt = 0;

    constructor(ctx: DurableObjectState, env: Env) {
      super(ctx, env);
      // A lost predecessor may have spent the alarm's retries.
      this.#ring();
    }

    async commit(entry: Entry, reserved: readonly string[], atOnce = false): Promise<Committed> {
      const same = this.#store.entry(entry.name, entry.version);
      const admission = admit(entry, this.#store.held(), reserved, same?.probes);
      if (!admission.ok) return admission;
      if (same) return { ok: true, entry: same, again: true };
      const { entry: entering, note, rollout } = this.#rollouts.opening(entry, atOnce);
      const sizes = sizesOf(entering);
      const full = whyNoRoom(
        { ...entering, ...sizes },
        this.ctx.storage.transactionSync(() => this.#sizes.all()),
        Date.now(),
      );
      if (full) return { ok: false, refusal: full };
      this.ctx.storage.transactionSync(() => {
        this.#inheritance.begin(entering);
        this.#store.add(entering);
        if (atOnce && entering.status === "listed") this.#records.unmark(entry.name, entry.version);
        this.#sizes.add(entry.name, entry.version, sizes);
        this.#standings.append(entering, { what: "published", by: entry.publisher, ...(note !== undefined && { reason: note }) });
        if (rollout) this.#rollouts.begin(rollout);
        this.#touched(entry.name);
      });
      return { ok: true, entry: entering, again: false };
    }

    async change(change: Change): Promise<Changed> {
      const { name, to, reason, by } = change;
      const held = this.#store.held(name);
      const changing = decideChange(change, held[0]?.publisher, held);
      if (!changing.ok) return changing;
      this.ctx.storage.transactionSync(() => {
        for (const { version, status } of changing.versions) this.#standings.set(name, version, { from: status, to, reason, by });
        if (changing.versions.length > 0) this.#touched(name);
      });
      const shown = change.version ?? latestFirst(changing.versions)[0]?.version ?? calledVersion(held)?.version ?? "";
      const entry = this.#store.entry(name, shown);
      if (!entry) throw new Error(`version ${shown} of ${name} is held without its card`);
      return { ok: true, entry };
    }

    async measure(name: string, version: string, by: string): Promise<Entry | undefined> {
      const entry = this.#store.entry(name, version);
      if (!entry) return undefined;
      const which = `${name}@${version}`;
      const running = this.#measuring.get(which) ?? this.#measure(entry, by).finally(() => this.#measuring.delete(which));
      this.#measuring.set(which, running);
      await running;
      return this.#store.entry(name, version);
    }

    async ask(name: string): Promise<number | undefined> {
      const now = Date.now();
      const { lately, againAt } = askedLately(this.#turns.asked(name), now);
      if (againAt === undefined) this.ctx.storage.transactionSync(() => this.#turns.setAsked(name, [...lately, now]));
      return againAt;
    }

    async admits(entry: Entry, reserved: readonly string[]): Promise<Admission> {
      return admit(entry, this.#store.held(), reserved, undefined);
    }

    async held(name: string): Promise<readonly Held[]> {
      return this.#store.held(name);
    }

    async entry(name: string, version: string): Promise<Entry | undefined> {
      return this.#store.entry(name, version);
    }

    async called(after = "", limit = Number.POSITIVE_INFINITY): Promise<EntryPage> {
      return calledPage(this.#store, after, limit);
    }

    async versions(name: string, after?: string, limit = MOST_VERSIONS_READ): Promise<readonly Entry[]> {
      return versionsPage(this.#store, name, after, limit);
    }

    async snapshot(known?: number): Promise<Snapshot | undefined> {
      const revision = this.#store.last();
      if (known === revision) return undefined;
      // Of a revision that there is not, nobody can say what has changed since.
      if (known !== undefined && known > 0 && known < revision)
        return { revision, since: known, entries: this.#shown.of(this.#store.changedAfter(known)) };
      return { revision, entries: this.#shown.of(this.#store.names()) };
    }

    async log(after: number, limit: number): Promise<LogPage> {
      return { rows: this.#store.log(after, limit), last: this.#store.last() };
    }

    async rollouts(name?: string): Promise<readonly RolloutReport[]> {
      const names = name === undefined ? this.#rows.all().map((each) => each.name) : [name];
      const reports = await Promise.all(names.map((each) => this.#rollouts.report(each)));
      return reports.filter((report) => report !== undefined);
    }

    async roll(change: RolloutChange): Promise<Changed> {
      const rolled = this.#rollouts.roll(change);
      // Its calls count from here on: those until the next look would be lost, which may be all that a breaker lets through.
      if (rolled.ok)
        await this.#rollouts.look(change.name).catch((error: unknown) => console.error(`${change.name} was not looked at`, error));
      return rolled;
    }

    async beginCopy(call: Pick<ShadowCopy, "agent" | "skill" | "base">): Promise<CopyTarget | undefined> {
      return this.#copies.begin(call, Date.now());
    }

    async endCopy(target: CopyTarget, outcome: CopyOutcome | undefined): Promise<void> {
      if (this.#copies.end(target, outcome, Date.now())) await this.#rollouts.look(target.name);
    }

    override async alarm(): Promise<void> {
      // Each agent may take a minute, whether it answers or not: others are not to wait for it.
      const lanes = Math.max(1, Math.floor(MOST_REQUESTS / publishing.probesAtOnce));
      const probed = Promise.all(Array.from({ length: lanes }, () => this.#probeDue(Date.now() + ROUND_MS)));
      // A rollout that has to be taken back does not wait for them either.
      do {
        if (this.#lookAt <= Date.now()) await this.#lookAtRollouts();
      } while (await isStillOut(probed, LOOKS.everyMs));
      this.#ring();
    }

    /** One after the other. @param until no other is begun from then on */
    async #probeDue(until: number): Promise<void> {
      while (Date.now() < until && (await this.#probeNext()));
    }

    /** @returns whether there was one */
    async #probeNext(): Promise<boolean> {
      const next = this.#store.nextDue();
      if (!next || next.at > Date.now()) return false;
      // Moved first: whatever becomes of these probes, others have their turn.
      this.#store.moveDue(next.name, next.version, Date.now() + PROBE_AGAIN_MS);
      await this.measure(next.name, next.version, REGISTRY).catch((error: unknown) => console.error(`${next.name} was not probed`, error));
      return true;
    }

    async #lookAtRollouts(): Promise<void> {
      this.#lookAt = Date.now() + LOOKS.everyMs;
      for (const { name } of this.#rows.all())
        await this.#rollouts.look(name).catch((error: unknown) => console.error(`the rollout of ${name} was not looked at`, error));
      const now = Date.now();
      const soonest = this.#rows.all().map(({ since, changedAt }) => nextLookMs(Date.parse(changedAt ?? since), now));
      this.#lookAt = now + Math.min(LOOKS.quietEveryMs, ...soonest);
    }

    async #measure(entry: Entry, by: string): Promise<void> {
      const { name, version } = entry;
      const before = this.#inheritance.before(entry);
      const [outcomes, seen, seenBefore] = await Promise.all([
        probe(entry, this.env),
        calls(entry, this.env),
        before && calls(before, this.env),
      ]);
      // The agent may have been revoked meanwhile.
      const now = this.#store.entry(name, version) ?? entry;
      this.ctx.storage.transactionSync(() => {
        this.#outcomes.add(name, version, outcomes);
        const isNew = this.#outcomes.setCalls(name, version, seen);
        // The scoreboard may have forgotten it since.
        if (before && seenBefore && Object.keys(seenBefore).length > 0) this.#outcomes.setCalls(name, before.version, seenBefore);
        const isRenewed = this.#inheritance.renew(entry);
        if (isNew || isRenewed || outcomes.length > 0) this.#standings.append(now, { what: "probed", by, reason: summaryOf(outcomes) });
        const counting = this.#outcomes.of(name, version, this.#store.forgiven(name, version));
        const why = whyQuarantine(publishing, counting);
        const isOut = why !== undefined && isMeasured(now.status);
        if (isOut && publishing.mode === "enforce")
          this.#standings.set(name, version, {
            from: now.status,
            to: "quarantined",
            reason: why,
            by: REGISTRY,
            measured: !whyOtherCard(counting),
          });
        else if (isOut) this.#standings.append(now, { what: "probed", by: REGISTRY, reason: `would go into quarantine: ${why}` });
        this.#touched(name);
        const awayRuns = this.#turns.note(name, version, isAway(outcomes));
        this.#store.moveDue(name, version, Date.now() + probePauseMs(publishing.probeEveryHours, awayRuns));
        this.#ring();
      });
    }

    /** After each change of an agent: it is read anew, and the probes are those of the versions that get calls now. */
    #touched(name: string): void {
      this.#rollouts.settle(name);
      this.#sizes.noteRevoked(name, Date.now());
      this.#lookAt = Math.min(this.#lookAt, Date.now() + LOOKS.everyMs);
      this.#shown.forget(name);
      const called = calledVersion(this.#store.held(name));
      const tried = this.#rows.of(name)?.version;
      const probed = [called && isMeasured(called.status) ? called.version : undefined, tried].filter((each) => each !== undefined);
      this.#store.setDue(name, probed, Date.now() + PROBE_AGAIN_MS);
      this.#ring();
    }

    #ring(): void {
      const due = this.#store.nextDue()?.at ?? Number.POSITIVE_INFINITY;
      const next = Math.min(due, this.#rows.isAny() ? this.#lookAt : Number.POSITIVE_INFINITY);
      if (Number.isFinite(next)) void this.ctx.storage.setAlarm(Math.max(next, Date.now()));
    }
  };
}

/** Waits for it, but no longer than so many milliseconds. @returns whether it goes on */
async function isStillOut(work: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: number | null = null;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, ms, true);
  });
  return Promise.race([work.then(() => false), late]).finally(() => clearTimeout(timer));
}

function summaryOf(outcomes: readonly ProbeOutcome[]): string {
  const probes = outcomes.filter(isProbe);
  const untrue = untrueClaims(outcomes);
  const held = probes.length > 0 ? `${probes.filter(({ ok }) => ok).length} of ${probes.length} probes held` : "no probe was sent";
  return untrue.length > 0 ? `${held}; not true: ${untrue.join(", ")}` : held;
}
