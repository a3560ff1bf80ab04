/**
 * The A2A operations over this Worker's task objects: both bindings end here. It speaks the wire's own JSON, so that
 * nothing is converted between a request, the log and the answer. Finds the task's home and calls it; decides nothing.
 */
import type { CredentialScheme } from "../auth/challenge.ts";
import { type Principal, principalKey } from "../auth/principal.ts";
import type {
  FollowUp,
  HomeRefusal,
  JsonText,
  NewPushConfig,
  ReplyOptions,
  StreamForm,
  StreamReply,
  TaskHomeApi,
  TaskReply,
} from "../host/api.ts";
import type { GovernanceEnv } from "../host/governance/env.ts";
import type { HomeEnv } from "../host/home-parts.ts";
import type { AgentCard, Message, Task, TaskPushNotificationConfig } from "../task/a2a-types.ts";
import { HISTORY_LIMIT } from "../task/head.ts";
import { findTask, type Homes, placeTask } from "../task/home.ts";
import { skillNamedIn } from "../task/skill-extension.ts";
import { delegationOf } from "./delegation.ts";
import { type Deleted, deleteTask } from "./deletion.ts";
import { RequestError, refusalToError } from "./errors.ts";
import { checkInputModes, checkOutputModes } from "./modes.ts";
import { sealedConfig } from "./push-config.ts";
import type {
  CreatePushConfigRequest,
  GetRequest,
  ListPushConfigsRequest,
  ListRequest,
  PushConfigRequest,
  SendRequest,
  TaskRequest,
} from "./request.ts";
import { contentDigest, isCalledOff, positionIn, type ResumeHeaders, requestKey } from "./resume.ts";
import { type ListTasksResponse, listTasks } from "./task-list.ts";
import { checkNoWishes, wishesIn } from "./wishes.ts";

export interface CallContext extends ResumeHeaders {
  readonly principal: Principal;
  /** Those who gave the answer that the request carries, where another agent of the mesh passes it on; else the principal. */
  readonly by?: readonly Principal[];
  /** The task that began the chain, where another agent of the mesh deletes what was made for it. */
  readonly deleted?: string;
  /** Of the credentials that the caller came with; none within the mesh and in local mode. */
  readonly scheme?: CredentialScheme | undefined;
  /** How streams are written for this request; see host/api.ts. */
  readonly form?: StreamForm;
  /** Of a caller that speaks an older version. */
  readonly protocolVersion?: "0.3";
  /** W3C trace context of the request. */
  readonly traceparent?: string;
  /** The caller activated the human-in-the-loop profile. */
  readonly hitl?: boolean;
  /** Where the mesh is reached from outside, as far as it is known. */
  readonly origin?: string;
}

export interface ListPushConfigsResponse {
  readonly configs: readonly TaskPushNotificationConfig[];
  readonly nextPageToken: string;
}

export interface A2ARequestHandler {
  sendMessage(request: SendRequest, context: CallContext): Promise<JsonText<{ task: Task }>>;
  /** In the form that the context names, or as lines of `<sequence> <StreamResponse>`; see host/api.ts. */
  sendStreamingMessage(request: SendRequest, context: CallContext): Promise<ReadableStream<Uint8Array>>;
  getTask(request: GetRequest, context: CallContext): Promise<JsonText<Task>>;
  listTasks(request: ListRequest, context: CallContext): Promise<JsonText<ListTasksResponse>>;
  cancelTask(request: TaskRequest, context: CallContext): Promise<JsonText<Task>>;
  /** No operation of A2A; see deletion.ts. */
  deleteTask(request: TaskRequest, context: CallContext): Promise<JsonText<Deleted>>;
  subscribeToTask(request: TaskRequest, context: CallContext): Promise<ReadableStream<Uint8Array>>;
  createTaskPushNotificationConfig(request: CreatePushConfigRequest, context: CallContext): Promise<JsonText<TaskPushNotificationConfig>>;
  getTaskPushNotificationConfig(request: PushConfigRequest, context: CallContext): Promise<JsonText<TaskPushNotificationConfig>>;
  listTaskPushNotificationConfigs(request: ListPushConfigsRequest, context: CallContext): Promise<JsonText<ListPushConfigsResponse>>;
  deleteTaskPushNotificationConfig(request: PushConfigRequest, context: CallContext): Promise<JsonText<Record<never, never>>>;
  getExtendedAgentCard(context: CallContext): Promise<JsonText<AgentCard>>;
}

/** What a request is answered with: the operations, and who calls them. */
export interface Opened {
  readonly handler: A2ARequestHandler;
  readonly context: CallContext;
}

export interface HandlerEnv extends HomeEnv, GovernanceEnv {
  TASK_HOME: DurableObjectNamespace;
}

export interface HandlerOptions {
  readonly card: AgentCard;
  readonly homes: Homes;
  /** The card for authenticated callers, where this request came in; absent when the agent has none. */
  readonly extendedCard?: (() => Promise<JsonText<AgentCard>>) | undefined;
}

export function requestHandler({ card, homes, extendedCard }: HandlerOptions, env: HandlerEnv): A2ARequestHandler {
  const homeOf = (name: string) => env.TASK_HOME.getByName(name) as unknown as TaskHomeApi;

  /** The home of a caller's task. For anyone else's id there is nothing to look up. */
  const find = (taskId: string, { principal }: CallContext): TaskHomeApi => {
    const address = findTask(principalKey(principal), taskId);
    if (!address) throw refusalToError({ code: "not-found" }, taskId);
    return homeOf(address.home);
  };

  const sealed = (config: NewPushConfig, taskId: string, context: CallContext, within: string) =>
    sealedConfig(ofCaller(config, taskId, context), { owner: principalKey(context.principal), taskId, within }, env);

  const send = async <R extends TaskReply | StreamReply>(
    { message: received, configuration, metadata }: SendRequest,
    context: CallContext,
    calls: { start: "start" | "startStream"; followUp: "message" | "messageStream" },
  ): Promise<R & { ok: true }> => {
    const message = received as Message;
    const push = configuration?.taskPushNotificationConfig;
    if (push) checkPush(card);
    const skill = skillNamedIn(message);
    checkInputModes(card, skill, message.parts);
    const accepts = checkOutputModes(card, skill, configuration?.acceptedOutputModes);
    const options: ReplyOptions = {
      blocking: configuration?.returnImmediately !== true,
      historyLength: configuration?.historyLength,
      after: positionIn(metadata, context),
      ...(calls.start === "startStream" && { form: context.form }),
    };
    const key = requestKey(metadata, context);
    const keyed = key !== undefined && { key, digest: await contentDigest(message) };
    const chain = await delegationOf(metadata, key, card, context, env);

    if (message.taskId !== undefined) {
      const { taskId } = message;
      const home = find(taskId, context);
      checkNoWishes(metadata);
      const followUp: FollowUp = {
        taskId,
        message,
        by: context.by ?? [context.principal],
        ...keyed,
        ...(chain && { chain }),
        ...(push && { push: await sealed(push, taskId, context, "configuration.taskPushNotificationConfig.") }),
      };
      return unwrap((await home[calls.followUp](followUp, options)) as R, taskId, context);
    }
    const { taskId, home } = placeTask(principalKey(context.principal), homes, { contextId: message.contextId, key, random: randomText() });
    const contextId = message.contextId ?? crypto.randomUUID();
    const wishes = wishesIn(metadata);
    const request = {
      taskId,
      contextId,
      principal: context.principal,
      message: { ...message, taskId, contextId },
      ...(skill !== undefined && { skill }),
      ...(keyed && { digest: keyed.digest }),
      ...(accepts && { accepts }),
      ...(chain && { chain }),
      ...(wishes && { wishes }),
      ...(context.hitl && { hitl: true as const }),
      ...(context.traceparent !== undefined && { traceparent: context.traceparent }),
      ...(context.origin !== undefined && { origin: context.origin }),
      ...(push && { push: await sealed(push, taskId, context, "configuration.taskPushNotificationConfig.") }),
    };
    return unwrap((await homeOf(home)[calls.start](request, options)) as R, taskId);
  };

  /** By its key alone: its content may be gone where it came from. */
  const callOff = async ({ message: received, metadata }: SendRequest, context: CallContext): Promise<JsonText<Task>> => {
    const { principal } = context;
    const key = requestKey(metadata, context);
    const { taskId, home } = placeTask(principalKey(principal), homes, { key, random: "" });
    const message = { ...(received as Message), taskId, contextId: crypto.randomUUID() };
    return unwrap(await homeOf(home).callOff({ taskId, contextId: message.contextId, principal, message }), taskId).task;
  };

  return {
    async sendMessage(request, context) {
      if (isCalledOff(request.metadata, context)) return `{"task":${await callOff(request, context)}}`;
      const { task } = await send<TaskReply>(request, context, { start: "start", followUp: "message" });
      return `{"task":${task}}`;
    },

    async sendStreamingMessage(request, context) {
      checkStreaming(card);
      if (isCalledOff(request.metadata, context))
        throw new RequestError("unsupported-operation", "what is called off has nothing to stream: use SendMessage");
      const { stream } = await send<StreamReply>(request, context, { start: "startStream", followUp: "messageStream" });
      return stream;
    },

    async getTask({ id, historyLength = HISTORY_LIMIT }, context) {
      return unwrap(await find(id, context).get(id, { historyLength, artifacts: true }), id).task;
    },

    listTasks: (request, { principal }) => listTasks(request, principalKey(principal), env, homeOf),

    async cancelTask({ id }, context) {
      const message: Message = {
        messageId: crypto.randomUUID(),
        role: "ROLE_AGENT",
        parts: [{ text: "canceled by its caller" }],
        taskId: id,
      };
      return unwrap(await find(id, context).cancel(id, message), id).task;
    },

    async deleteTask({ id }, { principal, deleted }) {
      return JSON.stringify(await deleteTask(principalKey(principal), id, env, deleted));
    },

    async subscribeToTask({ id, metadata }, context) {
      checkStreaming(card);
      return unwrap(await find(id, context).subscribe(id, positionIn(metadata, context), context.form), id).stream;
    },

    async createTaskPushNotificationConfig({ taskId, tenant: _, ...config }, context) {
      checkPush(card);
      const home = find(taskId, context);
      return unwrap(await home.setPush(taskId, await sealed(config, taskId, context, "")), taskId).config;
    },

    async getTaskPushNotificationConfig({ taskId, id }, context) {
      checkPush(card);
      const [config] = unwrap(await find(taskId, context).listPush(taskId, id), taskId).configs;
      if (config === undefined) throw refusalToError({ code: "config-not-found" }, taskId);
      return config;
    },

    async listTaskPushNotificationConfigs({ taskId, pageSize = Number.MAX_SAFE_INTEGER, pageToken }, context) {
      checkPush(card);
      const { configs } = unwrap(await find(taskId, context).listPush(taskId), taskId);
      const from = Number(pageToken ?? 0);
      const next = from + pageSize < configs.length ? String(from + pageSize) : "";
      return `{"configs":[${configs.slice(from, from + pageSize).join()}],"nextPageToken":"${next}"}`;
    },

    async deleteTaskPushNotificationConfig({ taskId, id }, context) {
      checkPush(card);
      unwrap(await find(taskId, context).deletePush(taskId, id), taskId);
      return "{}";
    },

    async getExtendedAgentCard() {
      if (!card.capabilities.extendedAgentCard)
        throw new RequestError(
          "unsupported-operation",
          `the card of ${card.name} declares no extended card; the public one is all there is`,
        );
      if (!extendedCard) throw new RequestError("extended-card-not-configured", `${card.name} declares an extended card, but has none`);
      return extendedCard();
    },
  };
}

function unwrap<R extends { ok: true } | { ok: false; refusal: HomeRefusal }>(
  reply: R,
  taskId: string,
  { scheme }: Pick<CallContext, "scheme"> = {},
): R & { ok: true } {
  if (!reply.ok) throw refusalToError(reply.refusal, taskId, scheme);
  return reply as R & { ok: true };
}

/** 0.3 knows one config of a task that has no id of its own: to set it again is to change it. */
function ofCaller(config: NewPushConfig, taskId: string, { protocolVersion }: CallContext): NewPushConfig {
  return protocolVersion === undefined ? config : { ...config, id: config.id || taskId, protocolVersion };
}

/** @throws RequestError when the card does not promise streams (3.3.4) */
function checkStreaming(card: AgentCard): void {
  if (card.capabilities.streaming) return;
  throw new RequestError("unsupported-operation", `the card of ${card.name} declares no streaming; use SendMessage, and poll with GetTask`);
}

/** @throws RequestError when the card does not promise push notifications (3.3.4) */
function checkPush(card: AgentCard): void {
  if (card.capabilities.pushNotifications) return;
  throw new RequestError(
    "push-not-supported",
    `the card of ${card.name} declares no push notifications; stream, subscribe or poll instead`,
  );
}

/** 128 random bits as letters and digits. */
function randomText(): string {
  return crypto.randomUUID().replaceAll("-", "");
}
