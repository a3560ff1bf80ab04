import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

/** Files that run side by side: much of what they do is to wait, for runtimes that start and for alarms. */
const maxWorkers = 3;

/** Three layers: pure code in plain Node, objects in the Workers runtime, the mesh end to end over real HTTP. */
export default defineConfig({
  test: {
    projects: [
      { test: { name: "node", include: ["test/node/**/*.test.ts"], testTimeout: 30_000, maxWorkers } },
      {
        plugins: [cloudflareTest({ wrangler: { configPath: "./test/workers/wrangler.toml" } })],
        test: {
          name: "workers",
          maxWorkers,
          include: ["test/workers/**/*.test.ts"],
          exclude: ["test/workers/registry/**", "test/workers/crash/**"],
          // Machines are shared: a test that hangs is told from one that waits for its turn.
          testTimeout: 30_000,
          globalSetup: ["./test/mesh/documents-server.ts", "./test/mesh/webhook-server.ts"],
        },
      },
      {
        // The registry's own Worker: what its objects are made with bears no service binding, and the tests' Worker has some.
        plugins: [
          cloudflareTest({ wrangler: { configPath: "./workers/registry/wrangler.toml" }, miniflare: { bindings: { SKEIN_LOCAL: "1" } } }),
        ],
        test: {
          name: "registry",
          maxWorkers,
          include: ["test/workers/registry/**/*.test.ts"],
          testTimeout: 30_000,
          globalSetup: ["./test/mesh/agents-server.ts", "./test/mesh/hostile-server.ts"],
          // Its modules are written for bundlers: they name each other without an extension.
          deps: { optimizer: { ssr: { enabled: true, include: ["itty-durable"] } } },
        },
      },
      {
        // Three agents in one Worker, whose objects are killed.
        plugins: [cloudflareTest({ wrangler: { configPath: "./test/workers/crash/wrangler.toml" } })],
        test: {
          name: "crash",
          maxWorkers,
          include: ["test/workers/crash/**/*.test.ts"],
          testTimeout: 120_000,
          globalSetup: ["./test/mesh/webhook-server.ts"],
        },
      },
      {
        test: {
          name: "mesh",
          include: ["test/mesh/**/*.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          globalSetup: ["./test/mesh/built-workers.ts"],
          // Each file starts a mesh of its own: after all the others.
          maxWorkers,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
