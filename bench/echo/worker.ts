/** The echo agent with the homes any specialist has: tasks of one context share an object. */
import { agentWorker } from "../../shared/kit/worker.ts";
import agent from "./agent.ts";

const worker = agentWorker(agent);

export default worker.default;
export const { Mesh, TaskHome, TaskIndex } = worker;
