/**
 * How much the registry takes: of what every reader is sent, and of what is stored. Nobody may fill it for all others, so a publisher
 * has a share of both; a version that is revoked takes room among what is stored only. Counted is the most that an agent may come to
 * take without being published again, in bytes of UTF-8, which are never fewer than characters. Pure.
 */
import type { RegistryRefusal } from "./api.ts";
import type { Entry, OtherVersion } from "./entry.ts";

/** What one version takes. Stored shape. */
export interface Sizes {
  /** Where it is called or tried: its card, and the most that is ever shown as measured of it. */
  readonly shown: number;
  /** Where calls may be out to it and no more is known of it. */
  readonly other: number;
  readonly stored: number;
}

export interface SizedVersion extends Sizes, Pick<Entry, "name" | "publisher" | "status"> {
  /** Milliseconds since the epoch; of one that is revoked. */
  readonly revokedAt?: number;
}

/** Of one agent, the latest beside the one that is called: no call is out as long as it takes to publish so many. */
export const MOST_OTHERS = 50;
/** What is shown of why a version stands as it does, of the one that is called and of another, and of why it failed last: characters. */
export const SHOWN_REASON = 500;
export const SHOWN_OTHER_REASON = 300;
export const SHOWN_FAILURE = 200;
/** A call waits for a person no longer than thirty days; a day more for what comes after. Milliseconds. */
const CALLS_OUT_MS = 31 * 24 * 3_600_000;
/** Names of members, numbers, times, and claims that were found false: bytes of what is measured of one skill, without its id. */
const EVIDENCE_BYTES = 480 + SHOWN_FAILURE;
/** Of a version that takes no calls: names of members, its digest, how it stands, and why. */
const OTHER_BYTES = 200 + SHOWN_OTHER_REASON;
/** Of a card of which only its name is left. */
const STRIPPED_BYTES = 300;

/**
 * Of all agents together, and of those of one publisher. A reader is sent all in one answer, which may have 32 MiB, and in which each
 * character of a text takes two bytes as soon as one of them is not Latin.
 */
export const MOST_SHOWN = 16_000_000;
export const MOST_SHOWN_OF_PUBLISHER = 2_000_000;
/** Bodies of all versions. An object holds 10 GB, its log and what was measured among them. */
export const MOST_STORED = 4_000_000_000;
export const MOST_STORED_OF_PUBLISHER = 64_000_000;

export function sizesOf(entry: Entry): Sizes {
  const { status: _, reason: __, probes, ...rest } = entry;
  const { version, url, endpoint, card } = rest;
  const evidence = card.skills.reduce((sum, { id }) => sum + bytesOf(id) + EVIDENCE_BYTES, 0);
  const other = bytesOf({ version, url, endpoint, extensions: ownExtensions(card) }) + OTHER_BYTES;
  return { shown: bytesOf(rest) + SHOWN_REASON + evidence, other, stored: bytesOf({ ...rest, probes }) };
}

/** URIs of the extensions that calls which are out go by: the mesh's own. */
function ownExtensions({ capabilities: { extensions = [] } }: Pick<Entry, "card">["card"]): OtherVersion["extensions"] {
  return extensions.map(({ uri }) => uri).filter(isOwnExtension);
}

export function isOwnExtension(uri: string): boolean {
  return uri.startsWith("urn:skein:");
}

/** Whether calls may be out to it still, which have to be told that it is revoked. */
export function isRemembered({ status, revokedAt }: Pick<SizedVersion, "status" | "revokedAt">, now: number): boolean {
  return status !== "revoked" || revokedAt === undefined || now - revokedAt < CALLS_OUT_MS;
}

/**
 * The most that readers are ever sent of an agent, whichever of its versions is called: any that is not revoked may be the next.
 *
 * @param versions all of it
 */
export function shownOf(versions: readonly SizedVersion[], now: number): number {
  const called = versions.map((each) => (each.status === "revoked" ? each.other + STRIPPED_BYTES : each.shown));
  const tried = versions.filter(({ status }) => status === "candidate").map(({ shown }) => shown);
  const others = versions.filter((each) => isRemembered(each, now)).map(({ other }) => other);
  const latest = others.toSorted((one, other) => other - one).slice(0, MOST_OTHERS);
  return largest(called) + largest(tried) + sum(latest);
}

/**
 * @param entering one that would be stored
 * @param held all versions of all agents
 * @param now milliseconds since the epoch
 * @returns why there is no room for it
 */
export function whyNoRoom(entering: SizedVersion, held: readonly SizedVersion[], now: number): RegistryRefusal | undefined {
  const all = [...held, entering];
  const own = all.filter(({ publisher }) => publisher === entering.publisher);
  const stored = (versions: readonly SizedVersion[]) => sum(versions.map((each) => each.stored));
  const shown = (versions: readonly SizedVersion[]) =>
    sum([...Map.groupBy(versions, ({ name }) => name).values()].map((each) => shownOf(each, now)));
  if (shown(own) > MOST_SHOWN_OF_PUBLISHER)
    return refused(
      "fits into its publisher's share",
      `what you have published takes all of the ${MOST_SHOWN_OF_PUBLISHER} bytes that a publisher has: revoke what nobody calls any more, or make this card smaller`,
    );
  if (stored(own) > MOST_STORED_OF_PUBLISHER)
    return refused(
      "fits beside all versions of its publisher",
      `your versions take all of the ${MOST_STORED_OF_PUBLISHER} bytes that are kept of a publisher, and none is ever deleted: ask an operator which mesh has room`,
    );
  if (shown(all) > MOST_SHOWN || stored(all) > MOST_STORED)
    return refused(
      "fits beside all others",
      "the registry holds as many cards as it can: revoke what nobody calls any more, make this one much smaller, or ask an operator which mesh has room",
    );
  return undefined;
}

/** @returns bytes of UTF-8 as JSON */
function bytesOf(value: unknown): number {
  return new TextEncoder().encode(JSON.stringify(value)).length;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}

function largest(numbers: readonly number[]): number {
  return numbers.reduce((most, each) => Math.max(most, each), 0);
}

function refused(rule: string, why: string): RegistryRefusal {
  return { code: "conflict", field: "card", rule, why };
}
