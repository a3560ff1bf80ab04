/** The fan agent's Worker; reaches the echo agent through its service binding, as any agent of the mesh does. */
import { agentWorker } from "../../shared/kit/worker.ts";
import agent from "./agent.ts";

const worker = agentWorker(agent);

export default worker.default;
export const { Mesh, TaskHome, TaskIndex } = worker;
