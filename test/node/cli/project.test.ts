import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { unstable_readConfig as readConfig } from "wrangler";
import { agentNames, ROOT, workerConfigs } from "../../../cli/project.ts";

const configs = workerConfigs(ROOT);

interface Binding {
  readonly name: string;
  readonly class_name: string;
  /** The Worker whose objects they are, where it is another one. */
  readonly script_name?: string;
}

function objectsOf(path: string): readonly Binding[] {
  return readConfig({ config: join(ROOT, path) }).durable_objects.bindings;
}

describe("the Workers of a mesh", () => {
  it("begin with the front door, which gets the port, and end with the agents, which are bound to the ones between", () => {
    expect(configs[0]).toBe("wrangler.toml");
    expect(configs).toContain(join("workers", "ledger", "wrangler.toml"));
    expect(configs.slice(-agentNames(ROOT).length)).toEqual(agentNames(ROOT).map((name) => join("agents", name, "wrangler.toml")));
  });

  it("have the objects of other Workers only where those are started with them", () => {
    const started = configs.map((path) => readConfig({ config: join(ROOT, path) }).name);
    for (const path of configs) {
      for (const { script_name } of objectsOf(path)) if (script_name !== undefined) expect(started, path).toContain(script_name);
    }
  });
});

describe("every Worker that holds tasks", () => {
  const template = readFileSync(join(ROOT, "cli/templates/wrangler.toml.txt"), "utf8");

  it("spends from its tenant's budget, which is the same in all of them", () => {
    const holders = configs.filter((path) => objectsOf(path).some(({ name }) => name === "TASK_HOME"));
    expect(holders.map((path) => dirname(path))).toEqual([".", ...agentNames(ROOT).map((name) => join("agents", name))]);
    for (const path of holders) {
      expect(objectsOf(path), path).toContainEqual({ name: "BUDGET", class_name: "BudgetObject", script_name: "skein-ledger" });
    }
  });

  it("tells its tenant's inbox what waits, which is the same in all of them", () => {
    for (const path of configs.filter((each) => objectsOf(each).some(({ name }) => name === "TASK_HOME")))
      expect(objectsOf(path), path).toContainEqual({ name: "INBOX", class_name: "Inbox", script_name: "skein-ledger" });
    expect(template).toContain('{ name = "INBOX", class_name = "Inbox", script_name = "skein-ledger" }');
  });

  it("is made so by `npm run new` too", () => {
    expect(template).toContain('{ name = "BUDGET", class_name = "BudgetObject", script_name = "skein-ledger" }');
  });
});
