/** The Worker that the object tests run in. */

import { Workbook } from "../../agents/analyst/workbook.ts";
import { Corpus } from "../../agents/researcher/corpus.ts";
import { DEPLOYED_CONTRACTS } from "../../contracts/deployed.ts";
import { contractShelf } from "../../shared/contract/shelf.ts";
import { defineBudgetObject } from "../../shared/host/governance/budget-object.ts";
import { Inbox } from "../../shared/host/inbox/inbox-object.ts";
import { agentWorker } from "../../shared/kit/worker.ts";
import agent from "./probe-agent.ts";

// Given up soon, so that no test has to wait for it.
const push = { attempts: 3, firstMs: 20, factor: 2, longestMs: 60, longestAskedMs: 400, timeoutMs: 250 };
// The Worker is its own peer, which a chain would refuse; and one of its skills is strict about who may approve.
const contracts = Object.fromEntries(
  Object.entries(DEPLOYED_CONTRACTS).map(([file, text]) => [
    file,
    text.replace("mayRepeat: []", 'mayRepeat: ["probe"]').replace("strict: []", 'strict: ["probe/strict"]'),
  ]),
);
const shared = agentWorker(agent, { push, contracts });
const own = agentWorker(agent, { homes: "own", runLimitMs: 400, streamLimitMs: 600, push, contracts });

const watched = Object.fromEntries(
  Object.entries(contracts).map(([file, text]) => [
    file,
    file.includes("retention") ? text.replace("mode: enforce", "mode: shadow") : text,
  ]),
);

// Beside what binds: fewer calls for a task, a higher floor, and less time to answer.
const candidates = {
  budget: ["taskCalls: 64", "taskCalls: 2"],
  "chain-cap": ["floor: 0.75", "floor: 0.99"],
  interrupt: ["questionHours: 720", "questionHours: 24"],
};
const tried = Object.fromEntries(
  Object.entries(candidates).map(([policy, [what = "", instead = ""]]) => {
    const text = contracts[`contracts/${policy}.v1.yaml`] ?? "";
    if (!text.includes(what)) throw new Error(`contracts/${policy}.v1.yaml does not say "${what}": change the test's candidate with it`);
    const changed = text.replace("version: 1", "version: 2").replace("mode: enforce", "mode: candidate").replace(what, instead);
    return [`contracts/${policy}.v2.yaml`, changed];
  }),
);

export default shared.default;
export const { Mesh, TaskHome, TaskIndex } = shared;
export const OwnTaskHome = own.TaskHome;
// Soon lets go of a callee that takes long, and asks again only when it is told to.
const waits = { holdMs: 100, watchMs: 100, againMs: [60_000, 60_000] } as const;
export const PatientTaskHome = agentWorker(agent, { homes: "own", waits, push, contracts }).TaskHome;
export const TriedTaskHome = agentWorker(agent, { push, contracts: { ...contracts, ...tried } }).TaskHome;
export const WatchedTaskHome = agentWorker(agent, { push, contracts: watched }).TaskHome;
export { Corpus, Inbox, Workbook };

const shelf = contractShelf(DEPLOYED_CONTRACTS);
const budget = shelf.contract("budget", shelf.latest);
export const BudgetObject = defineBudgetObject(budget);
// Little to spend; and leases that are soon over.
const scarce = { ...budget, tenantCalls: 100, appCalls: 50, waitMs: 200 };
export const ScarceBudget = defineBudgetObject(scarce);
export const FleetingBudget = defineBudgetObject({ ...scarce, leaseMs: 100 });
export const WatchingBudget = defineBudgetObject({ ...scarce, mode: "shadow" });
