import { agentWorker } from "../../shared/kit/worker.ts";
import agent from "./agent.ts";

const worker = agentWorker(agent);
export default worker.default;
export const { Mesh, TaskHome, TaskIndex } = worker;
