/**
 * What governs one home: its purse, its scores, and what the calls of its running tasks hold. The composition of a governor out
 * of a home's parts, and nothing else.
 */
import type { Amount } from "../../budget/amount.ts";
import { isTerminal } from "../../task/a2a-types.ts";
import type { Homes } from "../../task/home.ts";
import type { Alarm } from "../alarm.ts";
import type { LogStore } from "../log-store.ts";
import type { Residents } from "../residents.ts";
import type { BudgetApi } from "./api.ts";
import type { GovernanceEnv } from "./env.ts";
import { type Governance, Governor } from "./governor.ts";
import { Purse } from "./purse.ts";
import { Scores } from "./scores.ts";

export interface GovernedHome {
  /** The object's name, which begins with its principal's key. */
  readonly name: string;
  readonly homes: Homes;
  readonly env: GovernanceEnv;
  readonly store: LogStore;
  readonly alarm: Alarm;
  readonly tasks: () => Residents;
  /** Lets work go on after the request that began it. */
  readonly during: (work: Promise<unknown>) => void;
}

export function homeGovernor(governance: Governance, { name, homes, env, store, alarm, tasks, during }: GovernedHome): Governor {
  const [tenant = "", app = ""] = name.slice(0, name.indexOf(":")).split("/").map(decodeURIComponent);
  const purse = new Purse({
    store,
    alarm,
    homes,
    home: `${governance.agent} ${name}`,
    app,
    agent: governance.agent,
    budget: () => env.BUDGET?.getByName(tenant) as unknown as BudgetApi | undefined,
    heldByLog: () => heldByLog(store, tasks()),
    during,
  });
  return new Governor(governance, env, purse, new Scores(() => env.SCOREBOARD, during));
}

/** What the calls of running tasks hold that began their own chains. */
function* heldByLog(store: LogStore, tasks: Residents): Iterable<{ task: string; call: string; amount: Amount }> {
  for (const { task: id } of store.owed()) {
    const head = tasks.at(id)?.head ?? store.head(id);
    if (!head || head.chain || isTerminal(head.state)) continue;
    for (const [call, amount] of Object.entries(head.account?.carved ?? {})) yield { task: id, call, amount: { ...amount, wallMs: 0 } };
  }
}
