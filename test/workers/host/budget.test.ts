/** The budget of a tenant, in the runtime: many callers at once, and objects that are lost in the middle. */
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { amountOf, type Limit, ONE_CALL } from "../../../shared/budget/amount.ts";
import type { BudgetApi, ReserveRequest } from "../../../shared/host/governance/api.ts";

type Bindings = Record<"BUDGET" | "SCARCE_BUDGET" | "WATCHING_BUDGET", DurableObjectNamespace>;

let tenants = 0;
function tenant(binding: keyof Bindings = "SCARCE_BUDGET") {
  const stub = (env as unknown as Bindings)[binding].getByName(`tenant-${tenants++}`);
  return { stub, budget: stub as unknown as BudgetApi };
}

function request(lease: string, { app = "app", calls = 1, ...more }: Limit & { app?: string } = {}): ReserveRequest {
  return {
    lease,
    app,
    task: `task of ${lease}`,
    agent: "writer",
    need: amountOf({ ...more, calls }),
    limit: amountOf({ ...more, calls: 1_000 }),
  };
}

describe("a budget for 50 calls", () => {
  it("gives 200 callers at the same time exactly 50, whoever settles when", async () => {
    const { budget } = tenant();
    const answers = await Promise.all(
      Array.from({ length: 200 }, async (_, n) => {
        const answer = await budget.reserve(request(`lease-${n}`));
        if (answer.ok) await budget.settle({ lease: `lease-${n}`, agent: "writer", spent: ONE_CALL });
        return answer;
      }),
    );
    expect(answers.filter((answer) => answer.ok)).toHaveLength(50);
    expect(answers.filter((answer) => !answer.ok && answer.reason === "exhausted")).toHaveLength(150);
    const [, app] = await budget.accounts();
    expect(app).toMatchObject({ name: "app:app", spent: { calls: 50 }, held: { calls: 0 } });
  });
});
