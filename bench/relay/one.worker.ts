/** The first agent of the benchmarks' chain: passes a text on to the second. */
import { agentWorker } from "../../shared/kit/worker.ts";
import { relay } from "./agent.ts";

const worker = agentWorker(relay("relay-one", "relay-two/pass"));

export default worker.default;
export const { Mesh, TaskHome, TaskIndex } = worker;
