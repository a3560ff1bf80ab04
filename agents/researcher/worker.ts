/**
 * The researcher's Worker: its skills on the wire, and the objects it keeps its tasks and its callers' documents in.
 */
import { agentWorker } from "../../shared/kit/worker.ts";
import agent from "./agent.ts";

const worker = agentWorker(agent);

export default worker.default;
export const { Mesh, TaskHome, TaskIndex } = worker;
export { Corpus } from "./corpus.ts";
