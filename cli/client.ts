/**
 * Talks to any A2A agent by the official client, given only its address, in the wire's own vocabulary
 * (shared/task/a2a-types.ts). Whatever goes wrong comes out as one line that says what to do.
 */
import { randomUUID } from "node:crypto";
import {
  type AgentCard,
  CancelTaskRequest,
  GetTaskRequest,
  ListTasksRequest,
  ListTasksResponse,
  SendMessageRequest,
  StreamResponse,
  Task,
} from "@a2a-js/sdk";
import {
  type Client,
  ClientFactory,
  ClientFactoryOptions,
  DefaultAgentCardResolver,
  JsonRpcTransportFactory,
  type RequestOptions,
  RestTransportFactory,
  ServiceParameters,
  withA2AExtensions,
} from "@a2a-js/sdk/client";
import type { Amount } from "../shared/budget/amount.ts";
import type { JsonObject, Part, StreamResponse as StreamEvent, Task as WireTask } from "../shared/task/a2a-types.ts";
import { GOVERNANCE_EXTENSION, type Preferences } from "../shared/task/governance-extension.ts";
import { HITL_EXTENSION } from "../shared/task/hitl-extension.ts";
import { namingSkill, SKILL_EXTENSION } from "../shared/task/skill-extension.ts";
import { type Credentials, fetchAs } from "./credentials.ts";
import { type Deletion, deleteAt } from "./deletion.ts";
import { CommandError } from "./terminal.ts";

export interface Outgoing {
  readonly parts: readonly Part[];
  readonly taskId?: string | undefined;
  readonly contextId?: string | undefined;
  /** The skill wanted; the agent chooses when it is left out. */
  readonly skill?: string | undefined;
  /** Of an answer: the same in the form of the human-in-the-loop profile. */
  readonly answer?: JsonObject | undefined;
  /** Limits, preferences and a label for a new task. */
  readonly wishes?: Wished | undefined;
}

/** As a caller sends them; see shared/task/governance-extension.ts. What is left out is the agent's to choose. */
export interface Wished {
  readonly limits?: Readonly<Partial<Amount>>;
  readonly preferences?: Readonly<Partial<Preferences>>;
  readonly label?: string;
}

export interface AgentClient {
  readonly url: string;
  /** The media types it takes: for one of its skills, or for any of them. */
  inputModes(skill?: string): readonly string[];
  /** Every event of the task as it comes; ends at a terminal state, or when the caller stops listening. */
  stream(message: Outgoing, signal?: AbortSignal): AsyncGenerator<StreamEvent>;
  /** Waits for the task to end or to ask. */
  send(message: Outgoing): Promise<WireTask>;
  get(id: string): Promise<WireTask>;
  list(contextId?: string): Promise<WireTask[]>;
  /** All of the caller's, the newest first, page by page as they are asked for. */
  listAll(): AsyncGenerator<WireTask>;
  cancel(id: string): Promise<WireTask>;
  /** For good, with what other agents of its mesh had for it. Of tasks that have ended. */
  delete(id: string): Promise<Deletion>;
}

/**
 * @param credentials who is calling; only the origin of the address gets to see them
 * @throws CommandError when nobody answers there, or what answers is no agent
 */
export async function connect(url: string, credentials?: Credentials): Promise<AgentClient> {
  // Without the slash at the end, the last name of the path would be lost when the card's address is made from it.
  const base = url.endsWith("/") ? url : `${url}/`;
  if (!URL.canParse(base)) throw new CommandError(`"${url}" is no address: give one such as http://127.0.0.1:8787/agents/researcher`);
  const client = await explained(base, () => factoryFor(fetchAs(credentials, base)).createFromUrl(base));
  const card = await explained(base, () => client.getAgentCard());
  return agentClient(client, card, base, credentials);
}

function factoryFor(fetchImpl: typeof fetch): ClientFactory {
  return new ClientFactory(
    ClientFactoryOptions.createFrom(ClientFactoryOptions.default, {
      transports: [new JsonRpcTransportFactory({ fetchImpl }), new RestTransportFactory({ fetchImpl })],
      cardResolver: new DefaultAgentCardResolver({ fetchImpl }),
    }),
  );
}

function agentClient(client: Client, card: AgentCard, url: string, credentials: Credentials | undefined): AgentClient {
  const named = (id: string) => `${url} (task ${id})`;
  return {
    url,
    inputModes: (skill) => {
      // Whatever its type says, a card is as its publisher wrote it.
      const modesOf = ({ inputModes = [] }: { inputModes?: string[] }) => (inputModes.length > 0 ? inputModes : card.defaultInputModes);
      const named = card.skills.find(({ id }) => id === skill);
      return named ? modesOf(named) : [...new Set([...card.defaultInputModes, ...card.skills.flatMap(modesOf)])];
    },
    async *stream(message, signal) {
      const { request, options } = toRequest(message);
      const events = client.sendMessageStream(request, { ...options, ...(signal && { signal }) });
      for (;;) {
        const next = await explained(url, () => events.next());
        if (next.done) return;
        yield toEvent(next.value);
      }
    },
    send: async (message) => {
      const { request, options } = toRequest(message);
      const result = await explained(url, () => client.sendMessage(request, options));
      return "messageId" in result ? fromMessage(StreamResponse.toJSON({ payload: { $case: "message", value: result } })) : toTask(result);
    },
    get: async (id) => toTask(await explained(named(id), () => client.getTask(GetTaskRequest.fromJSON({ id })))),
    cancel: async (id) => toTask(await explained(named(id), () => client.cancelTask(CancelTaskRequest.fromJSON({ id })))),
    delete: (id) => {
      const spoken = card.supportedInterfaces.find(({ protocolBinding }) => protocolBinding === "HTTP+JSON");
      if (!spoken) throw new CommandError(`${url} speaks no HTTP+JSON, by which tasks are deleted: it keeps them for a time of its own`);
      return explained(named(id), () => deleteAt(spoken.url, id, fetchAs(credentials, url)));
    },
    list: async (contextId) => {
      const request = ListTasksRequest.fromJSON({ pageSize: 50, ...(contextId && { contextId }) });
      const page = ListTasksResponse.toJSON(await explained(url, () => client.listTasks(request))) as { tasks?: WireTask[] };
      return page.tasks ?? [];
    },
    async *listAll() {
      let pageToken = "";
      do {
        const request = ListTasksRequest.fromJSON({ pageSize: 100, pageToken });
        const page = await explained(url, () => client.listTasks(request));
        yield* page.tasks.map(toTask);
        pageToken = page.nextPageToken;
      } while (pageToken !== "");
    },
  };
}

function toRequest({ parts, taskId, contextId, skill, answer, wishes }: Outgoing): {
  request: SendMessageRequest;
  options: RequestOptions;
} {
  const metadata = { ...(skill !== undefined && namingSkill(skill)), ...(answer && { [HITL_EXTENSION]: answer }) };
  const message = {
    messageId: randomUUID(),
    role: "ROLE_USER",
    parts,
    taskId,
    contextId,
    ...(Object.keys(metadata).length > 0 && { metadata }),
    ...(answer && { extensions: [HITL_EXTENSION] }),
  };
  // There is a person here, who can be asked: every agent is told so.
  const extensions = [HITL_EXTENSION, ...(skill === undefined ? [] : [SKILL_EXTENSION]), ...(wishes ? [GOVERNANCE_EXTENSION] : [])];
  const options = { serviceParameters: ServiceParameters.create(withA2AExtensions(...extensions)) };
  // Wishes stand beside the message: an agent must be able to tell them from what somebody wrote.
  const request = { message, ...(wishes && { metadata: { [GOVERNANCE_EXTENSION]: wishes } }) };
  return { request: SendMessageRequest.fromJSON(JSON.parse(JSON.stringify(request))), options };
}

function toTask(task: Task): WireTask {
  return Task.toJSON(task) as WireTask;
}

function toEvent(response: StreamResponse): StreamEvent {
  const json = StreamResponse.toJSON(response);
  return isMessage(json) ? { task: fromMessage(json) } : (json as StreamEvent);
}

function isMessage(json: unknown): json is { message: { contextId?: string; parts: Part[] } } {
  return typeof json === "object" && json !== null && "message" in json;
}

/** An agent may answer with a bare message and keep no task: for a person that is a finished one. */
function fromMessage(json: unknown): WireTask {
  const parts = isMessage(json) ? json.message.parts : [];
  const status = { state: "TASK_STATE_COMPLETED" as const, timestamp: new Date().toISOString() };
  return { id: "", contextId: "", status, artifacts: [{ artifactId: "message", parts }] };
}

async function explained<T>(where: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw commandErrorIn(error) ?? new CommandError(explain(where, error));
  }
}

/** @returns one line: who, what, and what to do about it */
function explain(where: string, error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const code = causeCode(error);
  if (code === "ECONNREFUSED") return `nobody answers at ${where}: start the mesh with npm run dev, or name another address with --url`;
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return `there is no host of that name: ${where}`;
  if (code === "UND_ERR_SOCKET" || code === "ECONNRESET")
    return `${where} went away in the middle. The task goes on by itself: ask for it with --get and its id`;
  if (/Failed to fetch Agent Card.*: 404/.test(message)) return `there is no agent at ${where}: npm run dev lists the agents there are`;
  return `${where} says: ${message}`;
}

/** What was said in our own words already, under whatever the SDK wrapped around it. */
function commandErrorIn(error: unknown): CommandError | undefined {
  for (let at: unknown = error; at instanceof Error; at = at.cause) if (at instanceof CommandError) return at;
  return undefined;
}

function causeCode(error: unknown): string | undefined {
  for (let at: unknown = error; at instanceof Error; at = at.cause)
    if ("code" in at && typeof at.code === "string" && at.code !== "") return at.code;
  return undefined;
}
