/** The Worker that the object tests run in. */

import { Workbook } from "../../agents/analyst/workbook.ts";
import { Corpus } from "../../agents/researcher/corpus.ts";
import { agentWorker } from "../../shared/kit/worker.ts";
import agent from "./probe-agent.ts";

const shared = agentWorker(agent);
const own = agentWorker(agent, { homes: "own", runLimitMs: 400, streamLimitMs: 600 });

export default shared.default;
export const { Mesh, TaskHome, TaskIndex } = shared;
export const OwnTaskHome = own.TaskHome;
export { Corpus, Workbook };
