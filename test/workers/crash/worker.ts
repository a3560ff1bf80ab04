/** The Worker of the crash tests: three agents and a ledger, whose every object can be killed. */
import { DEPLOYED_CONTRACTS } from "../../../contracts/deployed.ts";
import { contractShelf } from "../../../shared/contract/shelf.ts";
import { defineBudgetObject } from "../../../shared/host/governance/budget-object.ts";
import { type AgentWorkerEnv, agentWorker } from "../../../shared/kit/worker.ts";
import { leaf, middle, root } from "./agents.ts";
import { makeMortal } from "./mortal.ts";

type Objects = Readonly<Record<string, DurableObjectNamespace>>;
type ObjectClass = new (ctx: DurableObjectState, env: AgentWorkerEnv) => object;

/** Each agent knows its own objects by the names that an agent's Worker gives them. */
function envOf(agent: string, env: object): AgentWorkerEnv {
  const objects = env as Objects;
  return { ...env, TASK_HOME: objects[`${agent}_HOME`], TASK_INDEX: objects[`${agent}_INDEX`] } as AgentWorkerEnv;
}

function mortal<C extends ObjectClass>(Base: C, agent: string, kind: string): C {
  // @ts-expect-error the constructor of a mixin takes any[], which would let anything pass
  return class extends Base {
    constructor(ctx: DurableObjectState, env: AgentWorkerEnv) {
      makeMortal(ctx, agent === "" ? kind : `${agent}_${kind}`);
      super(ctx, envOf(agent, env));
    }
  };
}

// A program may call itself, which a chain would refuse.
const contracts = Object.fromEntries(
  Object.entries(DEPLOYED_CONTRACTS).map(([file, text]) => [file, text.replace("mayRepeat: []", 'mayRepeat: ["root", "middle", "leaf"]')]),
);
const rootWorker = agentWorker(root, { homes: "own", contracts });
const middleWorker = agentWorker(middle, { contracts });
const leafWorker = agentWorker(leaf, { contracts });

export class RootMesh extends rootWorker.Mesh {
  constructor(ctx: ExecutionContext, env: AgentWorkerEnv) {
    super(ctx, envOf("ROOT", env));
  }
}
export class MiddleMesh extends middleWorker.Mesh {
  constructor(ctx: ExecutionContext, env: AgentWorkerEnv) {
    super(ctx, envOf("MIDDLE", env));
  }
}
export class LeafMesh extends leafWorker.Mesh {
  constructor(ctx: ExecutionContext, env: AgentWorkerEnv) {
    super(ctx, envOf("LEAF", env));
  }
}

export const RootHome = mortal(rootWorker.TaskHome, "ROOT", "HOME");
export const RootIndex = mortal(rootWorker.TaskIndex, "ROOT", "INDEX");
export const MiddleHome = mortal(middleWorker.TaskHome, "MIDDLE", "HOME");
export const MiddleIndex = mortal(middleWorker.TaskIndex, "MIDDLE", "INDEX");
export const LeafHome = mortal(leafWorker.TaskHome, "LEAF", "HOME");
export const LeafIndex = mortal(leafWorker.TaskIndex, "LEAF", "INDEX");

const shelf = contractShelf(DEPLOYED_CONTRACTS);
const BudgetObject = defineBudgetObject(shelf.contract("budget", shelf.latest));
export const Budget = mortal(BudgetObject as unknown as ObjectClass, "", "BUDGET");

export default { fetch: () => new Response("Nothing is here but agents.\n", { status: 404 }) };
