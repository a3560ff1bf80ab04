/**
 * The analyst's Worker: its skills on the wire, and the objects it keeps its tasks and its callers' tables in.
 */
import { agentWorker } from "../../shared/kit/worker.ts";
import agent from "./agent.ts";

const worker = agentWorker(agent);

export default worker.default;
export const { Mesh, TaskHome, TaskIndex } = worker;
export { Workbook } from "./workbook.ts";
