/**
 * Whether a rollout can go on at all, whatever its gates say: for as long as its candidate is one, runs somewhere, and is held against
 * the version that gets the other calls. Asked after every change of an agent, so that none of them lists a candidate by accident.
 * Pure.
 */
import type { Rollout } from "./rollout.ts";
import { calledVersion, isCallable, type Placed } from "./standing.ts";
import { compareVersions } from "./versions.ts";

/**
 * @param versions all of the agent's
 * @returns in words why it is over; undefined when it goes on
 */
export function whyOver({ version, base }: Pick<Rollout, "version" | "base">, versions: readonly Placed[]): string | undefined {
  const candidate = versions.find((each) => each.version === version);
  if (candidate?.status !== "candidate") return `version ${version} is ${candidate?.status ?? "not there"}`;
  const later = versions.filter((each) => compareVersions(each.version, version) > 0);
  const successor = later.find(({ status }) => status === "candidate" || status === "listed");
  if (successor) return `version ${successor.version} was published before it was through`;
  const inItsPlace = later.find(({ url, endpoint }) => url === candidate.url || endpoint === candidate.endpoint);
  if (inItsPlace) return `version ${inItsPlace.version} was published at its address, so that it runs nowhere any more`;
  const held = versions.find((each) => each.version === base);
  if (!held || !isCallable(held.status)) return `version ${base}, which it was tried beside, is ${held?.status ?? "not there"}`;
  const called = calledVersion(versions)?.version;
  return called === base ? undefined : `version ${base}, which it was tried beside, is called no more: version ${called} is`;
}
