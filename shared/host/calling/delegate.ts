/**
 * A call to another agent, from its name in the program to its result in the log: it passes the gate, goes out, is answered when
 * its callee asks, is asked of a second agent when it takes long, and is booked. Run again, it does nothing twice.
 */
import { type Amount, amountOf, isNothing, NOTHING, ONE_CALL, plus } from "../../budget/amount.ts";
import { isObject, type Json, type JsonObject } from "../../task/a2a-types.ts";
import { limitIn } from "../../task/governance-extension.ts";
import { hitlResponse } from "../../task/hitl-extension.ts";
import type { AsksBack, CallingRun, CallResult, OutboundCall } from "../calls.ts";
import { cardInLog, cardOf } from "../governance/begun-call.ts";
import { type Admitted, admit } from "../governance/call-gate.ts";
import { beyondShare } from "../governance/share-gate.ts";
import { cover, coverAgain } from "../governance/spending.ts";
import { insideSurface } from "../governance/surface-gate.ts";
import type { DelegateCall, DelegateResult } from "../program.ts";
import { booked, costSoFar, type Ended, leaseOf } from "./booking.ts";
import { hedged } from "./hedge.ts";
import { inPlace } from "./in-place.ts";
import { keyOf, send } from "./leg.ts";
import { OpenQuestions } from "./open-questions.ts";
import { passUp } from "./passing-up.ts";
import { release } from "./releasing.ts";
import { askedId, type Reply } from "./reply.ts";
import { unlessRevoked, withdrawLeft } from "./revoked-asker.ts";

/** Answers in a row that a callee does not take, before it is given up: people are not asked for ever. */
const MOST_REFUSED = 3;
/** Times that a callee is given more than was set aside for it, in one call. */
const MOST_TOP_UPS = 64;

export async function delegate<Env>(run: CallingRun<Env>, name: string, asked: DelegateCall): Promise<DelegateResult> {
  const memo = `delegate:${name}`;
  const call = insideSurface(inPlace(run.task.head, asked));
  const known = run.recall(memo) as CallResult | undefined;
  // A question of the callee's stands under the same name until the call has its result: it is no result yet.
  if (known !== undefined && known.ok !== "asks") return known;
  const admission = run.governor && (await admit(run, run.governor, memo, call, (...of) => run.outbound.describe(run.env, ...of)));
  if (admission && "refused" in admission) return remembered(run, memo, admission.refused);
  const admitted = admission?.admitted;

  const card = cardInLog(run.task, memo) ?? cardOf(admitted?.peer);
  const first = await hedged(run, {
    name: memo,
    call: { ...call, card },
    admitted,
    lease: admitted && leaseOf(run, memo, admitted),
    signal: run.signal,
  });
  const ended = await untilEnded(run, first.leg.name, first.leg.call, first.result, first.leg.admitted);
  return remembered(run, memo, booked(run, first.leg.name, first.leg.call, ended, first.leg.admitted));
}

/** Answers the callee for as long as it asks. */
async function untilEnded<Env>(
  run: CallingRun<Env>,
  name: string,
  call: OutboundCall,
  first: CallResult,
  admitted: Admitted | undefined,
): Promise<Ended> {
  const open = new OpenQuestions(run);
  let result = first;
  let refused = 0;
  let declined: string | undefined;
  for (let round = 1; result.ok === "asks"; round++) {
    const { taskId } = result;
    refused = result.refused === undefined ? 0 : refused + 1;
    const isInVain = Math.max(refused, open.timesAnswered(askedId(result))) >= MOST_REFUSED;
    const reply = isInVain
      ? { refused: takesNone(call, result) }
      : await answerFor(run, `${name}:ask:${round}`, call, result, admitted, open);
    if ("refused" in reply) {
      open.keepOnly(reply.refused);
      await release(run, { ...call, taskId }, keyOf(run.task.id, name));
      return reply.refused;
    }
    const { said, lease } = reply;
    if ("declined" in said) declined ??= said.declined;
    // Sent in this turn, and then the log says it.
    run.promised.delete(`${name}:ask:${round}`);
    const leg = { name: `${name}:answer:${round}`, admitted, lease, signal: run.signal };
    result =
      "expired" in said
        ? await send(run, { ...leg, call: { ...call, taskId, past: said.past }, looks: true })
        : await send(run, { ...leg, call: { ...call, taskId, parts: said.parts, answer: said.answer }, by: said.by });
    if (result.refused !== undefined && result.ok !== "asks")
      run.progress(`${call.agent} had gone on without this answer, which was not used: ${result.refused}`, {});
    open.keepOnly(result);
    withdrawLeft(run, `${name}:ask:${round}`);
  }
  // Also where it was said to an agent far below, because all in between came to nothing for it.
  if (!result.ok && result.reason !== "stopped" && declined !== undefined) return { ...result, declined };
  return result;
}

/**
 * What is said to a callee that asks: what somebody answers here; or, when it only lacks what was set aside for it, more of that,
 * without troubling anybody.
 */
async function answerFor<Env>(
  run: CallingRun<Env>,
  name: string,
  call: OutboundCall,
  asks: AsksBack,
  admitted: Admitted | undefined,
  open: OpenQuestions<Env>,
): Promise<{ said: Reply; lease: Amount | undefined } | { refused: Ended }> {
  const limit = limitIn(asks.metadata);
  const had = admitted && leaseOf(run, name, admitted);
  if (run.governor && admitted && had && limit?.["policy"] === "budget" && limit["reason"] === "lease") {
    // Nobody is troubled for it, so it must come to an end by itself.
    if (asks.refused !== undefined) return { refused: takesNone(call, asks) };
    if (isNothing(shortOf(limit)) || Number(/\d+$/.exec(name)?.[0]) > MOST_TOP_UPS) return { said: inForm(asks, "partial"), lease: had };
    const beyond = beyondShare(run, run.governor, name, call, shortOf(limit));
    const covered = beyond ? { refused: beyond } : await cover(run, run.governor, name, shortOf(limit), call.partial);
    if ("refused" in covered) return { said: inForm(asks, "partial"), lease: had };
    return { said: inForm(asks, "again"), lease: { ...plus(had, covered.lease), wallMs: covered.lease.wallMs } };
  }
  const said = await unlessRevoked(run, call, passUp(run, name, call, asks, costSoFar(run, name, call, asks, admitted), open));
  if ("expired" in said && said.expired === "here") return { refused: failed(call, "nobody answered in time") };
  const covered = run.governor && had && (await coverAgain(run, run.governor, name, had));
  return covered && "refused" in covered ? covered : { said, lease: had };
}

/** An answer that nobody was asked for. */
function inForm(asks: AsksBack, text: string): Reply {
  const id = askedId(asks);
  return { parts: [{ text }], ...(id !== undefined && { answer: hitlResponse(id, { text }) }) };
}

function takesNone(call: DelegateCall, { refused = "" }: AsksBack): Ended {
  return failed(call, `it takes no answer to what it asks (${refused})`);
}

/** For want of an answer, which says nothing about how well the agent works. */
function failed({ agent, skill }: DelegateCall, why: string): Ended {
  return { ok: false, reason: "refused", message: `${agent}/${skill} came to no end: ${why}` };
}

/** What it says it lacks. No more: one with many calls side by side asks for each, and would soon hold all that there is. */
function shortOf(limit: JsonObject): Amount {
  const { unit, by } = isObject(limit["raise"]) ? limit["raise"] : {};
  const isSaid = typeof unit === "string" && Object.hasOwn(NOTHING, unit) && typeof by === "number" && Number.isSafeInteger(by) && by > 0;
  return { ...(isSaid ? amountOf({ [unit]: by }) : ONE_CALL), wallMs: 0 };
}

function remembered<Env>(run: CallingRun<Env>, memo: string, result: DelegateResult): DelegateResult {
  for (const each of [memo, `${memo}:hedge`]) {
    run.out.delete(each);
    run.promised.delete(each);
  }
  run.remember(memo, JSON.parse(JSON.stringify(result)) as Json);
  return result;
}
