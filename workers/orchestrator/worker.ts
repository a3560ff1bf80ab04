/**
 * The orchestrator's Worker, the front door of the mesh: composition root. A contract or card that is wrong keeps the
 * Worker from starting, and says where.
 */
import card from "../../agent-cards/orchestrator.json" with { type: "json" };
import { DEPLOYED_CONTRACTS } from "../../contracts/deployed.ts";
import { contractShelf } from "../../shared/contract/shelf.ts";
import { rulesPlanner } from "../../shared/control/rules-planner.ts";
import { type AgentWorkerEnv, agentWorker } from "../../shared/kit/worker.ts";
import { parseCard } from "../../shared/task/agent-card.ts";
import { catalogue } from "./catalogue.ts";
import { frontDoor } from "./front-door.ts";
import { orchestratorProgram } from "./program.ts";
import { weighing } from "./weighing.ts";

const shelf = contractShelf(DEPLOYED_CONTRACTS);
const program = orchestratorProgram<object>({
  // Of the registry's search, and of no task's: the latest.
  catalogue: (run, text) => catalogue(run, text, shelf.contract("publishing", shelf.latest)),
  ...weighing(shelf),
  contract: ({ contracts }) => shelf.contract("dispatch", contracts),
  checkMisses: ({ contracts }) => shelf.contract("chain-cap", contracts).checkMisses,
  planner: rulesPlanner,
});
// An orchestrator's tasks are long and few: each has an object of its own.
const worker = agentWorker({ card: parseCard(card), program }, { homes: "own" });

export default frontDoor<AgentWorkerEnv>((request, env, ctx) => worker.default.fetch(request, env, ctx));
export const { Mesh, TaskHome, TaskIndex } = worker;
