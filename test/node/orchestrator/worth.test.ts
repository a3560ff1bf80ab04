import { describe, expect, it } from "vitest";
import type { AgentCard } from "../../../shared/task/a2a-types.ts";
import type { OrchestratorDeps } from "../../../workers/orchestrator/program.ts";
import { type Answers, answered, cardOf, declined, dispatchContract, handle } from "./mesh-in-memory.ts";

// What becomes of a goal in the program when those that fit it equally were weighed: nobody is asked, and the others stand by.

const REQUEST = "Search the documents for the reliability floor";
const published = (name: string): AgentCard => ({ ...cardOf("researcher"), name });
const [ARCHIVIST, LIBRARIAN] = [published("archivist"), published("librarian")];
const WORTH: Readonly<Record<string, number>> = { librarian: 0.9, archivist: 0.7, researcher: 0.5 };
const weigh: OrchestratorDeps<object>["weigh"] = async (_run, goals) =>
  goals.map((goal) => ({
    ...goal,
    candidates: goal.candidates.map((each) => {
      const value = WORTH[each.agent] ?? 0;
      const measured = { successes: 9, failures: 1, reliability: value };
      return { ...each, worth: { value, lot: 0.5, published: each.agent !== "researcher", ...measured } };
    }),
  }));
const EVERYBODY: Answers = {
  "librarian/search": answered("says librarian"),
  "archivist/search": answered("says archivist"),
  "researcher/search": answered("says researcher"),
};
const asked = (answers: Answers) => handle(REQUEST, answers, [ARCHIVIST, LIBRARIAN], { weigh });

describe("a goal that several agents fit equally, some of them published", () => {
  it("is given to the one worth most, with the others as alternatives in the order of theirs", async () => {
    const { calls, questions, text } = await asked(EVERYBODY);
    expect(questions).toEqual([]);
    expect(text).toContain("says librarian");
    expect(calls.map(({ agent }) => agent)).toEqual(["librarian"]);
    expect(calls[0]?.alternatives?.slice(0, 2)).toEqual([
      { agent: "archivist", skill: "search" },
      { agent: "researcher", skill: "search" },
    ]);
  });

  it("is given to the one worth most of the others when that one fails, and the log says of both why", async () => {
    const { calls, decisions, text } = await asked({ ...EVERYBODY, "librarian/search": declined("closed today") });
    expect(calls.map(({ agent }) => agent)).toEqual(["librarian", "archivist"]);
    expect(text).toContain("says archivist");
    expect(decisions["dispatch:g1"]).toMatchObject({ reason: "worth-most", agent: "librarian" });
    expect(decisions["dispatch:g1:attempt-2"]).toMatchObject({ reason: "worth-most", agent: "archivist" });
  });

  it("is asked about under a contract in which nobody stands for anybody", async () => {
    const { questions } = await handle(REQUEST, EVERYBODY, [ARCHIVIST], { weigh, contract: dispatchContract(2) });
    expect(questions).toHaveLength(1);
  });
});
