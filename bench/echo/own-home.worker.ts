/** The echo agent with an object for each task, as the orchestrator has it: measured against the fresh-object floor. */
import { agentWorker } from "../../shared/kit/worker.ts";
import agent from "./agent.ts";

const worker = agentWorker(agent, { homes: "own" });

export default worker.default;
export const { Mesh, TaskHome, TaskIndex } = worker;
