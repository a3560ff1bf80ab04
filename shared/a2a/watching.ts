/**
 * A callee's task that takes longer than a request: watched by its event stream, or asked to say when something happens. Both only
 * tell when to look; what has become of the task is asked for itself.
 */
import { EventSourceParserStream } from "eventsource-parser/stream";
import * as v from "valibot";
import type { Address, OutboundCall, OutboundOptions } from "../host/calls.ts";
import { isInterrupted, isTerminal, type TaskState } from "../task/a2a-types.ts";
import { digest } from "../task/digest.ts";
import { NotReached } from "./outside-request.ts";
import { post, request } from "./peer-request.ts";
import { agentBinding } from "./peers.ts";
import { unlessRevoked } from "./revocation.ts";

const status = v.looseObject({ status: v.looseObject({ state: v.string() }) });
const event = v.object({ result: v.union([v.looseObject({ task: status }), v.looseObject({ statusUpdate: status })]) });
const created = v.object({ result: v.looseObject({ url: v.string() }) });

/** Between a stream that broke and the next one. Milliseconds. */
const AGAIN_MS = 250;

/** Resolves when the task rests, when there is nothing to watch, or when the signal is aborted. */
export async function watch(env: object, call: OutboundCall, taskId: string, options: OutboundOptions): Promise<void> {
  if (agentBinding(env, call.agent)) return watchUntilRest(env, call, taskId, options);
  // That it was revoked is told when its task is asked for.
  await unlessRevoked(env, call, options.signal, (signal) => watchUntilRest(env, call, taskId, { ...options, signal }));
}

async function watchUntilRest(env: object, call: OutboundCall, taskId: string, options: OutboundOptions): Promise<void> {
  let last: string | undefined;
  while (!options.signal.aborted) {
    try {
      const more = last === undefined ? {} : { "Last-Event-ID": last };
      const response = await request(env, call, options, "SubscribeToTask", { id: taskId }, more);
      const isStream = response.headers.get("Content-Type")?.startsWith("text/event-stream") === true;
      if (!isStream || !response.body) return void (await response.body?.cancel());
      for await (const { id, data } of eventsIn(response.body)) {
        last = id ?? last;
        if (isAtRest(data)) return;
      }
    } catch (error) {
      if (error instanceof NotReached) return;
      // It broke: the next one goes on where this one ended.
    }
    if (!options.signal.aborted) await scheduler.wait(AGAIN_MS);
  }
}

/** @returns whether the callee has taken the address */
export async function notify(env: object, call: OutboundCall, taskId: string, to: Address, options: OutboundOptions): Promise<boolean> {
  // The same one each time: an address that was left before is no use to anybody.
  const params = { taskId, id: `caller-${digest(options.key)}`, ...to };
  const { body } = await post(env, call, options, "CreateTaskPushNotificationConfig", params);
  return v.is(created, body);
}

async function* eventsIn(body: ReadableStream<Uint8Array>) {
  const reader = body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream()).getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}

function isAtRest(data: string): boolean {
  try {
    const told = v.safeParse(event, JSON.parse(data));
    if (!told.success) return false;
    const { result } = told.output;
    const { state } = (
      "task" in result ? (result.task as v.InferOutput<typeof status>) : (result.statusUpdate as v.InferOutput<typeof status>)
    ).status;
    return isTerminal(state as TaskState) || isInterrupted(state as TaskState);
  } catch {
    return false;
  }
}
