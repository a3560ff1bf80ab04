/**
 * What a fork is asked for, and whether what it names is there: contracts that are deployed, and agents of this mesh.
 */
import * as v from "valibot";
import type { TaskHomeApi } from "../host/api.ts";
import { RequestError } from "./errors.ts";
import { agentBinding, agentNames } from "./peers.ts";
import { text } from "./request.ts";

const unknownField = "is no field of this request";
const position = v.pipe(v.number("must be a number"), v.integer("must be a whole number"), v.minValue(0, "must not be negative"));

const edit = v.strictObject(
  {
    answer: v.exactOptional(
      v.pipe(
        v.string(),
        v.check((said) => said.trim() !== "", "must not be empty"),
        v.maxLength(10_000, "must be at most 10000 characters"),
      ),
    ),
    /** Policy to version. */
    contracts: v.exactOptional(v.record(text, v.pipe(position, v.minValue(1, "must be at least 1")))),
    /** Agent to the one that is called in its place. */
    agents: v.exactOptional(v.record(text, text)),
  },
  unknownField,
);

export const forkRequest = v.strictObject(
  {
    /** The position after which the new task goes its own way. */
    at: position,
    edit: v.optional(edit, {}),
    /** Only says what would be. */
    dryRun: v.optional(v.boolean("must be true or false"), false),
  },
  unknownField,
);

/** @throws RequestError for an agent that is not in this mesh */
export function checkAgents(env: object, agents: Readonly<Record<string, string>> = {}): void {
  for (const [agent, other] of Object.entries(agents)) {
    if (agentBinding(env, other)) continue;
    const message = `there is no agent "${other.slice(0, 100)}" in this mesh; there are ${agentNames(env).join(", ") || "none"}`;
    throw new RequestError("invalid-params", message, [
      { field: `edit.agents.${agent.slice(0, 100)}`, description: "must be in this mesh" },
    ]);
  }
}

/** @throws RequestError for a version that is not deployed: a task must not go on under rules that nobody can look up */
export async function checkDeployed(home: Pick<TaskHomeApi, "deployed">, contracts: Readonly<Record<string, number>>): Promise<void> {
  for (const [policy, version] of Object.entries(contracts)) {
    const versions = await home.deployed(policy);
    if (versions.includes(version)) continue;
    const there =
      versions.length === 0 ? "no contract of that name is" : `version ${versions.join(", ")} ${versions.length === 1 ? "is" : "are"}`;
    const message = `contract ${policy.slice(0, 100)} version ${version} is not deployed here; ${there}`;
    throw new RequestError("invalid-params", message, [{ field: `contracts.${policy.slice(0, 100)}`, description: "must be deployed" }]);
  }
}
