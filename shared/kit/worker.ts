/**
 * An agent as a Worker: the composition root of every specialist. Public requests are authenticated; calls of other
 * Workers of the mesh come through the `Mesh` entrypoint, which only a service binding reaches, and name their principal.
 */
import { WorkerEntrypoint } from "cloudflare:workers";
import { DEPLOYED_CONTRACTS } from "../../contracts/deployed.ts";
import { a2aApp } from "../a2a/app.ts";
import type { CardEnv } from "../a2a/card/server.ts";
import type { HandlerEnv } from "../a2a/handler.ts";
import { outbound } from "../a2a/outbound.ts";
import { authenticate } from "../auth/authenticate.ts";
import { originFromMesh } from "../auth/mesh-origin.ts";
import { principalFromMesh } from "../auth/mesh-principal.ts";
import { contractShelf } from "../contract/shelf.ts";
import type { WaitSettings } from "../host/calling/wait-settings.ts";
import type { Program } from "../host/program.ts";
import type { PushSettings } from "../host/push/outbox.ts";
import { PUSH_RETRY } from "../host/push/retry.ts";
import { defineTaskHome } from "../host/task-home.ts";
import { defineTaskIndex } from "../host/task-index.ts";
import type { AgentCard } from "../task/a2a-types.ts";
import type { Homes } from "../task/home.ts";
import { skillFactsIn } from "../task/skill-facts.ts";

export interface AgentWorkerOptions {
  /** Where tasks live; see task/home.ts. Default `shared`, which suits tasks of seconds. */
  readonly homes?: Homes;
  /** How long a skill may run, waits for people not counted. Milliseconds. */
  readonly runLimitMs?: number;
  /** How long a stream stays open; its reader goes on where it stopped. Milliseconds. */
  readonly streamLimitMs?: number;
  /** How the answers of other agents are waited for. */
  readonly waits?: WaitSettings;
  /** How push notifications are delivered, and when they are given up. */
  readonly push?: PushSettings;
  /** Texts of the contracts, by file; default: those in `contracts/`. `none` limits nothing, which only a benchmark wants. */
  readonly contracts?: Readonly<Record<string, string>> | "none";
}

export interface AgentWorkerEnv extends HandlerEnv, CardEnv {}

const RUN_LIMIT_MS = 5 * 60_000;
const STREAM_LIMIT_MS = 15 * 60_000;

/** Most calls take seconds; what takes minutes or days costs nothing while it does. */
const WAITS: WaitSettings = { holdMs: 30_000, watchMs: 60_000, againMs: [5_000, 60 * 60_000] };

/** Within the 10 to 30 seconds that receivers may expect. (A2A 1.0, 4.3.3) */
const PUSH: PushSettings = { ...PUSH_RETRY, timeoutMs: 15_000 };

/** @returns what the Worker's main module exports */
export function agentWorker<Env>(
  agent: { card: AgentCard; extendedCard?: AgentCard | undefined; program: Program<Env> },
  {
    homes = "shared",
    runLimitMs = RUN_LIMIT_MS,
    streamLimitMs = STREAM_LIMIT_MS,
    waits = WAITS,
    push = PUSH,
    contracts = DEPLOYED_CONTRACTS,
  }: AgentWorkerOptions = {},
) {
  const { card, extendedCard, program } = agent;
  const facts = skillFactsIn(card);
  const mainSkill = card.skills[0]?.id ?? "";
  const governance = contracts === "none" ? undefined : { shelf: contractShelf(contracts), agent: card.name, facts, mainSkill };
  const open = a2aApp<AgentWorkerEnv>({ card, extendedCard, homes, authenticate });
  const mesh = a2aApp<AgentWorkerEnv>({ card, extendedCard, homes, authenticate: principalFromMesh, originOf: originFromMesh });

  class Mesh extends WorkerEntrypoint<AgentWorkerEnv> {
    override fetch(request: Request): Response | Promise<Response> {
      return mesh.fetch(request, this.env, this.ctx);
    }
  }
  const TaskHome = defineTaskHome<AgentWorkerEnv>({
    version: card.version,
    program: program as Program<AgentWorkerEnv>,
    outbound,
    homes,
    runLimitMs,
    streamLimitMs,
    waits,
    push,
    governance,
    // Loaded when it is first needed: most agents never meet a client of 0.3.
    toLegacy: async (event) => (await import("../a2a/legacy/translation.ts")).translateEvent(JSON.stringify(event)),
  });
  const TaskIndex = defineTaskIndex<AgentWorkerEnv>({ retention: governance?.shelf.all("retention") ?? [] });
  return { default: open, Mesh, TaskHome, TaskIndex };
}
