import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { LOCAL_PRINCIPAL } from "../../shared/auth/principal.ts";
import type { DispatchContract } from "../../shared/contract/dispatch.ts";
import { readContract } from "../../shared/contract/load.ts";
import type { Planner } from "../../shared/control/planner.ts";
import { rulesPlanner } from "../../shared/control/rules-planner.ts";
import type { DelegateCall, DelegateResult, Outcome, Run } from "../../shared/host/program.ts";
import { type Finding, findingsOf, findingsPart } from "../../shared/kit/finding.ts";
import { type AgentCard, type Json, type JsonObject, type Message, type Part, textOf } from "../../shared/task/a2a-types.ts";
import { parseCard } from "../../shared/task/agent-card.ts";
import { orchestratorProgram } from "../../workers/orchestrator/program.ts";

const ROOT = new URL("../../", import.meta.url);
const CONTRACT = readContract("dispatch", readFileSync(new URL("contracts/dispatch.v3.yaml", ROOT), "utf8"), "dispatch.v3.yaml");
const cardOf = (name: string): AgentCard => parseCard(JSON.parse(readFileSync(new URL(`agent-cards/${name}.json`, ROOT), "utf8")));
const CARDS = ["researcher", "analyst", "writer", "critic", "courier"].map(cardOf);
const QUESTION =
  "What reliability floor and hop limit does the mesh set for a chain of agents? From that, calculate how many hops of 95% each stay at or above the floor.";

const FLOOR: Finding = {
  text: "floor: 0.75",
  source: { document: "chain.yaml", position: "line 4", uri: "file:///chain.yaml", score: 0.9 },
  by: "researcher/search",
};
const HOPS: Finding = {
  text: "5 hops of 95% stay above 75%",
  source: { document: "calculation", position: "0.95^5" },
  by: "analyst/calculate",
};

const answers = (text: string, ...parts: Part[]): DelegateResult => ({
  ok: true,
  taskId: "t-1",
  text,
  artifacts: [{ artifactId: "a-1", parts: [{ text }, ...parts] }],
});
const fails = (reason: "refused" | "failed" | "deadline" | "unreachable" | "nonsense", message = "no"): DelegateResult => ({
  ok: false,
  reason,
  message,
});

/** A mesh in which all five work. */
const WORKING: Record<string, (call: DelegateCall) => DelegateResult> = {
  "researcher/search": () => answers("The floor is 0.75.", findingsPart([FLOOR])),
  "researcher/ingest": () => answers("1 document taken in."),
  "analyst/calculate": () => answers("5 hops: 0.774", findingsPart([HOPS])),
  "analyst/table": () => answers("| a |"),
  "writer/compose": ({ parts }) => answers("The floor is 0.75, so 5 hops [1].", findingsPart(findingsOf(parts))),
  "critic/check": () => answers("All supported.", { data: { supported: true, checked: 2, unsupported: [], miscited: [] } }),
  "courier/deliver": () => answers("Delivered."),
};

type Log = Map<string, Json>;
interface Ran {
  readonly outcome: Outcome;
  readonly calls: readonly (DelegateCall & { name: string })[];
  readonly questions: readonly string[];
  readonly progress: readonly { text: string; metadata: JsonObject | undefined }[];
  readonly decisions: readonly { name: string; decision: JsonObject }[];
  readonly mostTogether: number;
  readonly log: Log;
  readonly text: string;
}
interface Setting {
  readonly agents?: Record<string, (call: DelegateCall) => DelegateResult>;
  readonly replies?: readonly string[];
  readonly contract?: Partial<DispatchContract>;
  readonly planner?: Planner;
  readonly cards?: readonly AgentCard[];
  readonly parts?: readonly Part[];
  readonly metadata?: JsonObject;
  /** What a former run left behind. */
  readonly log?: Log;
}

/** Runs the program over a log as the host keeps it: a name may be used once a run, and what is logged is not done again. */
async function ask(
  text: string,
  { agents = {}, replies = [], contract, planner, cards = CARDS, parts = [], metadata, log = new Map() }: Setting = {},
): Promise<Ran> {
  const calls: (DelegateCall & { name: string })[] = [];
  const questions: string[] = [];
  const progress: Ran["progress"][number][] = [];
  const decisions: Ran["decisions"][number][] = [];
  const used = new Set<string>();
  let open = 0;
  let mostTogether = 0;
  const once = async <T>(name: string, make: () => Promise<T>): Promise<T> => {
    if (used.has(name)) throw new Error(`the name ${name} was used twice`);
    used.add(name);
    const known = log.get(name);
    if (known !== undefined) return structuredClone(known) as T;
    const value = await make();
    log.set(name, structuredClone(value) as Json);
    return value;
  };
  const message: Message = {
    messageId: "m",
    role: "ROLE_USER",
    parts: [...(text ? [{ text }] : []), ...parts],
    ...(metadata ? { metadata } : {}),
  };
  const run: Run = {
    taskId: "task-1",
    contextId: "context-1",
    principal: LOCAL_PRINCIPAL,
    env: undefined,
    message,
    skill: undefined,
    signal: new AbortController().signal,
    progress: (said, about) => void progress.push({ text: said, metadata: about }),
    emit: () => {},
    approve: async () => ({ approved: false, digest: "", reason: "nobody is there" }),
    act: async () => ({ done: false, reason: "nobody is there" }),
    spend: async () => {},
    within: (goal, pursue) => pursue(goal),
    preferences: { accuracy: 1, cost: 1, latency: 1 },
    contracts: {},
    step: (name, fn) => once(`step:${name}`, async () => fn()),
    ask: (question) =>
      once(`ask:${questions.push(question)}`, async (): Promise<Message> => {
        const reply = replies[questions.length - 1];
        if (reply === undefined) throw new Error(`no reply to: ${question}`);
        return { messageId: "r", role: "ROLE_USER", parts: [{ text: reply }] };
      }),
    delegate: (name, call) =>
      once(`delegate:${name}`, async () => {
        calls.push({ ...call, name });
        open += 1;
        mostTogether = Math.max(mostTogether, open);
        await Promise.resolve();
        const result = ({ ...WORKING, ...agents }[`${call.agent}/${call.skill}`] ?? (() => fails("unreachable")))(call);
        await Promise.resolve();
        open -= 1;
        return result;
      }),
    decide: (name, _signals, decision) => {
      const value = decision();
      decisions.push({ name, decision: value as JsonObject });
      return value;
    },
  };
  const program = orchestratorProgram({
    catalogue: async () => [...cards],
    contract: () => ({ ...CONTRACT, ...contract }),
    published: () => new Set(),
    weigh: async (_run, goals) => goals,
    checkMisses: () => 0.3,
    planner: planner ?? rulesPlanner,
  });
  const outcome = await program.run(run);
  const said = outcome.outcome === "completed" ? textOf(outcome.artifacts.flatMap((artifact) => [...artifact.parts])) : outcome.reason;
  return { outcome, calls, questions, progress, decisions, mostTogether, log, text: said };
}
const skillsOf = ({ calls }: Ran) => calls.map(({ skill }) => skill);

describe("the orchestrator", () => {
  it.each([
    ["as long as may be", "calculate 12*7 ".padEnd(200_000, "and so on."), /^84$/],
    ["of one character more", "calculate 12*7 ".padEnd(200_001, "and so on."), /200,001 .* may have 200,000: send/],
    ["with one endless word", `calculate ${"x".repeat(7_800_000)}`, /may have 200,000: send .* as documents/],
    [
      "with a word that would cost memory",
      `calculate ${"x".repeat(190_000)}`,
      /a word of more than 1,000 characters: send .* as documents/,
    ],
  ])("plans a text within its bounds, and says what to do with one beyond: %s", async (_what, text, said) => {
    const ran = await ask(text, { agents: { "analyst/calculate": () => answers("84", findingsPart([{ text: "12*7 = 84" }])) } });
    expect(ran.text).toMatch(said);
    expect(ran.outcome.outcome).toBe(ran.text === "84" ? "completed" : "rejected");
  });

  it("takes an endless answer to its question without failing", async () => {
    const ran = await ask("blorp the frobnicator", { replies: ["x".repeat(300_000), "skip", "skip"] });
    expect(ran.outcome.outcome).toBe("rejected");
  });

  it("looks up, calculates from that, composes, checks, and answers with the draft and its findings", async () => {
    const ran = await ask(QUESTION);
    expect(skillsOf(ran)).toEqual(["search", "calculate", "compose", "check"]);
    expect(ran.text).toBe("The floor is 0.75, so 5 hops [1].");
    if (ran.outcome.outcome !== "completed") throw new Error(ran.text);
    expect(ran.outcome.artifacts[0]).toMatchObject({ name: "answer", parts: [{ mediaType: "text/markdown" }, {}] });
    expect(findingsOf(ran.outcome.artifacts[0]?.parts ?? [])).toEqual([FLOOR, HOPS]);
    expect(ran.outcome.metadata).toMatchObject({
      plan: [{ goal: "g1", dependsOn: [] }, { goal: "g2", dependsOn: ["g1"] }, { goal: "compose" }, { goal: "check" }],
      goals: [{ agent: "researcher", status: "done" }, { agent: "analyst", status: "done" }, { agent: "writer" }, { agent: "critic" }],
    });
  });

  it("hands on the findings a goal builds on, the question to the writer, and the draft to the critic", async () => {
    const { calls } = await ask(QUESTION);
    const [search, calculate, compose, check] = calls;
    expect(findingsOf(search?.parts ?? [])).toEqual([]);
    expect(findingsOf(calculate?.parts ?? [])).toEqual([FLOOR]);
    expect(textOf(calculate?.parts ?? [])).toBe("calculate how many hops of 95% each stay at or above the floor");
    expect(textOf(compose?.parts ?? [])).toBe(QUESTION);
    expect(textOf(check?.parts ?? [])).toBe("The floor is 0.75, so 5 hops [1].");
    expect(calls.every(({ deadlineMs, metadata }) => deadlineMs === CONTRACT.deadlineMs && metadata?.request === QUESTION)).toBe(true);
  });

  it("checks against what was found, not against what the writer says was found", async () => {
    const invented: Finding = { text: "floor: 0.10", source: { document: "nowhere", position: "1" } };
    const { calls } = await ask(QUESTION, {
      agents: { "writer/compose": () => answers("The floor is 0.10 [1].", findingsPart([HOPS, invented])) },
    });
    expect(findingsOf(calls.find(({ skill }) => skill === "check")?.parts ?? [])).toEqual([HOPS, FLOOR]);
  });

  it("lists under a heading of its own what the critic did not find in the sources", async () => {
    const unsupported = [{ kind: "number", claim: "17 hops", sentence: "17 hops.", reason: "no source has 17" }];
    const ran = await ask(QUESTION, {
      agents: { "critic/check": () => answers("1 claim", { data: { supported: false, checked: 1, unsupported, miscited: [] } }) },
    });
    expect(ran.text).toContain("## Not found in the sources\n\n- 17 hops: no source has 17");
  });

  it("composes nothing out of a single finding", async () => {
    const ran = await ask("calculate 12*7", {
      agents: { "analyst/calculate": () => answers("84", findingsPart([{ text: "12*7 = 84" }])) },
    });
    expect(skillsOf(ran)).toEqual(["calculate"]);
    expect(ran.text).toBe("84");
  });

  it("runs independent goals together, and no more than the contract allows", async () => {
    const request = "Calculate 1+1. Calculate 2+2. Calculate 3+3. Calculate 4+4. Calculate 5+5. Calculate 6+6. Calculate 7+7.";
    expect((await ask(request)).mostTogether).toBe(5);
    expect((await ask(request, { contract: { maxFanOut: 2 } })).mostTogether).toBe(2);
    expect((await ask(QUESTION)).mostTogether).toBe(1);
  });

  it("logs every decision with policy and version, and says who works on what", async () => {
    const ran = await ask(QUESTION);
    expect(ran.decisions.map(({ name }) => name)).toEqual(["dispatch:g1", "dispatch:g2", "dispatch:compose", "dispatch:check"]);
    expect(ran.decisions[0]?.decision).toMatchObject({
      policy: "dispatch",
      version: CONTRACT.version,
      outcome: "delegate",
      agent: "researcher",
      lane: "inline",
    });
    expect(ran.progress).toContainEqual({
      text: "analyst/calculate is done: 1 finding",
      metadata: { goal: "g2", agent: "analyst", skill: "calculate", state: "done" },
    });
  });

  it("calls nobody again when it is run again over its log, and says the same", async () => {
    const first = await ask(QUESTION);
    const again = await ask(QUESTION, { log: first.log });
    expect(again.calls).toEqual([]);
    expect(again.outcome).toEqual(first.outcome);
  });

  it("goes on where it stood when it was stopped anywhere", async () => {
    const whole = await ask(QUESTION);
    const entries = [...whole.log];
    for (let kept = 0; kept <= entries.length; kept++) {
      const resumed = await ask(QUESTION, { log: new Map(entries.slice(0, kept)) });
      expect(resumed.outcome).toEqual(whole.outcome);
      expect(resumed.calls.length + entries.slice(0, kept).filter(([name]) => name.startsWith("delegate:")).length).toBe(
        whole.calls.length,
      );
    }
  });
});

describe("the orchestrator asks back", () => {
  it("when no skill fits, with the choices, and takes the one picked", async () => {
    const ran = await ask("Transcribe the recording", { replies: ["researcher/search"] });
    expect(ran.questions[0]).toMatch(/No skill here plainly fits "Transcribe the recording"\.[\s\S]*1\. \w+\/\w+: [\s\S]*"skip"/);
    expect(skillsOf(ran)).toEqual(["search"]);
  });

  it("takes a number for a choice", async () => {
    const ran = await ask("Transcribe the recording", { replies: ["2"] });
    const second = /2\. (\w+)\/(\w+):/.exec(ran.questions[0] ?? "");
    expect(ran.calls[0]).toMatchObject({ agent: second?.[1], skill: second?.[2] });
  });

  it("takes anything else for the goal in other words", async () => {
    const ran = await ask("Transcribe the recording", { replies: ["calculate 3*4"] });
    expect(textOf(ran.calls[0]?.parts ?? [])).toBe("calculate 3*4");
    expect(ran.calls[0]).toMatchObject({ skill: "calculate" });
  });

  it("which is meant when two fit equally, and names only those", async () => {
    const twin = { ...cardOf("analyst"), name: "abacus" };
    const ran = await ask("calculate 12*7", {
      cards: [...CARDS, twin],
      replies: ["abacus"],
      agents: { "abacus/calculate": () => answers("84") },
    });
    expect(ran.questions[0]).toMatch(/equally well[\s\S]*1\. abacus\/calculate: [\s\S]*2\. analyst\/calculate: /);
    expect(ran.questions[0]).not.toContain("3. ");
    expect(ran.calls[0]).toMatchObject({ agent: "abacus" });
  });

  it("leaves out what the caller skips, does the rest and says so", async () => {
    const ran = await ask("Calculate 12*7. Transcribe the recording.", { replies: ["skip"] });
    expect(skillsOf(ran)).toEqual(["calculate"]);
    expect(ran.text).toContain('## What is missing\n\n- "Transcribe the recording" could not be done: it was left out, as you said');
  });

  it("no more often than the contract allows, and then says what the mesh can do", async () => {
    const ran = await ask("Transcribe the recording", { replies: ["sing it", "hum it", "whistle it"] });
    expect(ran.questions).toHaveLength(CONTRACT.maxQuestions);
    expect(ran.outcome).toMatchObject({ outcome: "rejected" });
    expect(ran.text).toContain("no skill fits it; the mesh has researcher/");
    expect(ran.calls).toEqual([]);
  });

  it("does not in shadow mode: the decision is logged and the best is called", async () => {
    const ran = await ask("Delete all my files", { contract: { mode: "shadow" } });
    expect(ran.questions).toEqual([]);
    expect(ran.decisions[0]?.decision).toMatchObject({ outcome: "ask", reason: "no-skill-fits" });
    expect(ran.calls).toHaveLength(1);
  });

  it("before it calls anybody", async () => {
    const ran = await ask("Calculate 12*7. Transcribe the recording.", { replies: ["researcher/search"] });
    expect([...ran.log.keys()].findIndex((name) => name.startsWith("ask:"))).toBeLessThan(
      [...ran.log.keys()].findIndex((name) => name.startsWith("delegate:")),
    );
  });
});

describe("the orchestrator, when something fails,", () => {
  it("tries another skill that fits, within the attempts", async () => {
    const twin = { ...cardOf("researcher"), name: "library" };
    const ran = await ask("Find passages about retries", {
      cards: [...CARDS, twin],
      replies: ["researcher/search"],
      agents: { "researcher/search": () => fails("failed", "index broken") },
    });
    // The answer named one skill only, so there is nobody else to try.
    expect(ran.calls).toHaveLength(1);
    expect(ran.outcome).toMatchObject({ outcome: "failed" });

    const open = await ask("Find passages about retries", {
      cards: [...CARDS, twin],
      contract: { margin: 0 },
      agents: { "library/search": () => fails("failed", "index broken") },
    });
    expect(open.calls.map(({ agent, name }) => `${name} ${agent}`)).toEqual(["g1#1 library", "g1#2 researcher"]);
    expect(open.text).toContain("The floor is 0.75.");
  });

  it("ends the goal, and asks nobody else, when a person did not want it done", async () => {
    const no = (reason: "refused" | "failed" | "unreachable") => () => ({
      ...fails(reason, "nothing was searched"),
      declined: "not today",
    });
    const cards = [...CARDS, { ...cardOf("researcher"), name: "library" }];
    for (const reason of ["refused", "failed", "unreachable"] as const) {
      const ran = await ask("Find passages about retries", { cards, contract: { margin: 0 }, agents: { "library/search": no(reason) } });
      expect(ran.calls).toHaveLength(1);
      expect(ran.text).toContain("library/search was not allowed to: nothing was searched");
    }
  });

  it("calls the same skill again only when it could not be reached", async () => {
    let down = true;
    const flaky = () => {
      const result = down ? fails("unreachable", "connection lost") : answers("84");
      down = false;
      return result;
    };
    expect(skillsOf(await ask("calculate 12*7", { agents: { "analyst/calculate": flaky } }))).toEqual(["calculate", "calculate"]);
    expect(skillsOf(await ask("calculate 12*7", { agents: { "analyst/calculate": () => fails("deadline") } }))).toEqual(["calculate"]);
  });

  it("stops at the contract's attempts and says so", async () => {
    const ran = await ask("calculate 12*7", { agents: { "analyst/calculate": () => fails("unreachable", "connection lost") } });
    expect(ran.calls).toHaveLength(CONTRACT.maxAttempts);
    expect(ran.text).toContain(
      "analyst/calculate could not be reached: connection lost; it was tried 2 times, as often as the contract allows",
    );
  });

  it("gives what worked, and says plainly what is missing and why", async () => {
    const ran = await ask("Find the hop limit. Calculate 12*7. From that, calculate 3*4.", {
      agents: { "analyst/calculate": () => fails("failed", "no formula") },
    });
    expect(ran.outcome).toMatchObject({ outcome: "completed", text: "Answered in part: 1 of 3 goals were met." });
    expect(ran.text).toContain("The floor is 0.75.");
    expect(ran.text).toContain('"Calculate 12*7" could not be done: analyst/calculate failed: no formula');
    // It builds on both: with the limit found there was something to go on with.
    expect(ran.text).toContain('"calculate 3*4" could not be done: analyst/calculate failed: no formula');
  });

  it("does not try what builds on a failure alone", async () => {
    const ran = await ask("Calculate 12*7. From that, search the documents for its meaning.", {
      agents: { "analyst/calculate": () => fails("failed", "no formula") },
    });
    expect(ran.text).toContain('was not tried: it builds on "Calculate 12*7", which gave nothing');
  });

  it.each([
    ["the writer", "writer/compose"],
    ["the critic", "critic/check"],
  ])("answers without %s", async (_who, key) => {
    const ran = await ask(QUESTION, { agents: { [key]: () => fails("failed") } });
    expect(ran.outcome).toMatchObject({ outcome: "completed", text: "Answered." });
    expect(ran.text).toContain("5 hops");
  });

  it("merges by goal, with the sources, when the mesh has no writer", async () => {
    const ran = await ask(QUESTION, { cards: CARDS.slice(0, 2) });
    expect(ran.text).toMatch(
      /^## What reliability floor[\s\S]*The floor is 0\.75\.[\s\S]*## calculate how many[\s\S]*5 hops[\s\S]*## Sources\n\n1\. \[chain\.yaml, line 4\]\(<file:\/\/\/chain\.yaml>\)$/,
    );
  });

  it("does not take an empty answer for one", async () => {
    const empty: DelegateResult = { ok: true, taskId: "t", text: "", artifacts: [] };
    const ran = await ask("calculate 12*7", { agents: { "analyst/calculate": () => empty } });
    expect(ran.text).toContain("gave no answer that can be used");
  });

  it("fails with the reason when nothing worked", async () => {
    const ran = await ask("calculate 12*7", { agents: { "analyst/calculate": () => fails("refused", "division by zero") } });
    expect(ran.outcome).toMatchObject({ outcome: "failed" });
    expect(ran.text).toContain("analyst/calculate declined: division by zero");
  });
});

describe("the orchestrator refuses", () => {
  it("an empty message", async () => {
    expect(await ask("  ")).toMatchObject({ outcome: { outcome: "rejected" }, text: "The message is empty: say what you want done." });
  });

  it("more goals than the contract allows, before it calls anybody", async () => {
    const ran = await ask(Array.from({ length: 13 }, (_, index) => `Calculate ${index}+1.`).join(" "));
    expect(ran).toMatchObject({
      outcome: { outcome: "rejected" },
      calls: [],
      text: "The request holds more than 12 goals: send it in parts.",
    });
  });

  it("a skill the mesh does not have, and names those it has", async () => {
    const ran = await ask("hello", { metadata: { "urn:skein:ext:skill:v1": { skill: "poet/rhyme" } } });
    expect(ran).toMatchObject({ outcome: { outcome: "rejected" }, calls: [] });
    expect(ran.text).toMatch(/no skill "poet\/rhyme".*analyst\/calculate/);
  });

  it("a plan whose goals wait for each other, whoever made it", async () => {
    const circular: Planner = {
      rank: () => [],
      plan: async (request) => {
        const { goals } = await rulesPlanner.plan(request);
        return { request: request.text, goals: goals.map((goal) => ({ ...goal, dependsOn: [goal.id] })) };
      },
    };
    const ran = await ask("calculate 12*7", { planner: circular });
    expect(ran).toMatchObject({ outcome: { outcome: "failed" }, calls: [] });
    expect(ran.text).toContain("wait for each other");
  });

  it("a skill outside the goal's surface, whoever proposed it", async () => {
    const roaming: Planner = {
      rank: () => [],
      plan: async (request) => {
        const { goals } = await rulesPlanner.plan(request);
        return { request: request.text, goals: goals.slice(0, 1).map((goal) => ({ ...goal, surface: ["researcher/search"] })) };
      },
    };
    const ran = await ask("calculate 12*7", { planner: roaming });
    expect(ran.calls).toEqual([]);
    expect(ran.text).toContain("not among those it may use");
  });
});

describe("the orchestrator hands over", () => {
  const pdf: Part = { raw: "AAAA", filename: "handbook.pdf", mediaType: "application/pdf" };

  it("files without a word to whoever takes documents in", async () => {
    const ran = await ask("", { parts: [pdf] });
    expect(ran.calls).toMatchObject([{ agent: "researcher", skill: "ingest", parts: [pdf] }]);
    expect(ran.text).toBe("1 document taken in.");
  });

  it("a file to be taken in before the question about it is asked", async () => {
    const ran = await ask("What does this say about approvals?", { parts: [pdf] });
    expect(skillsOf(ran).slice(0, 2)).toEqual(["ingest", "search"]);
    expect(ran.calls[1]?.parts.some(({ raw }) => raw !== undefined)).toBe(false);
  });

  it("the whole message to a skill the caller named", async () => {
    const ran = await ask("Find x and calculate 3*4", {
      parts: [pdf],
      metadata: { "urn:skein:ext:skill:v1": { skill: "researcher/ingest" } },
    });
    expect(ran.calls).toMatchObject([{ skill: "ingest", parts: [{ text: "Find x and calculate 3*4" }, pdf] }]);
  });
});
