/**
 * The registry, as the Workers of the mesh reach it over RPC. A shell around its one object: what takes long (a publication's checks,
 * a search) is done here, so that the object is free for everybody else; what must hold is decided there, in the turn that stores it.
 */
import { WorkerEntrypoint } from "cloudflare:workers";
import type {
  Change,
  Changed,
  EntryPage,
  Found,
  Measured,
  ProbeRequest,
  Publication,
  Published,
  RegistryApi,
  RegistryRefusal,
} from "../../shared/registry/api.ts";
import { MOST_ASKED } from "../../shared/registry/asking-again.ts";
import type { Entry, Snapshot, SnapshotEntry } from "../../shared/registry/entry.ts";
import type { LogPage } from "../../shared/registry/history.ts";
import { KeptSnapshot } from "../../shared/registry/kept-snapshot.ts";
import type { RolloutChange, RolloutReport, ShadowCopy } from "../../shared/registry/rollout.ts";
import { calledVersion } from "../../shared/registry/standing.ts";
import type { Preferences } from "../../shared/task/governance-extension.ts";
import type { AgentScoresEnv } from "./agent-scores.ts";
import type { Holdings } from "./holdings.ts";

export interface RegistryWorkerEnv extends AgentScoresEnv {
  REGISTRY_OBJECT: DurableObjectNamespace;
  /** "1" on somebody's own machine, whose own servers may be published. */
  SKEIN_LOCAL?: string;
}

export interface RegistryParts {
  /** Fetches and checks all there is to check, and commits what passed. */
  readonly publish: (
    publication: Publication,
    holdings: Holdings,
    env: RegistryWorkerEnv,
    called: () => Promise<readonly SnapshotEntry[]>,
  ) => Promise<Published>;
  /** Makes a call of a candidate too, and tells the holdings what came of it. */
  readonly copy: (copy: ShadowCopy, holdings: Holdings, env: RegistryWorkerEnv) => Promise<void>;
  readonly rank: (entries: readonly SnapshotEntry[], need: string, preferences: Preferences, limit: number) => readonly Found[];
}

/** A publisher at a terminal waits no longer for the probes; they go on, and what comes of them is shown with the agent. Milliseconds. */
const PROBES_MS = 20_000;
const MOST_ROWS = 1_000;

/** Of this isolate: an entrypoint lives as long as a call. */
const kept = new KeptSnapshot();

/** The class to export as `Registry` from the registry's Worker. */
export function defineRegistry({ publish, copy, rank }: RegistryParts) {
  return class Registry extends WorkerEntrypoint<RegistryWorkerEnv> implements RegistryApi {
    async publish(publication: Publication): Promise<Published> {
      const published = await publish(publication, this.#object(), this.env, () => this.#called());
      if (!published.ok || published.again) return published;
      const { name, version, publisher } = published.entry;
      return { ...published, entry: (await this.#measured(name, version, publisher)) ?? published.entry };
    }

    change(change: Change): Promise<Changed> {
      return this.#object().change(change);
    }

    /** The object is asked what is new, and not to send each reader all of it: it has revocations to see to. */
    async snapshot(known?: number): Promise<Snapshot | undefined> {
      await this.#called();
      const since = kept.since(known);
      return since === "elsewhere" ? this.#object().snapshot(known) : since;
    }

    entries(after?: string, limit?: number): Promise<EntryPage> {
      return this.#object().called(after, limit);
    }

    versions(name: string, after?: string, limit?: number): Promise<readonly Entry[]> {
      return this.#object().versions(name, after, limit);
    }

    async evidence(names: readonly string[]): Promise<readonly Measured[]> {
      const asked = new Set(names);
      const agents = (await this.#called()).filter(({ name, status }) => asked.has(name) && status !== "revoked");
      return agents.flatMap(({ name, version, evidence, candidate }) => [
        { name, version, evidence },
        ...(candidate?.evidence ? [{ name, version: candidate.version, evidence: candidate.evidence }] : []),
      ]);
    }

    async find(need: string, preferences: Preferences, limit: number): Promise<readonly Found[]> {
      return rank(await this.#called(), need, preferences, limit);
    }

    async probe({ name, by, isOperator }: ProbeRequest): Promise<Changed> {
      const versions = await this.#object().held(name);
      const called = calledVersion(versions);
      if (!called) return refused("not-found", "name", "is published", `no agent is published as "${name}": list them to see which are`);
      if (called.publisher !== by && !isOperator)
        return refused("forbidden", "name", "is the caller's own", `"${name}" was published by somebody else: ask them, or an operator`);
      if (called.status === "revoked")
        return refused("conflict", "name", "is not revoked", `"${name}" was revoked, and is never called again: publish a higher version`);
      const againAt = await this.#object().ask(name);
      if (againAt !== undefined)
        return refused(
          "conflict",
          "name",
          `is probed at most ${MOST_ASKED} times an hour at somebody's wish`,
          `"${name}" was: ask again after ${new Date(againAt).toISOString()}, or wait for the registry, which probes it by itself`,
        );
      const probed = [called, ...versions.filter(({ status }) => status === "candidate")];
      const [measured] = await Promise.all(probed.map(({ version }) => this.#measured(name, version, by)));
      const entry = measured ?? (await this.#object().entry(name, called.version));
      if (!entry) throw new Error(`version ${called.version} of ${name} is held without its card`);
      return { ok: true, entry };
    }

    log(after: number, limit: number): Promise<LogPage> {
      return this.#object().log(after, Math.min(limit, MOST_ROWS));
    }

    rollouts(name?: string): Promise<readonly RolloutReport[]> {
      return this.#object().rollouts(name);
    }

    roll(change: RolloutChange): Promise<Changed> {
      return this.#object().roll(change);
    }

    /** Answered before anything is sent: whoever tells of a call has others to see to. */
    async copy(call: ShadowCopy): Promise<void> {
      const copied = copy(call, this.#object(), this.env);
      this.ctx.waitUntil(copied.catch((error: unknown) => console.error("a call was not copied to its candidate", error)));
    }

    /** Kept here, so that only what has changed is sent. */
    async #called(): Promise<readonly SnapshotEntry[]> {
      const known = kept.latest?.revision;
      kept.take(known, await this.#object().snapshot(known));
      return kept.latest?.entries ?? [];
    }

    /** @returns how it stands after its probes; undefined when they take longer, and go on */
    async #measured(name: string, version: string, by: string): Promise<Entry | undefined> {
      const measuring = this.#object()
        .measure(name, version, by)
        .catch((error: unknown) => {
          console.error(`${name} ${version} was not probed, and is in a minute`, error);
          return undefined;
        });
      this.ctx.waitUntil(measuring);
      let timer: number | null = null;
      const late = new Promise<undefined>((resolve) => {
        timer = setTimeout(resolve, PROBES_MS, undefined);
      });
      return Promise.race([measuring, late]).finally(() => clearTimeout(timer));
    }

    /** A new stub for each call: one that saw an error is broken for good. */
    #object(): Holdings {
      return this.env.REGISTRY_OBJECT.getByName("registry") as unknown as Holdings;
    }
  };
}

function refused(...[code, field, rule, why]: [RegistryRefusal["code"], string, string, string]): Changed {
  return { ok: false, refusal: { code, field, rule, why } };
}
