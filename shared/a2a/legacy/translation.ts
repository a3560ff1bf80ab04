/**
 * From a 0.3 method to an operation of 1.0 and back, by the official translator. It expects a server behind it that speaks
 * the proto's objects; what stands there is the table of operations, which speaks their JSON. Loaded when it is first needed.
 */
import {
  CancelTaskRequest,
  AgentCard as CoreCard,
  Task as CoreTask,
  DeleteTaskPushNotificationConfigRequest,
  GetTaskPushNotificationConfigRequest,
  GetTaskRequest,
  ListTaskPushNotificationConfigsRequest,
  ListTaskPushNotificationConfigsResponse,
  type Part,
  SendMessageRequest,
  StreamResponse,
  SubscribeToTaskRequest,
  TaskPushNotificationConfig,
} from "@a2a-js/sdk";
import { LegacyJsonRpcTransportHandler, V03PushNotificationSerializer } from "@a2a-js/sdk/compat/v0_3/server";
import type { A2ARequestHandler, ServerCallContext } from "@a2a-js/sdk/server";
import type { JsonObject } from "../../task/a2a-types.ts";
import { jsonRpcCode, RequestError } from "../errors.ts";
import type { OperationName, Result } from "../operations.ts";

/** Performs an operation of 1.0 for the caller. */
export type Call = (name: OperationName, params: unknown) => Promise<Result>;

/** Only handed through to what stands behind, which knows its caller. The real one would bring a whole server into the bundle. */
const NO_CONTEXT = {} as ServerCallContext;

/**
 * @param params of the method, known to be right
 * @returns the result in 0.3's own JSON; a stream as it is, because an event is translated where it passes, see events.ts
 * @throws RequestError as the operation does
 */
export async function translate(method: string, params: JsonObject, call: Call): Promise<Result> {
  const behind = new Behind(call, params);
  const request = { jsonrpc: "2.0", id: 0, method, params };
  const answer = await new LegacyJsonRpcTransportHandler(behind).handle(request, NO_CONTEXT);
  if (behind.openStream) return behind.openStream();
  if (behind.failure !== undefined) throw behind.failure;
  if (!("error" in answer) || answer.error === undefined) return { json: JSON.stringify("result" in answer ? answer.result : null) };
  const { code, message } = answer.error;
  if (code === jsonRpcCode("invalid-params")) throw new RequestError("invalid-params", message);
  throw new Error(`the translator of ${method} failed: ${message}`);
}

const serializer = new V03PushNotificationSerializer();

/** @param json a StreamResponse of 1.0 @returns the same in 0.3's JSON */
export function translateEvent(json: string): string {
  const event = StreamResponse.fromJSON(JSON.parse(json));
  withNulls(partsOf(event));
  const { body } = serializer.serialize(event);
  if (typeof body !== "string") throw new Error("the translator gave no text for an event");
  return body;
}

/** The operations as the translator wants them. What goes wrong is kept, because it makes less of an error than there is. */
class Behind implements A2ARequestHandler {
  readonly #call: Call;
  readonly #params: JsonObject;
  openStream: (() => Promise<Result>) | undefined;
  failure: unknown;

  constructor(call: Call, params: JsonObject) {
    this.#call = call;
    this.#params = params;
  }

  async sendMessage(request: SendMessageRequest): Promise<CoreTask> {
    return toTask(((await this.#answer("SendMessage", SendMessageRequest.toJSON(request))) as { task: unknown }).task);
  }

  sendMessageStream(request: SendMessageRequest): AsyncGenerator<StreamResponse, void, undefined> {
    return this.#streams("SendStreamingMessage", SendMessageRequest.toJSON(request));
  }

  async getTask(request: GetTaskRequest): Promise<CoreTask> {
    return toTask(await this.#answer("GetTask", GetTaskRequest.toJSON(request)));
  }

  async cancelTask(request: CancelTaskRequest): Promise<CoreTask> {
    return toTask(await this.#answer("CancelTask", CancelTaskRequest.toJSON(request)));
  }

  resubscribe(request: SubscribeToTaskRequest): AsyncGenerator<StreamResponse, void, undefined> {
    const { metadata } = this.#params;
    return this.#streams("SubscribeToTask", { ...(SubscribeToTaskRequest.toJSON(request) as object), metadata });
  }

  async createTaskPushNotificationConfig(request: TaskPushNotificationConfig): Promise<TaskPushNotificationConfig> {
    const params = TaskPushNotificationConfig.toJSON(request);
    return TaskPushNotificationConfig.fromJSON(await this.#answer("CreateTaskPushNotificationConfig", params));
  }

  /** The config without an id of its own has that of the task. */
  async getTaskPushNotificationConfig(request: GetTaskPushNotificationConfigRequest): Promise<TaskPushNotificationConfig> {
    const params = GetTaskPushNotificationConfigRequest.toJSON({ ...request, id: request.id || request.taskId });
    return TaskPushNotificationConfig.fromJSON(await this.#answer("GetTaskPushNotificationConfig", params));
  }

  async listTaskPushNotificationConfigs(request: ListTaskPushNotificationConfigsRequest): Promise<ListTaskPushNotificationConfigsResponse> {
    const params = ListTaskPushNotificationConfigsRequest.toJSON(request);
    return ListTaskPushNotificationConfigsResponse.fromJSON(await this.#answer("ListTaskPushNotificationConfigs", params));
  }

  async deleteTaskPushNotificationConfig(request: DeleteTaskPushNotificationConfigRequest): Promise<void> {
    await this.#answer("DeleteTaskPushNotificationConfig", DeleteTaskPushNotificationConfigRequest.toJSON(request));
  }

  /** Asked for what the agent can do, which the operations know better. */
  async getAgentCard(): Promise<CoreCard> {
    return CoreCard.fromJSON({ capabilities: { streaming: true, pushNotifications: true } });
  }

  async getAuthenticatedExtendedAgentCard(): Promise<never> {
    throw new Error("a card is not translated here");
  }

  async listTasks(): Promise<never> {
    throw new Error("0.3 lists no tasks");
  }

  async #answer(name: OperationName, params: unknown): Promise<unknown> {
    try {
      const result = await this.#call(name, params);
      if (!("json" in result)) throw new Error(`${name} gave a stream`);
      return JSON.parse(result.json) as unknown;
    } catch (error) {
      this.failure = error;
      throw error;
    }
  }

  /** The stream goes past the translator: a generator carries neither positions nor heartbeats. */
  #streams(name: OperationName, params: unknown): AsyncGenerator<StreamResponse, void, undefined> {
    this.openStream = () => this.#call(name, params);
    return nothing();
  }
}

async function* nothing(): AsyncGenerator<never, void, undefined> {}

function toTask(json: unknown): CoreTask {
  const task = CoreTask.fromJSON(json);
  withNulls(partsOf({ payload: { $case: "task", value: task } }));
  return task;
}

/** ProtoJSON's null is a field that is not set, everywhere but here: a part whose data is null has lost it when it was read. */
function withNulls(parts: readonly Part[]): void {
  for (const part of parts) part.content ??= { $case: "data", value: null };
}

function partsOf({ payload }: StreamResponse): Part[] {
  switch (payload?.$case) {
    case "task": {
      const { history, artifacts, status } = payload.value;
      return [...history, ...artifacts, ...(status?.message ? [status.message] : [])].flatMap(({ parts }) => parts);
    }
    case "statusUpdate":
      return payload.value.status?.message?.parts ?? [];
    case "artifactUpdate":
      return payload.value.artifact?.parts ?? [];
    case "message":
      return payload.value.parts;
    default:
      return [];
  }
}
