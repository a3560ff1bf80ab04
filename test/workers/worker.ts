/** The Worker that the object tests run in. */

import { Workbook } from "../../agents/analyst/workbook.ts";
import { Corpus } from "../../agents/researcher/corpus.ts";
import { agentWorker } from "../../shared/kit/worker.ts";
import agent from "./probe-agent.ts";

// Given up soon, so that no test has to wait for it.
const push = { attempts: 3, firstMs: 20, factor: 2, longestMs: 60, longestAskedMs: 400, timeoutMs: 250 };
const shared = agentWorker(agent, { push });
const own = agentWorker(agent, { homes: "own", runLimitMs: 400, streamLimitMs: 600, push });

export default shared.default;
export const { Mesh, TaskHome, TaskIndex } = shared;
export const OwnTaskHome = own.TaskHome;
export { Corpus, Workbook };
