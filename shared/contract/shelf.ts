/**
 * The contracts a Worker was deployed with, in all their versions: what a new task is pinned to, what a running one was, and which
 * candidate is asked beside them. A contract that is wrong keeps the Worker from starting.
 */
import type { Amount } from "../budget/amount.ts";
import { type Contract, contractSchemas, type PolicyName, REGISTRY_POLICIES } from "./contract.ts";
import { readContract } from "./load.ts";

/** A version for each policy, as it stands in a task's log. Stored shape. */
export type ContractVersions = Readonly<Partial<Record<PolicyName, number>>>;

/** A contract that is tried: it is asked on what another one decides, and binds nobody. */
export interface Candidate<C> {
  readonly contract: C;
  /** Of the task it is asked for: it began its own chain, so that its limits are the contract's, and not a lease. */
  readonly own: boolean;
  /** What the task's caller wished its limits to be. */
  readonly wished?: Partial<Amount>;
}

/** A contract as it binds, and what is tried beside it. */
export type Tried<C> = C & { readonly candidate?: Candidate<C> };

export interface Shelf {
  /** The highest version of each policy that decides in tasks and is no candidate: what a new task is made under. */
  readonly latest: ContractVersions;
  /** Whether this version of the policy is deployed here. */
  has(policy: PolicyName, version: number): boolean;
  /**
   * @param versions those a task was pinned to; a policy that is younger than the task counts in its latest version. A candidate
   * binds whom it is pinned to: a fork that tries it, or a task whose chain began where it is no candidate any more
   * @throws Error when a version is not deployed any more: a task must not go on under rules it was not made under
   */
  contract<P extends PolicyName>(policy: P, versions: ContractVersions): Tried<Contract<P>>;
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
  const candidates = new Map<PolicyName, { readonly file: string; readonly contract: Contract }>();
  for (const [file, text] of Object.entries(files)) {
    const policy = POLICIES.find((name) => file.split("/").at(-1)?.startsWith(`${name}.v`));
    if (!policy) throw new Error(`${file}: no policy is called so: name it <policy>.v<n>.yaml, with one of ${POLICIES.join(", ")}`);
    const contract = readContract(policy, text, file);
    const key = keyOf(policy, contract.version);
    if (shelf.has(key)) throw new Error(`${file}: ${policy} has version ${contract.version} already: give this one the next number`);
    shelf.set(key, contract);
    if (contract.mode !== "candidate") latest[policy] = Math.max(latest[policy] ?? 0, contract.version);
    else if (candidates.has(policy)) throw new Error(`${file}: ${policy} has a candidate already: try one after the other`);
    else candidates.set(policy, { file, contract });
  }
  const missing = POLICIES.filter((policy) => latest[policy] === undefined);
  if (missing.length > 0) throw new Error(`there is no contract for ${missing.join(", ")}: add contracts/${missing[0]}.v1.yaml`);
  for (const [policy, { file, contract }] of candidates)
    if (contract.version < (latest[policy] ?? 0))
      throw new Error(
        `${file}: a candidate comes after version ${latest[policy]}, which binds: give it the next number, or its mode of before`,
      );
  const binding = new Map([...shelf].map(([key, contract]) => [key, asItBinds(contract, candidates.get(contract.policy)?.contract)]));
  return {
    latest: Object.fromEntries(Object.entries(latest).filter(([policy]) => !OF_REGISTRY.has(policy))),
    has: (policy, version) => shelf.has(keyOf(policy, version)),
    contract<P extends PolicyName>(policy: P, versions: ContractVersions): Tried<Contract<P>> {
      const version = versions[policy] ?? latest[policy] ?? 0;
      const contract = binding.get(keyOf(policy, version));
      if (!contract) throw new Error(`contract ${policy} version ${version} is not deployed any more: put its file back into contracts/`);
      return contract as Tried<Contract<P>>;
    },
    all: <P extends PolicyName>(policy: P) => [...shelf.values()].filter((each) => each.policy === policy) as Contract<P>[],
  };
}

/** Made once: it is asked for with every decision. */
function asItBinds(contract: Contract, candidate: Contract | undefined): Tried<Contract> {
  if (contract.mode === "candidate") return { ...contract, mode: "enforce" };
  return candidate ? { ...contract, candidate: { contract: candidate, own: true } } : contract;
}

function keyOf(policy: PolicyName, version: number): string {
  return `${policy} ${version}`;
}
