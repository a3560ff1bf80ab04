/**
 * A task's account, folded from its log: what was spent, what running calls hold, how long it worked, and how its turns went.
 * What a task says it cost is this, so that a crash cannot forget a spending or count one twice. Pure.
 */
import { type Amount, least, minus, NOTHING, ONE_CALL, plus } from "../budget/amount.ts";
import { NO_TURNS, noteLetGoOn, noteReplan, noteTurn, type Turns } from "../policy/turns.ts";
import { isInterrupted, isTerminal } from "./a2a-types.ts";
import type { LogEntry } from "./event.ts";

/** A stored shape, as the head is. */
export type TaskAccount = {
  /** By the task's own skill and by all that was called for it, in every unit but the task's own time. */
  spent: Amount;
  /** What the callees of calls that have not ended may spend, by the calls' names. */
  carved: Record<string, Amount>;
  /** The same, of calls that were still out when the task ended: it is part of what was spent. */
  left?: Record<string, Amount>;
  /** By the tasks that this one was forked from, before the fork: not part of what this one has spent. */
  inherited?: Amount;
  /** What somebody has raised the task's limits by. */
  raised: Amount;
  /** Of calls that count to a goal's or a branch's share. */
  branches?: BranchAccount[];
  /** Milliseconds of work, waits for people not counted, up to `since`; from there on it works. */
  worked: number;
  since?: number;
  turns: Turns;
};

/** Stored, as the account is. */
export type BranchAccount = {
  /** Of the goal or branch; see within.ts. */
  path: string;
  spent: Amount;
  /** As the task's: by the names of its calls that have not ended. */
  carved: Record<string, Amount>;
  /** Calls that were made, whatever came of them. */
  calls: number;
};

/** Takes the next entry into the account. It is changed in place, as the head is. */
export function evolveAccount(account: TaskAccount | undefined, { at, event }: Pick<LogEntry, "at" | "event">): TaskAccount | undefined {
  if (event.type === "created") return { spent: NOTHING, carved: {}, raised: NOTHING, worked: 0, since: at, turns: NO_TURNS };
  if (!account) return undefined;
  switch (event.type) {
    case "status":
      if (isTerminal(event.state) || isInterrupted(event.state)) {
        account.worked = workedMs(account, at);
        delete account.since;
      } else account.since ??= at;
      if (isTerminal(event.state)) {
        // Canceled or given up with calls out: nobody will say what they spend, so all that they may spend counts.
        account.spent = plus(account.spent, { ...carvedOf(account), wallMs: 0 });
        account.left = account.carved;
        account.carved = {};
      }
      break;
    case "delegating":
      if (event.lease && event.branch !== undefined) noteSentFor(account, event.branch, callOf(event.name), event.lease);
      if (event.lease) noteSent(account, callOf(event.name), event.lease);
      break;
    case "called":
      delete account.carved[event.name];
      noteEndedFor(account, event.name, event.cost);
      account.spent = plus(account.spent, event.cost);
      if (event.turn) account.turns = noteTurn(account.turns, event.turn);
      break;
    case "spent":
      account.spent = plus(account.spent, event.cost);
      break;
    case "raised":
      account.raised = plus(account.raised, event.by);
      break;
    case "resumed":
      // Nothing ran: what a task may work is not used up while it does not.
      if (event.idle !== undefined && account.since !== undefined) account.since = Math.min(at, account.since + event.idle);
      break;
    case "let-go":
      if (event.cost) noteLetGo(account, event.name, event.cost);
      break;
    case "forked":
      account.inherited = plus(account.inherited ?? NOTHING, event.cost ?? costOf(account, at));
      account.spent = NOTHING;
      account.carved = {};
      account.raised = NOTHING;
      account.worked = 0;
      if (account.since !== undefined) account.since = at;
      delete account.left;
      delete account.branches;
      break;
    case "let-go-on":
      account.turns = event.by === "planner" ? noteReplan(account.turns, event.reasons) : noteLetGoOn(account.turns, event.added);
      break;
    default:
      break;
  }
  return account;
}

/** A call that is out was made, whatever comes of it. An answer to its callee goes out under what it had, or more instead. */
function noteSent(account: TaskAccount, call: string, lease: Amount): void {
  if (!Object.hasOwn(account.carved, call)) account.spent = plus(account.spent, ONE_CALL);
  account.carved[call] = lease;
}

function noteSentFor(account: TaskAccount, path: string, call: string, lease: Amount): void {
  account.branches ??= [];
  let branch = account.branches.find((each) => each.path === path);
  if (!branch) {
    branch = { path, spent: NOTHING, carved: {}, calls: 0 };
    account.branches.push(branch);
  }
  if (!Object.hasOwn(branch.carved, call)) {
    branch.spent = plus(branch.spent, ONE_CALL);
    branch.calls += 1;
  }
  branch.carved[call] = lease;
}

function noteEndedFor({ branches = [] }: TaskAccount, call: string, cost: Amount): void {
  const branch = branches.find(({ carved }) => Object.hasOwn(carved, call));
  if (!branch) return;
  delete branch.carved[call];
  branch.spent = plus(branch.spent, cost);
}

/** All that it might spend was counted when the task ended: it costs what it cost, and no more than that. */
function noteLetGo(account: TaskAccount, call: string, cost: Amount): void {
  const counted = account.left?.[call];
  if (!counted) return;
  account.spent = plus(minus(account.spent, { ...counted, wallMs: 0 }), least({ ...cost, wallMs: 0 }, { ...counted, wallMs: 0 }));
  delete account.left?.[call];
}

/** The call that a message belongs to: its first one, an answer to its callee, or what is decided for such an answer. */
export function callOf(name: string): string {
  return name.replace(/:(?:ask|answer):\d+(?::again)?$/, "");
}

/** Milliseconds of work until now. */
export function workedMs({ worked, since }: TaskAccount, now: number): number {
  return since === undefined ? worked : worked + Math.max(0, now - since);
}

/** Everything that calls which have not ended hold. */
export function carvedOf({ carved }: TaskAccount): Amount {
  return Object.values(carved).reduce(plus, NOTHING);
}

/** What the task has cost so far, its time included. */
export function costOf(account: TaskAccount | undefined, now: number): Amount {
  return account ? { ...account.spent, wallMs: workedMs(account, now) } : NOTHING;
}

/** What it will have cost when it ends now: with all that calls may spend which are still out. */
export function costAtEnd(account: TaskAccount | undefined, now: number): Amount {
  return account ? { ...plus(account.spent, carvedOf(account)), wallMs: workedMs(account, now) } : NOTHING;
}

/** What is left of a limit. */
export function leftOf(account: TaskAccount, limit: Amount, now: number): Amount {
  return minus(limit, plus(costOf(account, now), carvedOf(account)));
}
