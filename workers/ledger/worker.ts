/**
 * The ledger's Worker: composition root of the tenants' objects, their budgets and their inboxes, and nothing else. They are
 * reached by the bindings of the other Workers; a request gets nothing. A contract that is wrong keeps it from starting, and says
 * where.
 */
import { DEPLOYED_CONTRACTS } from "../../contracts/deployed.ts";
import { contractShelf } from "../../shared/contract/shelf.ts";
import { defineBudgetObject } from "../../shared/host/governance/budget-object.ts";

const shelf = contractShelf(DEPLOYED_CONTRACTS);

// The latest version, for all: an account is shared by tasks of several versions, and can have one limit only.
export const BudgetObject = defineBudgetObject(shelf.contract("budget", shelf.latest));

export { Inbox } from "../../shared/host/inbox/inbox-object.ts";

export default { fetch: () => new Response("The ledger answers the Workers of its mesh only.\n", { status: 404 }) };
