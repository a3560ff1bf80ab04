/**
 * How versions of an agent stand, which of them is called, and who may change it. Pure: nothing is stored here, and no answer depends
 * on the order of what is given.
 */
import type { Change, RegistryRefusal } from "./api.ts";
import type { EntryStatus } from "./entry.ts";
import { compareVersions } from "./versions.ts";

export interface Standing {
  readonly version: string;
  readonly status: EntryStatus;
}

/** With where it runs. */
export interface Placed extends Standing {
  readonly url: string;
  readonly endpoint: string;
}

export type Changing<S extends Standing> =
  /** Empty when all of them stand so already. */
  { readonly ok: true; readonly versions: readonly S[] } | { readonly ok: false; readonly refusal: RegistryRefusal };

/** Those that are looked at before others, when an agent has versions of several. */
const CALLABLE = ["listed", "deprecated"] as const satisfies readonly EntryStatus[];

/** Whether calls may go to it that name it, at least. */
export function isCallable(status: EntryStatus): boolean {
  return status === "listed" || status === "deprecated";
}

export function latestFirst<S extends Pick<Standing, "version">>(versions: readonly S[]): S[] {
  return versions.toSorted((one, other) => compareVersions(other.version, one.version));
}

/** Whether it gets calls, and is probed: what is measured of any other one takes it out of nothing. */
export function isMeasured(status: EntryStatus): boolean {
  return status === "listed" || status === "candidate" || status === "deprecated";
}

/**
 * The highest that is found; else the highest that may still be called; else the highest, so that it can be said why none is. Where a
 * later version was published at the same place, that one runs there now: nobody who takes it out of the list means its predecessor.
 * Never one that is only being tried.
 */
export function calledVersion<S extends Placed>(versions: readonly S[]): S | undefined {
  const places = new Set<string>();
  const running = latestFirst(versions).filter(({ url, endpoint, status }) => {
    const isTaken = places.has(url) || places.has(endpoint);
    places.add(url).add(endpoint);
    return !isTaken && status !== "candidate";
  });
  for (const status of CALLABLE) {
    const found = running.find((each) => each.status === status);
    if (found) return found;
  }
  return running[0];
}

/**
 * Which versions a change is made to. One that names no version is made to all that it can be made to, and refused when there is none.
 *
 * @param versions all of the agent's
 */
export function decideChange<S extends Standing>(change: Change, publisher: string | undefined, versions: readonly S[]): Changing<S> {
  const { name, version, by, isOperator } = change;
  if (publisher === undefined)
    return refused("not-found", "name", "is published", `no agent is published as "${name}": list them to see which are`);
  if (publisher !== by && !isOperator)
    return refused("forbidden", "name", "is the caller's own", `"${name}" was published by somebody else: ask them, or an operator`);
  const meant = version === undefined ? versions : versions.filter((each) => each.version === version);
  if (meant.length === 0)
    return refused(
      "not-found",
      "version",
      "is published",
      `"${name}" has no version ${version}: its latest is ${latestFirst(versions)[0]?.version}`,
    );
  const judged = latestFirst(meant).map((each) => ({ each, why: each.status === change.to ? undefined : whyNot(each, change) }));
  const [first] = judged;
  if (first?.why !== undefined && judged.every(({ why }) => why !== undefined)) return { ok: false, refusal: first.why };
  return { ok: true, versions: judged.filter(({ each, why }) => why === undefined && each.status !== change.to).map(({ each }) => each) };
}

/** From where to where, and who. What is revoked stays so, whoever asks. */
function whyNot({ version, status }: Standing, { name, to, isOperator }: Change): RegistryRefusal | undefined {
  const which = `version ${version} of "${name}"`;
  if (status === "revoked")
    return refusal("conflict", "version", "is not revoked", `${which} was revoked, which is for ever: publish a higher version`);
  if (to === "revoked") return undefined;
  // Either would lead past the gates: a deprecated version is called where none is listed, and its publisher may list it again.
  if (status === "candidate" && (to === "listed" || to === "deprecated"))
    return refusal(
      "conflict",
      "version",
      "is not being tried",
      `${which} is a candidate: send its rollout on (an operator) or back, as POST /registry/agents/${name}/rollout takes it, or revoke it`,
    );
  if ((status === "quarantined" || to === "quarantined") && !isOperator)
    return refusal(
      "forbidden",
      "version",
      "goes into quarantine and out of it by an operator only",
      status === "quarantined"
        ? `${which} is in quarantine: mend what is said of it and publish a higher version, or ask an operator to look at it`
        : `only an operator puts an agent into quarantine: deprecate or revoke ${which} instead`,
    );
  if (status === "quarantined" && to === "deprecated")
    return refusal("conflict", "version", "is listed", `${which} is in quarantine, where nobody finds it: restore it first, or revoke it`);
  return undefined;
}

function refusal(code: RegistryRefusal["code"], field: string, rule: string, why: string): RegistryRefusal {
  return { code, field, rule, why };
}

function refused(...said: Parameters<typeof refusal>): { readonly ok: false; readonly refusal: RegistryRefusal } {
  return { ok: false, refusal: refusal(...said) };
}
