/**
 * The contracts a Worker was deployed with, in all their versions: what a new task is pinned to, and what a running one was.
 * A contract that is wrong keeps the Worker from starting.
 */
import { type Contract, contractSchemas, type PolicyName, REGISTRY_POLICIES } from "./contract.ts";
import { readContract } from "./load.ts";

/** A version for each policy, as it stands in a task's log. Stored shape. */
export type ContractVersions = Readonly<Partial<Record<PolicyName, number>>>;

export interface Shelf {
  /** The highest version of each policy that decides in tasks: what a new task is made under. */
  readonly latest: ContractVersions;
  /** Whether this version of the policy is deployed here. */
  has(policy: PolicyName, version: number): boolean;
  /**
   * @param versions those a task was pinned to; a policy that is younger than the task counts in its latest version
   * @throws Error when a version is not deployed any more: a task must not go on under rules it was not made under
   */
  contract<P extends PolicyName>(policy: P, versions: ContractVersions): Contract<P>;
  /** Every version of a policy that is deployed here. */
  all<P extends PolicyName>(policy: P): readonly Contract<P>[];
}

const POLICIES = Object.keys(contractSchemas) as PolicyName[];
const OF_REGISTRY: ReadonlySet<string> = new Set(REGISTRY_POLICIES);

/**
 * @param files the contracts' texts, by path
 * @throws Error naming file, line and what is wrong; or the policy that has no contract, or one version twice
 */
export function contractShelf(files: Readonly<Record<string, string>>): Shelf {
  const shelf = new Map<string, Contract>();
  const latest: Partial<Record<PolicyName, number>> = {};
  for (const [file, text] of Object.entries(files)) {
    const policy = POLICIES.find((name) => file.split("/").at(-1)?.startsWith(`${name}.v`));
    if (!policy) throw new Error(`${file}: no policy is called so: name it <policy>.v<n>.yaml, with one of ${POLICIES.join(", ")}`);
    const contract = readContract(policy, text, file);
    const key = keyOf(policy, contract.version);
    if (shelf.has(key)) throw new Error(`${file}: ${policy} has version ${contract.version} already: give this one the next number`);
    shelf.set(key, contract);
    latest[policy] = Math.max(latest[policy] ?? 0, contract.version);
  }
  const missing = POLICIES.filter((policy) => latest[policy] === undefined);
  if (missing.length > 0) throw new Error(`there is no contract for ${missing.join(", ")}: add contracts/${missing[0]}.v1.yaml`);
  return {
    latest: Object.fromEntries(Object.entries(latest).filter(([policy]) => !OF_REGISTRY.has(policy))),
    has: (policy, version) => shelf.has(keyOf(policy, version)),
    contract<P extends PolicyName>(policy: P, versions: ContractVersions): Contract<P> {
      const version = versions[policy] ?? latest[policy] ?? 0;
      const contract = shelf.get(keyOf(policy, version));
      if (!contract) throw new Error(`contract ${policy} version ${version} is not deployed any more: put its file back into contracts/`);
      return contract as Contract<P>;
    },
    all: <P extends PolicyName>(policy: P) => [...shelf.values()].filter((each) => each.policy === policy) as Contract<P>[],
  };
}

function keyOf(policy: PolicyName, version: number): string {
  return `${policy} ${version}`;
}
