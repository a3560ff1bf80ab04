import { beforeEach, describe, expect, it } from "vitest";
import agentBreaker from "../../../contracts/agent-breaker.v1.yaml";
import { readContract } from "../../../shared/contract/load.ts";
import { callBegins, callEnded } from "../../../shared/host/governance/agents.ts";
import { type Describe, goesTo } from "../../../shared/host/governance/goes-to.ts";
import type { Governor } from "../../../shared/host/governance/governor.ts";
import type { Peer } from "../../../shared/host/governance/peer.ts";
import type { LiveTask } from "../../../shared/host/live-task.ts";

// Which version a call goes to while the candidate that it drew is held back for its failures.

const CONTRACT = readContract("agent-breaker", agentBreaker, "contracts/agent-breaker.v1.yaml");
const CALL = "delegate:train";
let agent = "";
let named = 0;

beforeEach(() => {
  agent = `falconer-${++named}`;
});

const peer = (version: string, more: Partial<Peer> = {}): Peer => ({
  name: agent,
  version,
  digest: version,
  chain: false,
  facts: new Map(),
  ...more,
});

/** Draws the candidate for each call that has a lot. */
const describeIt: Describe = (_agent, which) => (which === undefined ? peer("1.0.0") : peer("1.1.0", { candidate: true }));

function fails(times: number, at = Date.now()): void {
  for (let n = 0; n < times; n++) {
    const call = `task/${n}`;
    callBegins(CONTRACT, "acme", `${agent}@1.1.0`, { call, at });
    callEnded(CONTRACT, "acme", `${agent}@1.1.0`, { call, result: "failed", ms: 10, at });
  }
}

async function gone(delegating: Record<string, number> = {}, mode: "enforce" | "shadow" = "enforce") {
  const decided: string[] = [];
  const event = { type: "delegating", card: { version: "1.1.0", digest: "1.1.0", candidate: true } };
  const head = { principal: { tenant: "acme" }, delegating };
  const task = { id: "t-1", head, read: () => [{ event }] } as unknown as LiveTask;
  const run = {
    task,
    decide: (name: string, _signals: unknown, decide: () => unknown) => {
      decided.push(name);
      return decide() as never;
    },
    during: <T>(work: () => Promise<T>) => work(),
  };
  const governor = { rule: () => ({ ...CONTRACT, mode }) } as unknown as Governor;
  const { peer: to, which } = await goesTo(run, governor, CALL, { agent, skill: "train" }, describeIt);
  return { version: to?.version, which, decided };
}

describe("a call that draws a candidate", () => {
  it("goes there, and by the same lot when it is looked up again", async () => {
    expect(await gone()).toEqual({ version: "1.1.0", which: { skill: "train", lot: `t-1/${CALL}` }, decided: [] });
  });

  it("goes to the version that most calls go to while the candidate is held back, and that is recorded", async () => {
    fails(CONTRACT.minCalls);
    expect(await gone()).toEqual({ version: "1.0.0", which: undefined, decided: [`agent-breaker:${CALL}:candidate`] });
  });

  it("tries a candidate that was held back for long enough", async () => {
    fails(CONTRACT.minCalls, Date.now() - CONTRACT.openMs - 1);
    expect(await gone()).toMatchObject({ version: "1.1.0", decided: [] });
  });

  it("that is out there already stays, however often others fail", async () => {
    fails(CONTRACT.minCalls);
    expect(await gone({ [CALL]: 7 })).toMatchObject({ version: "1.1.0", which: { card: { version: "1.1.0" } }, decided: [] });
  });

  it("goes there all the same where the contract is only tried", async () => {
    fails(CONTRACT.minCalls);
    expect(await gone({}, "shadow")).toMatchObject({ version: "1.1.0", decided: [] });
  });
});
