import { describe, expect, it } from "vitest";
import { defineAgent } from "../../../shared/kit/agent.ts";
import { completed, type DelegateResult, type Goal, type GoalOptions, type GoalResult, type Skill } from "../../../shared/kit/skill.ts";
import { runSkill, type SkillRun } from "../../../shared/kit/testing.ts";

// What an author sees of goals in plain Node, where surfaces and numbers of calls hold as they do in a mesh.

const card = {
  name: "planner",
  description: "Has something done.",
  version: "1.0.0",
  supportedInterfaces: [{ url: "https://planner.example", protocolBinding: "JSONRPC", protocolVersion: "1.0" }],
  capabilities: {},
  defaultInputModes: ["text/plain"],
  defaultOutputModes: ["text/plain"],
  skills: [{ id: "plan", name: "Plan", description: "Plans.", tags: ["plan"] }],
};

async function run(skill: Skill): Promise<SkillRun> {
  return runSkill(defineAgent(card, { plan: skill }), "go", {
    delegate: ({ agent }): DelegateResult => ({ ok: true, taskId: "t", text: `${agent} did it`, artifacts: [] }),
  });
}

/** A goal of its own, and how it ended. */
async function pursue(options: GoalOptions, body: (goal: Goal) => void | Promise<void>): Promise<{ result: GoalResult; ran: SkillRun }> {
  let result: GoalResult | undefined;
  const ran = await run(async ({ goal }) => {
    result = await goal("survey", options, body);
    return completed("done");
  });
  if (!result) throw new Error("the goal did not end");
  return { result, ran };
}

describe("a goal", () => {
  it("reaches the skills that it was given, and no other", async () => {
    const got: DelegateResult[] = [];
    const { ran } = await pursue({ surface: ["a/x"] }, async (goal) => {
      expect(goal.surface).toEqual(["a/x"]);
      got.push(await goal.call("a/x", "please"), await goal.call("a/y", "please"), await goal.call("b", "please"));
    });
    expect(got).toMatchObject([{ ok: true }, { ok: false, reason: "stopped", policy: "surface" }, { ok: false, policy: "surface" }]);
    expect(ran.calls.map(({ agent, skill }) => `${agent}/${skill}`)).toEqual(["a/x"]);
  });

  it("gives a goal inside it no more than it has", async () => {
    const { ran } = await pursue({ surface: ["a/x", "a/y"] }, async (goal) => {
      await goal.goal("figures", { surface: ["a/y", "b/z", "give-up"] }, async (inner) => {
        expect(inner.surface).toEqual(["a/y", "give-up"]);
        for (const skill of ["a/x", "a/y", "b/z"]) await inner.call(skill, "please");
      });
    });
    expect(ran.calls.map(({ skill }) => skill)).toEqual(["y"]);
  });

  it("makes no more calls than it may, those of goals inside it counted", async () => {
    const { ran, result } = await pursue({ surface: ["a/x"], mostCalls: 3 }, async (goal) => {
      await goal.call("a/x", "1");
      await goal.goal("inner", { surface: ["a/x"], mostCalls: 5 }, async (inner) => {
        for (const text of ["2", "3", "4"]) await inner.call("a/x", text);
      });
      await goal.call("a/x", "5");
    });
    expect(ran.calls).toHaveLength(3);
    expect(result).toEqual({
      outcome: "stopped",
      reason: 'it came to no result: the goal "survey" was given 3 calls, and they are made',
    });
  });

  it("ends with the first result that its check takes, and calls nobody after that", async () => {
    const tried: DelegateResult[] = [];
    const check = (result: unknown) => (result === "right" ? undefined : "it must be right");
    const { result, ran } = await pursue({ surface: ["submit-result", "a/x"], check }, async (goal) => {
      tried.push(await goal.call("submit-result", "wrong"), await goal.call("submit-result", [{ data: "right" }]));
      tried.push(await goal.call("a/x", "more"));
    });
    expect(tried).toMatchObject([
      { ok: false, reason: "refused", message: "it must be right" },
      { ok: true },
      { ok: false, policy: "goal" },
    ]);
    expect(result).toEqual({ outcome: "submitted", result: "right" });
    expect(ran.calls).toEqual([]);
  });

  it.each([
    ["by default", undefined, 3],
    ["as often as it says", 1, 1],
  ])("takes so many wrong results, then it is stopped: %s", async (_how, mostSubmissions, most) => {
    let tries = 0;
    const options = { surface: ["submit-result" as const], check: () => "no", ...(mostSubmissions && { mostSubmissions }) };
    const { result } = await pursue(options, async (goal) => {
      for (; tries < 9; tries++) {
        const answer = await goal.call("submit-result", "again");
        if (!answer.ok && answer.reason === "stopped") break;
      }
    });
    expect(tries).toBe(most);
    expect(result).toMatchObject({ outcome: "stopped", reason: expect.stringMatching(`none of ${most} results was right`) });
  });

  it("gives up with its reason, and only where it may", async () => {
    expect((await pursue({ surface: ["give-up"] }, async (goal) => void (await goal.call("give-up", "no sources")))).result).toEqual({
      outcome: "gave-up",
      reason: "no sources",
    });
    const { result } = await pursue({ surface: [] }, async (goal) => void (await goal.call("give-up", "no sources")));
    expect(result.outcome).toBe("stopped");
  });

  it("that does nothing has come to no result", async () => {
    expect((await pursue({ surface: ["submit-result"] }, () => {})).result).toEqual({
      outcome: "stopped",
      reason: "it ended without a result",
    });
  });

  it("has a name of its own: two of one name could not be told apart after a crash", async () => {
    const twice: Skill = async ({ goal }) => {
      for (let time = 0; time < 2; time++) await goal("survey", { surface: [] }, () => {});
      return completed("done");
    };
    await expect(run(twice)).rejects.toThrow('the goal "survey" is pursued twice');
  });

  it("names its calls by itself: the same call in two goals is two calls", async () => {
    const names: string[] = [];
    const agent = defineAgent(card, {
      plan: async ({ goal, delegate }) => {
        for (const name of ["one", "other"]) await goal(name, { surface: ["a/x"] }, async (own) => void (await own.call("a/x", "please")));
        await delegate("a/x", "please");
        return completed("done");
      },
    });
    const result = await runSkill(agent, "go", {
      delegate: ({ within }) => {
        names.push(within?.goal ?? "none");
        return { ok: false, reason: "failed", message: "no" };
      },
    });
    expect(result.calls).toHaveLength(3);
    expect(names).toEqual(["one", "other", "none"]);
  });
});
