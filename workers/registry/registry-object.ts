/**
 * The registry's object, one for the mesh: what was published, how it stands, and what was measured of it. A shell that decides
 * nothing: it loads, asks the pure core, and stores the answer with its row in the log, in one turn. Its alarm runs probes. Nobody
 * waits for it with a call: callers keep the snapshot.
 */
import { DurableObject } from "cloudflare:workers";
import type { PublishingContract } from "../../shared/contract/publishing.ts";
import { admit, type Held, whyNoRoom } from "../../shared/registry/admission.ts";
import type { Change, Changed } from "../../shared/registry/api.ts";
import { whyQuarantine } from "../../shared/registry/drift.ts";
import type { Entry, EntryStatus, Snapshot, SnapshotEntry } from "../../shared/registry/entry.ts";
import type { LogEvent, LogPage } from "../../shared/registry/history.ts";
import type { ProbeOutcome } from "../../shared/registry/probe.ts";
import { type CallsSeen, evidenceOf, isProbe, type Prior, untrueClaims } from "../../shared/registry/score.ts";
import { calledVersion, decideChange, latestFirst } from "../../shared/registry/standing.ts";
import type { Committed, Holdings } from "./holdings.ts";
import { OutcomeStore } from "./outcome-store.ts";
import { RegistryStore } from "./registry-store.ts";

export interface Measuring<Env> {
  /** Sends an entry's probes to its agent. */
  readonly probe: (entry: Entry, env: Env) => Promise<readonly ProbeOutcome[]>;
  /** What calls to it came to, by skill. */
  readonly calls: (entry: Entry, env: Env) => Promise<Readonly<Record<string, CallsSeen>>>;
  readonly prior: Prior;
  readonly publishing: PublishingContract;
}

/** Whoever changes something on nobody's behalf. */
const REGISTRY = "registry";
const HOUR_MS = 3_600_000;
/** After a publication whose probes were lost, or probes that could not be run. Milliseconds. */
const PROBE_AGAIN_MS = 60_000;

/** The class to export as `RegistryObject` from the registry's Worker. */
export function defineRegistryObject<Env>({ probe, calls, prior, publishing }: Measuring<Env>) {
  return class RegistryObject extends DurableObject<Env> implements Holdings {
    readonly #store = new RegistryStore(this.ctx.storage.sql);
    readonly #outcomes = new OutcomeStore(this.ctx.storage.sql);
    /** What readers are given, by name: made anew for those that changed. */
    readonly #called = new Map<string, SnapshotEntry>();
    readonly #measuring = new Map<string, Promise<void>>();

    constructor(ctx: DurableObjectState, env: Env) {
      super(ctx, env);
      // A lost predecessor may have spent the alarm's retries.
      this.#ring();
    }

    async commit(entry: Entry, reserved: readonly string[]): Promise<Committed> {
      const same = this.#store.entry(entry.name, entry.version);
      const admission = admit(entry, this.#store.held(), reserved, same?.probes);
      if (!admission.ok) return admission;
      const full = same ? undefined : whyNoRoom(entry, this.#store.sizeOfOthers(entry.name));
      if (full) return { ok: false, refusal: full };
      if (same) return { ok: true, entry: same, again: true };
      this.ctx.storage.transactionSync(() => {
        this.#store.add(entry);
        this.#append(entry, { what: "published", by: entry.publisher });
        this.#touched(entry.name);
      });
      return { ok: true, entry, again: false };
    }

    async change(change: Change): Promise<Changed> {
      const { name, to, reason, by } = change;
      const held = this.#store.held(name);
      const changing = decideChange(change, held[0]?.publisher, held);
      if (!changing.ok) return changing;
      this.ctx.storage.transactionSync(() => {
        for (const { version, status } of changing.versions) this.#setStatus(name, version, { from: status, to, reason, by });
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

    async held(): Promise<readonly Held[]> {
      return this.#store.held();
    }

    async called(): Promise<readonly Entry[]> {
      return this.#names().flatMap((name) => this.#calledEntry(name) ?? []);
    }

    async versions(name: string): Promise<readonly Entry[]> {
      return latestFirst(this.#store.held(name)).flatMap(({ version }) => this.#store.entry(name, version) ?? []);
    }

    async snapshot(known?: number): Promise<Snapshot | undefined> {
      const revision = this.#store.last();
      if (known === revision) return undefined;
      // Of a revision that there is not, nobody can say what has changed since.
      if (known !== undefined && known > 0 && known < revision)
        return { revision, since: known, entries: this.#shown(this.#store.changedAfter(known)) };
      return { revision, entries: this.#shown(this.#names()) };
    }

    async log(after: number, limit: number): Promise<LogPage> {
      return { rows: this.#store.log(after, limit), last: this.#store.last() };
    }

    override async alarm(): Promise<void> {
      const next = this.#store.nextDue();
      if (next && next.at <= Date.now()) {
        // Moved first: whatever becomes of these probes, others have their turn.
        this.#store.setDue(next.name, next.version, Date.now() + PROBE_AGAIN_MS, "move");
        await this.measure(next.name, next.version, REGISTRY).catch((error: unknown) =>
          console.error(`${next.name} was not probed`, error),
        );
      }
      this.#ring();
    }

    async #measure(entry: Entry, by: string): Promise<void> {
      const { name, version } = entry;
      const [outcomes, seen] = await Promise.all([probe(entry, this.env), calls(entry, this.env)]);
      // The agent may have been revoked meanwhile.
      const now = this.#store.entry(name, version) ?? entry;
      this.ctx.storage.transactionSync(() => {
        this.#outcomes.add(name, version, outcomes);
        const isNew = this.#outcomes.setCalls(name, version, seen);
        if (isNew || outcomes.length > 0) this.#append(now, { what: "probed", by, reason: summaryOf(outcomes) });
        const why = whyQuarantine(publishing, this.#outcomes.of(name, version, this.#store.forgiven(name, version)));
        const isOut = why !== undefined && (now.status === "listed" || now.status === "deprecated");
        if (isOut && publishing.mode === "enforce")
          this.#setStatus(name, version, { from: now.status, to: "quarantined", reason: why, by: REGISTRY });
        else if (isOut) this.#append(now, { what: "probed", by: REGISTRY, reason: `would go into quarantine: ${why}` });
        this.#touched(name, "move");
      });
    }

    #setStatus(
      name: string,
      version: string,
      { from, to, reason, by }: { from: EntryStatus; to: EntryStatus; reason: string; by: string },
    ): void {
      this.#store.setStatus(name, version, to, to === "listed" ? undefined : reason);
      // Whoever lists it again has looked at what was measured so far.
      if (from === "quarantined" && to === "listed") this.#store.forgive(name, version, this.#outcomes.last());
      const entry = this.#store.entry(name, version);
      if (entry) this.#append(entry, { what: "changed", by, reason });
    }

    #append({ name, version, digest, status, reason }: Entry, more: Pick<LogEvent, "what" | "by" | "reason">): void {
      this.#store.append({ at: new Date().toISOString(), name, version, digest, status, ...(reason !== undefined && { reason }), ...more });
    }

    /** After each change of an agent: it is read anew, and the probes are those of the version that is called now. */
    #touched(name: string, due: "keep" | "move" = "keep"): void {
      this.#called.delete(name);
      const called = calledVersion(this.#store.held(name));
      const probed = called && (called.status === "listed" || called.status === "deprecated") ? called.version : undefined;
      this.#store.setDue(name, probed, Date.now() + (due === "move" ? publishing.probeEveryHours * HOUR_MS : PROBE_AGAIN_MS), due);
      this.#ring();
    }

    #ring(): void {
      const next = this.#store.nextDue();
      if (next) void this.ctx.storage.setAlarm(Math.max(next.at, Date.now()));
    }

    #names(): string[] {
      return [...new Set(this.#store.held().map(({ name }) => name))].sort();
    }

    #calledEntry(name: string): Entry | undefined {
      const called = calledVersion(this.#store.held(name));
      return called && this.#store.entry(name, called.version);
    }

    /** As readers are given them. */
    #shown(names: readonly string[]): SnapshotEntry[] {
      return names.flatMap((name) => {
        const shown = this.#called.get(name) ?? this.#measured(name);
        if (shown) this.#called.set(name, shown);
        return shown ?? [];
      });
    }

    #measured(agent: string): SnapshotEntry | undefined {
      const entry = this.#calledEntry(agent);
      if (!entry) return undefined;
      const { name, version, digest, url, endpoint, card, status, reason } = entry;
      const skills = card.skills.map(({ id }) => id);
      const evidence = evidenceOf(skills, this.#outcomes.of(name, version), prior, this.#outcomes.calls(name, version));
      return { name, version, digest, url, endpoint, card, status, ...(reason !== undefined && { reason }), evidence };
    }
  };
}

function summaryOf(outcomes: readonly ProbeOutcome[]): string {
  const probes = outcomes.filter(isProbe);
  const untrue = untrueClaims(outcomes);
  const held = probes.length > 0 ? `${probes.filter(({ ok }) => ok).length} of ${probes.length} probes held` : "no probe was sent";
  return untrue.length > 0 ? `${held}; not true: ${untrue.join(", ")}` : held;
}
