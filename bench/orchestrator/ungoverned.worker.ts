/**
 * The mesh's own orchestrator with no limits at all, put together as in `workers/orchestrator`, without the front door that
 * nothing here goes through. The dispatch policy stays: it is how the orchestrator works, and not a limit on it.
 */
import card from "../../agent-cards/orchestrator.json" with { type: "json" };
import { DEPLOYED_CONTRACTS } from "../../contracts/deployed.ts";
import { contractShelf } from "../../shared/contract/shelf.ts";
import { rulesPlanner } from "../../shared/control/rules-planner.ts";
import { agentWorker } from "../../shared/kit/worker.ts";
import { parseCard } from "../../shared/task/agent-card.ts";
import { catalogue } from "../../workers/orchestrator/catalogue.ts";
import { orchestratorProgram } from "../../workers/orchestrator/program.ts";
import { weighing } from "../../workers/orchestrator/weighing.ts";

const shelf = contractShelf(DEPLOYED_CONTRACTS);
const program = orchestratorProgram<object>({
  catalogue,
  ...weighing(shelf),
  contract: () => shelf.contract("dispatch", shelf.latest),
  checkMisses: () => shelf.contract("chain-cap", shelf.latest).checkMisses,
  planner: rulesPlanner,
});
const worker = agentWorker({ card: parseCard(card), program }, { homes: "own", contracts: "none" });

export default worker.default;
export const { Mesh, TaskHome, TaskIndex } = worker;
