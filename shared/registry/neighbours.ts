/**
 * Whether an agent can stand beside those that are there already, without being taken for one of them: by its name, and by where it
 * is. Pure. Whose a name is, and which version comes next, is not asked here.
 */
import type { RegistryRefusal } from "./api.ts";
import type { Entry } from "./entry.ts";
import { looksLike } from "./look-alike.ts";

/** Of each version of each agent that is there. */
export type Neighbour = Pick<Entry, "name" | "publisher" | "url" | "endpoint" | "status">;

/**
 * @param reserved names of the agents that the mesh was deployed with
 * @returns why it cannot; undefined when it can
 */
export function whyNotBeside(
  { name, publisher, url, endpoint }: Omit<Neighbour, "status">,
  neighbours: readonly Neighbour[],
  reserved: readonly string[],
): RegistryRefusal | undefined {
  // A publisher may have a family of agents; only others' names are to be kept apart.
  const like = looksLike(name, [...reserved, ...neighbours.filter((each) => each.publisher !== publisher).map((each) => each.name)]);
  if (like !== undefined)
    return {
      code: "conflict",
      field: "name",
      rule: "cannot be taken for another agent's name",
      why: `"${name}" looks like "${like}", which is another's agent: choose a name that nobody takes for it`,
    };
  // Two agents at one address answer for each other.
  const there = neighbours.find(
    (each) => each.name !== name && each.status !== "revoked" && (each.url === url || each.endpoint === endpoint),
  );
  if (there === undefined) return undefined;
  const [field, address] = there.url === url ? ["url", url] : ["supportedInterfaces", endpoint];
  return {
    code: "conflict",
    field,
    rule: "is this agent's alone",
    why: `${address} is where "${there.name}" answers: publish "${name}" at an address of its own, or revoke "${there.name}" first if it is yours`,
  };
}
