/**
 * The peer: the official SDK's Express server with a trivial executor, run by the same Node. Started by fork with `memory`
 * or with the path of a SQLite file; reports its port to its parent and serves JSON-RPC at `/` until it is stopped.
 */
import { execFileSync } from "node:child_process";
import { realpathSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { AgentCard, TaskState } from "@a2a-js/sdk";
import { AgentEvent, type AgentExecutor, DefaultRequestHandler, InMemoryTaskStore, type TaskStore } from "@a2a-js/sdk/server";
import { DatabaseTaskStore } from "@a2a-js/sdk/server/database";
import { jsonRpcHandler, UserBuilder } from "@a2a-js/sdk/server/express";
import SQLite from "better-sqlite3";
import express from "express";
import { Kysely, SqliteDialect } from "kysely";
import { SKILL_EXTENSION } from "../../shared/task/skill-extension.ts";
import card from "../echo/card.json" with { type: "json" };

/** As many as ours sends. */
const CHUNKS = 20;

/** Answers with the text it was sent: the same events as the `echo` skill of ours, or as its `stream` skill. */
const echo: AgentExecutor = {
  async execute({ taskId, contextId, userMessage }, bus) {
    const timestamp = () => new Date().toISOString();
    const part = userMessage.parts[0];
    const chunks = (userMessage.metadata?.[SKILL_EXTENSION] as { skill?: string } | undefined)?.skill === "stream" ? CHUNKS : 1;
    bus.publish(
      AgentEvent.task({
        id: taskId,
        contextId,
        status: { state: TaskState.TASK_STATE_WORKING, message: undefined, timestamp: timestamp() },
        artifacts: [],
        history: [userMessage],
        metadata: undefined,
      }),
    );
    for (let index = 0; index < chunks; index += 1)
      bus.publish(
        AgentEvent.artifactUpdate({
          taskId,
          contextId,
          artifact: {
            artifactId: "result",
            name: "result",
            description: "",
            parts: part ? [part] : [],
            metadata: undefined,
            extensions: [],
          },
          append: index > 0,
          lastChunk: index === chunks - 1,
          metadata: undefined,
        }),
      );
    bus.publish(
      AgentEvent.statusUpdate({
        taskId,
        contextId,
        status: { state: TaskState.TASK_STATE_COMPLETED, message: undefined, timestamp: timestamp() },
        metadata: undefined,
      }),
    );
    bus.finished();
  },
  // Never called: a task of this executor is over before anybody could cancel it.
  cancelTask: async (_taskId, bus) => bus.finished(),
};

/** Tables by the SDK's own command; WAL, as better-sqlite3 and workerd both use it, with a sync at each commit like ours. */
function sqliteStore(file: string): TaskStore {
  const command = realpathSync(fileURLToPath(new URL("../../node_modules/.bin/a2a-db", import.meta.url)));
  execFileSync(process.execPath, [command, "upgrade", "--url", `sqlite:${file}`], { stdio: ["ignore", "ignore", "inherit"] });
  const database = new SQLite(file);
  database.pragma("journal_mode = WAL");
  database.pragma("synchronous = FULL");
  return new DatabaseTaskStore(new Kysely({ dialect: new SqliteDialect({ database }) }));
}

const storage = process.argv[2] ?? "memory";
const store = storage === "memory" ? new InMemoryTaskStore() : sqliteStore(storage);
const app = express();
app.use(
  jsonRpcHandler({
    requestHandler: new DefaultRequestHandler(AgentCard.fromJSON(card), store, echo),
    userBuilder: UserBuilder.noAuthentication,
  }),
);
const server = app.listen(0, "127.0.0.1", () => process.send?.({ port: (server.address() as AddressInfo).port }));
process.once("disconnect", () => process.exit());
