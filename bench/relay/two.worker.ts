/** The second agent of the benchmarks' chain: passes a text on to the echo agent, where the chain ends. */
import { agentWorker } from "../../shared/kit/worker.ts";
import { relay } from "./agent.ts";

const worker = agentWorker(relay("relay-two", "echo/echo"));

export default worker.default;
export const { Mesh, TaskHome, TaskIndex } = worker;
