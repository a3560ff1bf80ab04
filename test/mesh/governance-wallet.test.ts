import { afterEach, describe, expect, it } from "vitest";
import { type CopiedMesh, type CopyOptions, copyMesh } from "./copied-mesh.ts";
import { type Call, type Order, saying } from "./fixtures/puppet.ts";
import { accounts, answer, limitOf, order } from "./governed.ts";

// Denial of wallet: one caller whose cheap messages begin dear fan-outs. What it costs whom, with the locks and without.

/** Micro-USD that each call at the bottom spends. */
const SPENT = 20_000;
const MESSAGES = 6;
const LOCKED = { budget: { tenantMicroUsd: 2_000_000, appMicroUsd: 2_000_000 } };
const WATCHING = { mode: "shadow" } as const;
const UNLOCKED = {
  budget: { ...LOCKED.budget, ...WATCHING },
  "chain-cap": WATCHING,
  "circuit-breaker": WATCHING,
  "agent-breaker": WATCHING,
};

let mesh: CopiedMesh;

afterEach(() => mesh.remove());

async function start(contracts: CopyOptions["contracts"] & object): Promise<void> {
  mesh = await copyMesh({
    agents: [
      { name: "buyer", from: "puppet", calls: ["shop"] },
      { name: "shop", from: "puppet" },
    ],
    contracts,
  });
  await mesh.start();
}

/** Each a few bytes of orders: 70 calls, each of which spends. */
async function attack(): Promise<{ sent: number; spent: number; calls: number; paused: number }> {
  const calls = Array.from({ length: 70 }, (_, n): Call => ({ to: "shop/do", order: { spend: SPENT, say: String(n) } }));
  const what: Order = { calls };
  let paused = 0;
  for (let n = 0; n < MESSAGES; n++) {
    const task = await order(mesh, "buyer", what);
    if (task.status.state !== "TASK_STATE_INPUT_REQUIRED") continue;
    paused += 1;
    expect(limitOf(task)).toBeDefined();
    await answer(mesh, "buyer", task, "partial");
  }
  await expect.poll(async () => (await accounts(mesh))[0]?.held.microUsd).toBe(0);
  const { microUsd: spent = 0, calls: made = 0 } = (await accounts(mesh))[0]?.spent ?? {};
  return { sent: MESSAGES * JSON.stringify(saying(what)).length, spent, calls: made, paused };
}

function tell(locks: string, { sent, spent, calls }: Awaited<ReturnType<typeof attack>>): void {
  const perMessage = spent / MESSAGES / 1e6;
  console.log(
    `denial of wallet, ${locks}: ${MESSAGES} messages of ${sent / MESSAGES} bytes cost us ${calls} calls and $${(spent / 1e6).toFixed(2)}, $${perMessage.toFixed(2)} a message: $${(spent / 1e6 / (sent / 1000)).toFixed(3)} for each kilobyte that the attacker sends`,
  );
}

describe("cheap messages that begin dear fan-outs", () => {
  it("cost what their tenant may spend, and no more", async () => {
    await start(LOCKED);
    const locked = await attack();
    tell("with the locks", locked);
    expect(locked.spent).toBeLessThanOrEqual(LOCKED.budget.tenantMicroUsd * 1.01);
    expect(locked.paused).toBe(MESSAGES);
  });

  it("would cost whatever they like where the contracts only watch", async () => {
    await start(UNLOCKED);
    const unlocked = await attack();
    tell("without", unlocked);
    expect(unlocked).toMatchObject({ spent: MESSAGES * 70 * SPENT, paused: 0 });
  });
});
