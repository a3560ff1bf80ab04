/** The echo agent with no limits at all: what governance costs is measured against it. */
import { agentWorker } from "../../shared/kit/worker.ts";
import agent from "./agent.ts";

const worker = agentWorker(agent, { contracts: "none" });

export default worker.default;
export const { Mesh, TaskHome, TaskIndex } = worker;
