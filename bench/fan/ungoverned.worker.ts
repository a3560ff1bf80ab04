/** The fan agent with no limits at all: no gate, no envelope, no budget. What a governed call costs is measured against it. */
import { agentWorker } from "../../shared/kit/worker.ts";
import agent from "./agent.ts";

const worker = agentWorker(agent, { contracts: "none" });

export default worker.default;
export const { Mesh, TaskHome, TaskIndex } = worker;
