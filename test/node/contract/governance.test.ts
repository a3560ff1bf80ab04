import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { contractSchemas, type PolicyName, REGISTRY_POLICIES } from "../../../shared/contract/contract.ts";
import { loadContract } from "../../../shared/contract/load.ts";
import { contractShelf } from "../../../shared/contract/shelf.ts";

const FOLDER = new URL("../../../contracts/", import.meta.url);
const read = (name: string) => readFileSync(new URL(name, FOLDER), "utf8");
const first = (policy: PolicyName) => read(`${policy}.v1.yaml`);
/** Fields may come with a later version: there they are asked for. */
const latest = (policy: PolicyName) =>
  read(
    readdirSync(FOLDER)
      .filter((name) => name.startsWith(`${policy}.v`))
      .toSorted()
      .at(-1) ?? "",
  );
/** The deployed contract with one field set to something else. */
const withField = (policy: PolicyName, field: string, value: string) => {
  const changed = first(policy).replace(new RegExp(`^${field}: .*$`, "m"), `${field}: ${value}`);
  expect(changed).toContain(`\n${field}: ${value}\n`);
  return changed;
};

/** Policy, field, the outermost values that are taken, and those beside them that are not. */
const BOUNDARIES: readonly (readonly [PolicyName, string, readonly string[], readonly string[]])[] = [
  ["chain-cap", "mode", ["enforce", "shadow", "candidate"], ["off", "true"]],
  ["chain-cap", "version", ["1", "1000000"], ["0", "1000001", "1.5"]],
  ["chain-cap", "floor", ["0", "1"], ["-0.001", "1.001", ".nan", '"0.75"']],
  ["chain-cap", "maxHops", ["1", "31"], ["0", "32", "8.5"]],
  ["chain-cap", "mayRepeat", ["[]", "[critic]"], ["critic", '["a critic"]', '[""]', "[1]"]],
  ["chain-cap", "priorSuccesses", ["0.001", "1000000"], ["0", "1000001", ".inf"]],
  ["chain-cap", "priorFailures", ["0.001", "1000000"], ["0", "-1", ".nan"]],
  ["chain-cap", "minSamples", ["1", "100000"], ["0", "100001"]],
  ["chain-cap", "quantile", ["0", "1"], ["-0.001", "1.001"]],
  ["chain-cap", "checkMisses", ["0", "1"], ["-0.001", "1.001"]],
  ["chain-cap", "leafLabel", ["public", "internal", "confidential", "restricted"], ["secret", "null", "0"]],
  ["chain-cap", "deadlineMs", ["100", "2592000000"], ["99", "2592000001"]],
  ["budget", "periodHours", ["1", "8784"], ["0", "8785"]],
  ["budget", "tenantMicroUsd", ["0", "9007199254740991"], ["-1", "9007199254740992", "0.5"]],
  ["budget", "appTokens", ["0"], ["-1"]],
  ["budget", "taskCalls", ["0"], ["-1", "1.5"]],
  ["budget", "taskWallMs", ["0"], ["-1"]],
  ["budget", "callerRaise", ["1", "1000"], ["0.999", "1001"]],
  ["budget", "reserveQuantile", ["0", "1"], ["-0.001", "1.001"]],
  ["budget", "reserveShare", ["0", "1"], ["-0.001", "1.001"]],
  ["budget", "minSamples", ["1", "100000"], ["0", "100001"]],
  ["budget", "overdraft", ["0", "1"], ["-0.001", "1.001"]],
  ["budget", "leaseMs", ["1000", "86400000"], ["999", "86400001"]],
  ["budget", "waitMs", ["0", "60000"], ["-1", "60001"]],
  ["circuit-breaker", "unchangedTurns", ["1", "10000"], ["0", "10001"]],
  ["circuit-breaker", "sameError", ["1", "10000"], ["0", "10001"]],
  ["circuit-breaker", "callsWithoutProgress", ["1", "10000"], ["0", "10001"]],
  ["circuit-breaker", "repetition", ["0", "1"], ["-0.001", "1.001"]],
  ["circuit-breaker", "decline", ["0", "1"], ["-0.001", "1.001"]],
  ["circuit-breaker", "maxTurns", ["1", "10000"], ["0", "10001"]],
  ["circuit-breaker", "cautionTurns", ["0", "10000"], ["-1", "10001"]],
  ["circuit-breaker", "warningTurns", ["0", "10000"], ["-1", "10001"]],
  ["circuit-breaker", "planner", ["0", "100"], ["-1", "101"]],
  ["agent-breaker", "window", ["1", "1000"], ["0", "1001"]],
  ["agent-breaker", "minCalls", ["1", "1000"], ["0", "1001"]],
  ["agent-breaker", "failureShare", ["0", "1"], ["-0.001", "1.001"]],
  ["agent-breaker", "slowShare", ["0", "1"], ["-0.001", "1.001"]],
  ["agent-breaker", "slowMs", ["1", "86400000"], ["0", "86400001"]],
  ["agent-breaker", "openMs", ["1", "86400000"], ["0", "86400001"]],
  ["agent-breaker", "probes", ["1", "100"], ["0", "101"]],
  ["agent-breaker", "deadlineMs", ["1", "2592000000"], ["0", "2592000001"]],
  ["agent-breaker", "hedgeQuantile", ["0", "1"], ["-0.001", "1.001"]],
  ["agent-breaker", "hedgeSamples", ["1", "100000"], ["0", "100001"]],
  ["risk-confidence", "proceed", ["0", "1"], ["-0.001", "1.001"]],
  ["risk-confidence", "notify", ["0", "1"], ["-0.001", "1.001"]],
  ["risk-confidence", "smallBlast", ["1", "1000000000"], ["0", "1000000001", "2.5"]],
  ["risk-confidence", "largeBlast", ["1", "1000000000"], ["0", "1000000001"]],
  ["risk-confidence", "trusted", ["[]", "[clerk/tag]"], ["[clerk]", "clerk/tag", "[/tag]", "[clerk/]", "[a/b/c]"]],
  ["risk-confidence", "alwaysAsk", ["[]", "[courier/deliver, bank/pay]"], ["[courier]", "null"]],
  ["rollout", "minCopies", ["1", "1000"], ["0", "1001"]],
  ["rollout", "maxCopiesPerMinute", ["0", "600"], ["-1", "601"]],
  ["rollout", "minAlike", ["0", "1"], ["-0.001", "1.001"]],
  ["rollout", "canaryShare", ["0.001", "1"], ["0", "1.001"]],
  ["rollout", "canaryMinCalls", ["1", "100000"], ["0", "100001"]],
  [
    "rollout",
    "rampShares",
    ["[]", "[0.25, 0.5]", "[0.01, 1]"],
    ["0.5", "[0, 0.5]", "[0.5, 1.001]", "[0.5, 0.25]", "[0.5, 0.5]", '["0.5"]'],
  ],
  ["rollout", "rampMinCalls", ["1", "100000"], ["0", "100001"]],
  ["rollout", "maxSuccessDrop", ["0", "1"], ["-0.001", "1.001"]],
  ["rollout", "minFailures", ["1", "1000"], ["0", "1001"]],
  ["rollout", "maxDeclinedRise", ["0", "1"], ["-0.001", "1.001"]],
  ["rollout", "floor", ["0", "1"], ["-0.001", "1.001"]],
  ["rollout", "minBase", ["1", "100000"], ["0", "100001"]],
  ["rollout", "tail", ["0.001", "0.5"], ["0", "0.501", ".nan"]],
  ["rollout", "maxLatencyRatio", ["1", "1000"], ["0.999", "1001"]],
  ["rollout", "latencySlackMs", ["0", "86400000"], ["-1", "86400001"]],
  ["rollout", "maxCostRatio", ["1", "1000"], ["0.999", "1001"]],
  ["rollout", "costSlackMicroUsd", ["0", "1000000000"], ["-1", "1000000001"]],
  ["publishing", "exploreShare", ["0", "1"], ["-0.001", "1.001"]],
  ["publishing", "exploreOutcomes", ["0", "100000"], ["-1", "100001"]],
  ["publishing", "probeEveryHours", ["1", "8784"], ["0", "8785"]],
  ["publishing", "probesAtOnce", ["1", "6"], ["0", "7"]],
  ["publishing", "probeRunSeconds", ["20", "600"], ["19", "601"]],
  ["publishing", "probeRunMicroUsd", ["0", "1000000000"], ["-1", "1000000001"]],
  ["publishing", "driftWindow", ["1", "20"], ["0", "21"]],
  ["publishing", "driftTail", ["0.001", "0.5"], ["0", "0.501"]],
  ["publishing", "falseTail", ["0.001", "0.5"], ["0", "0.501"]],
  ["publishing", "driftLatencyRatio", ["1", "1000"], ["0.999", "1001"]],
  ["publishing", "driftLatencySlackMs", ["0", "86400000"], ["-1", "86400001"]],
  ["publishing", "driftCostRatio", ["1", "1000"], ["0.999", "1001"]],
  ["publishing", "driftCostSlackMicroUsd", ["0", "1000000000"], ["-1", "1000000001"]],
];

const TAKEN = BOUNDARIES.flatMap(([policy, field, taken]) => taken.map((value) => [policy, field, value] as const));
const REFUSED = BOUNDARIES.flatMap(([policy, field, , refused]) => refused.map((value) => [policy, field, value] as const));

describe("the contracts of governance", () => {
  it.each(TAKEN)("%s takes %s: %s", (policy, field, value) => {
    expect(loadContract(policy, withField(policy, field, value), `contracts/${policy}.v1.yaml`)).toMatchObject({ ok: true });
  });

  it.each(REFUSED)("%s refuses %s: %s, at its line", (policy, field, value) => {
    const text = withField(policy, field, value);
    const line = text.split("\n").findIndex((each) => each.startsWith(`${field}:`)) + 1;
    expect(loadContract(policy, text, `contracts/${policy}.v1.yaml`)).toMatchObject({ ok: false, error: { code: "bad-value", line } });
  });

  it.each(Object.entries(contractSchemas))("%s fills no field in: each one that is left out is asked for", (name, schema) => {
    const policy = name as PolicyName;
    for (const field of Object.keys(schema.entries).filter((each) => each !== "policy")) {
      const text = latest(policy).replace(new RegExp(`^${field}: .*\n`, "m"), "");
      const loaded = loadContract(policy, text, "x.yaml");
      expect(loaded).toMatchObject({ ok: false, error: { code: "missing-key", message: `the field "${field}" is missing` } });
    }
  });
});

it("a publishing contract of version 1 carries nothing over from the version before", () => {
  expect(loadContract("publishing", first("publishing"), "x.yaml")).toMatchObject({ ok: true, contract: { carriedOutcomes: 0 } });
});

it("a dispatch contract of version 1 has no branches, and needs no field of them", () => {
  expect(loadContract("dispatch", first("dispatch"), "x.yaml")).toMatchObject({ ok: true, contract: { version: 1, branches: 1 } });
});

const files = (change: Readonly<Record<string, string>> = {}) => ({
  ...Object.fromEntries(Object.keys(contractSchemas).map((name) => [`contracts/${name}.v1.yaml`, first(name as PolicyName)])),
  ...change,
});
const second = first("chain-cap").replace("version: 1", "version: 2").replace("floor: 0.75", "floor: 0.9");

const numbered = (version: number) => second.replace("version: 2", `version: ${version}`);
const tried = (version: number) => numbered(version).replace("mode: enforce", "mode: candidate");

describe("a candidate on the shelf", () => {
  const shelf = contractShelf(files({ "contracts/chain-cap.v2.yaml": numbered(2), "contracts/chain-cap.v3.yaml": tried(3) }));

  it("is what no new task is made under", () => {
    expect(shelf.latest["chain-cap"]).toBe(2);
    expect(shelf.contract("chain-cap", {})).toMatchObject({ version: 2, mode: "enforce" });
  });

  it("stands beside every version of its policy that binds, and beside no other policy", () => {
    for (const version of [1, 2]) {
      const { candidate } = shelf.contract("chain-cap", { "chain-cap": version });
      expect(candidate).toMatchObject({ contract: { version: 3, mode: "candidate", floor: 0.9 }, own: true });
    }
    expect(shelf.contract("budget", {}).candidate).toBeUndefined();
  });

  it("binds whom it is pinned to, and is then asked beside nothing", () => {
    const pinned = shelf.contract("chain-cap", { "chain-cap": 3 });
    expect(pinned).toMatchObject({ version: 3, mode: "enforce" });
    expect(pinned.candidate).toBeUndefined();
    expect(shelf.has("chain-cap", 3)).toBe(true);
  });
});

describe("contractShelf", () => {
  it("gives a new task the latest version, and a running one the version it was made under", () => {
    const shelf = contractShelf(files({ "contracts/chain-cap.v2.yaml": second }));
    expect(shelf.latest).toEqual({ ...contractShelf(files()).latest, "chain-cap": 2 });
    expect(shelf.contract("chain-cap", shelf.latest)).toMatchObject({ version: 2, floor: 0.9 });
    expect(shelf.contract("chain-cap", { "chain-cap": 1 })).toMatchObject({ version: 1, floor: 0.75 });
  });

  it("pins a task to nothing that only the registry decides by, and has it all the same", () => {
    const shelf = contractShelf(files());
    for (const policy of REGISTRY_POLICIES) {
      expect(shelf.latest).not.toHaveProperty(policy);
      expect(shelf.contract(policy, shelf.latest)).toMatchObject({ policy, version: 1 });
    }
  });

  it("knows the latest by its number, in whatever order the files come", () => {
    const late = Object.fromEntries(Object.entries(files({ "contracts/chain-cap.v2.yaml": second })).toReversed());
    expect(contractShelf(late).latest["chain-cap"]).toBe(2);
  });

  it("puts a policy that is younger than the task under its latest version", () => {
    const shelf = contractShelf(files({ "contracts/chain-cap.v2.yaml": second }));
    expect(shelf.contract("chain-cap", { dispatch: 1 })).toMatchObject({ version: 2 });
  });

  it("does not run a task under rules it was not made under", () => {
    const gone = () => contractShelf(files()).contract("chain-cap", { "chain-cap": 7 });
    expect(gone).toThrow("contract chain-cap version 7 is not deployed any more: put its file back into contracts/");
  });

  it.each([
    [
      "a name that is no policy's",
      { "contracts/chains.v1.yaml": first("chain-cap") },
      /^contracts\/chains\.v1\.yaml: no policy is called so/,
    ],
    [
      "one version twice",
      { "contracts/chain-cap.v2.yaml": first("chain-cap") },
      /chain-cap has version 1 already: give this one the next number/,
    ],
    ["another policy's text", { "contracts/budget.v2.yaml": second }, /^contracts\/budget\.v2\.yaml:\d+:\d+: "policy" is "chain-cap"/],
    [
      "a wrong number, with its line",
      { "contracts/chain-cap.v2.yaml": withField("chain-cap", "floor", "7") },
      /v2\.yaml:\d+:8: "floor" is 7/,
    ],
    [
      "two candidates of one policy",
      { "contracts/chain-cap.v2.yaml": tried(2), "contracts/chain-cap.v3.yaml": tried(3) },
      /^contracts\/chain-cap\.v3\.yaml: chain-cap has a candidate already: try one after the other$/,
    ],
    [
      "a candidate below the version that binds",
      { "contracts/chain-cap.v2.yaml": tried(2), "contracts/chain-cap.v3.yaml": numbered(3) },
      /^contracts\/chain-cap\.v2\.yaml: a candidate comes after version 3, which binds: give it the next number/,
    ],
    [
      "a policy that has nothing but a candidate",
      { "contracts/chain-cap.v1.yaml": tried(1) },
      /^there is no contract for chain-cap: add contracts\/chain-cap\.v1\.yaml$/,
    ],
  ])("refuses %s", (_case, change, message) => {
    expect(() => contractShelf(files(change))).toThrow(message);
  });

  it("refuses to start without a contract for every policy", () => {
    const { "contracts/budget.v1.yaml": _, ...rest } = files() as Record<string, string>;
    expect(() => contractShelf(rest)).toThrow("there is no contract for budget: add contracts/budget.v1.yaml");
  });

  it("is stocked with every file there is: a version that is not listed is not deployed", () => {
    const listed = read("deployed.ts");
    for (const name of readdirSync(FOLDER).filter((each) => each.endsWith(".yaml"))) {
      expect(listed).toContain(`from "./${name}"`);
      expect(listed).toContain(`"contracts/${name}":`);
    }
  });
});
