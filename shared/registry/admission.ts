/**
 * The last word on a publication, in the turn that stores it: a name belongs to whoever published under it first, versions only go
 * up, and none ever changes. Pure. It looks at no card: what a card may say is judged before.
 */
import type { RegistryRefusal } from "./api.ts";
import type { Entry } from "./entry.ts";
import { whyNotBeside } from "./neighbours.ts";
import { latestFirst } from "./standing.ts";
import { compareVersions } from "./versions.ts";

/** What is held of each version of each agent, revoked ones too. */
export type Held = Pick<Entry, "name" | "version" | "digest" | "publisher" | "url" | "endpoint" | "status">;

/** `again`: the very same is there already, and nothing is to be stored. */
export type Admission = { readonly ok: true; readonly again: boolean } | { readonly ok: false; readonly refusal: RegistryRefusal };

/** Of one publisher. */
const MOST_AGENTS = 200;
const MOST_VERSIONS = 500;
/**
 * Whose the name is comes first: whoever does not own it is told nothing of its versions.
 *
 * @param held all versions of all agents
 * @param reserved names of the agents that the mesh was deployed with
 * @param probes of the same version; where they are not known, they are not compared
 */
export function admit(entry: Entry, held: readonly Held[], reserved: readonly string[], probes: Entry["probes"] | undefined): Admission {
  const own = held.filter(({ name }) => name === entry.name);
  const refusal =
    whoseName(entry, own, reserved) ?? whyNotBeside(entry, held, reserved) ?? whichVersion(entry, own) ?? tooMany(entry, held);
  if (refusal) return { ok: false, refusal };
  const same = own.find(({ version }) => version === entry.version);
  if (!same) return { ok: true, again: false };
  const other = whyNotAgain(entry, same, probes);
  return other ? { ok: false, refusal: other } : { ok: true, again: true };
}

function whoseName({ name, publisher }: Entry, own: readonly Held[], reserved: readonly string[]): RegistryRefusal | undefined {
  const rule = "is its publisher's own";
  if (reserved.includes(name))
    return { code: "forbidden", field: "name", rule, why: `"${name}" is an agent of the mesh itself: choose another name` };
  if (own.every((each) => each.publisher === publisher)) return undefined;
  return { code: "forbidden", field: "name", rule, why: `"${name}" was published by somebody else: choose another name` };
}

function whichVersion({ name, version }: Entry, own: readonly Held[]): RegistryRefusal | undefined {
  const [latest] = latestFirst(own);
  if (!latest || latest.version === version || own.some((each) => each.version === version)) return undefined;
  // Equal but for what stands after a plus: nobody could say which of the two comes after the other.
  if (compareVersions(version, latest.version) > 0) return undefined;
  const why = `"${name}" has version ${latest.version} already: raise the card's version above it, and publish again`;
  return { code: "conflict", field: "version", rule: "comes after all that were published", why };
}

function whyNotAgain(
  { name, version, digest, url, probes }: Entry,
  same: Held,
  kept: Entry["probes"] | undefined,
): RegistryRefusal | undefined {
  const conflict = (field: string, rule: string, said: string): RegistryRefusal => ({
    code: "conflict",
    field,
    rule,
    why: `version ${version} of "${name}" ${said}: raise the card's version, and publish again`,
  });
  if (same.status === "revoked") return conflict("version", "was not revoked", "was revoked, which is for ever");
  if (same.digest !== digest) return conflict("version", "stands for one card", "was published with another card");
  if (same.url !== url) return conflict("url", "stays for a version", `was published at ${same.url}`);
  // Whoever publishes again without probes means those that are there.
  if (kept && probes.length > 0 && JSON.stringify(probes) !== JSON.stringify(kept))
    return conflict("probes", "stay for a version", "was published with other probes");
  return undefined;
}

function tooMany({ name, version, publisher }: Entry, held: readonly Held[]): RegistryRefusal | undefined {
  const own = held.filter((each) => each.name === name);
  if (own.some((each) => each.version === version)) return undefined;
  const agents = new Set(held.filter((each) => each.publisher === publisher).map((each) => each.name));
  if (own.length >= MOST_VERSIONS)
    return {
      code: "conflict",
      field: "version",
      rule: `is among the first ${MOST_VERSIONS} of an agent`,
      why: `"${name}" has ${own.length} versions, and no more are kept: go on under another name`,
    };
  if (own.length > 0 || agents.size < MOST_AGENTS) return undefined;
  return {
    code: "conflict",
    field: "name",
    rule: `is among the first ${MOST_AGENTS} of a publisher`,
    why: `you have published ${agents.size} agents, and more are not taken: publish versions of those`,
  };
}
