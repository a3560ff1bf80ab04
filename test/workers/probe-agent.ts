/** An agent whose skills do what the tests of the host need: finish at once, step, ask, hang, throw, call others. */
import { defineAgent } from "../../shared/kit/agent.ts";
import { completed, type DeletedTask, rejected, type Skill } from "../../shared/kit/skill.ts";

/** How often each step's function ran, in this isolate: what must not run twice is counted here. */
export const runs = new Map<string, number>();
/** Which waiting skills were reached, and which a test has let go on. Polled: an object must not be woken from outside it. */
export const reached = new Set<string>();
export const opened = new Set<string>();
/** What the next run of an acting skill does differently: a program should not, and some do. */
export const edits = new Map<string, string>();

/** Tasks that the agent was told to forget, and what comes of it when a test says so. */
export const forgotten: DeletedTask<object>[] = [];
export const forgets = new Map<string, () => Promise<void>>();

/** Does one thing in the world, counted, when somebody has approved it. */
const acting =
  (things: string[], sideBySide = false): Skill<object> =>
  async ({ text, act }) => {
    const one = async (thing: string) => {
      const args = { thing, text: edits.get(text) ?? text };
      const acted = await act(thing, { description: `Do ${thing}?`, args }, (approved, { key }) => {
        count(`${text}:${thing}`);
        return { ...approved, key };
      });
      return acted.done ? `${thing}: ${acted.value.text}` : `${thing} not done: ${acted.reason}`;
    };
    if (sideBySide) return completed((await Promise.all(things.map(one))).join("; "));
    const told: string[] = [];
    for (const thing of things) told.push(await one(thing));
    return completed(told.join("; "));
  };

async function gate(name: string, signal: AbortSignal): Promise<void> {
  reached.add(name);
  while (!opened.has(name) && !signal.aborted) await scheduler.wait(5);
}

const ids = [
  "echo",
  "chunks",
  "steps",
  "question",
  "wait",
  "hang",
  "throws",
  "nonsense",
  "fan",
  "count",
  "doomed",
  "both",
  "branches",
  "crowd",
  "late",
  "beside",
  "wordy",
  "mixed",
  "approval",
  "again",
  "act",
  "strict",
  "acts",
  "sides",
  "choose",
];

const card = {
  name: "probe",
  description: "Does what tests need",
  version: "1.0.0",
  supportedInterfaces: [{ url: "http://127.0.0.1:8787/agents/probe", protocolBinding: "JSONRPC", protocolVersion: "1.0" }],
  capabilities: { streaming: true, extensions: [{ uri: "urn:skein:ext:skill:v1" }] },
  defaultInputModes: ["text/plain", "application/json"],
  defaultOutputModes: ["text/plain"],
  skills: ids.map((id) => ({ id, name: id, description: `the ${id} skill`, tags: [id] })),
};

function count(name: string): number {
  const n = (runs.get(name) ?? 0) + 1;
  runs.set(name, n);
  return n;
}

export default defineAgent<object>(
  card,
  {
    echo: ({ text }) => completed(text),

    chunks: ({ emit }) => {
      for (const text of ["one", "two", "three"])
        emit({ artifactId: "words", parts: [{ text }] }, { append: text !== "one", lastChunk: text === "three" });
      return completed({ artifacts: [], text: "said" });
    },

    steps: async ({ text, step, taskId, signal }) => {
      const first = await step("first", async () => {
        count(`${text}:first`);
        await scheduler.wait(1);
        return `first of ${taskId}`;
      });
      await gate(text, signal);
      const second = await step("second", () => count(`${text}:second`));
      return completed(`${first}, then ${second}`);
    },

    question: async ({ text, ask, step }) => {
      const before = await step("before", () => count(`${text}:before`));
      const place = await ask("Which place?");
      const year = await ask("Which year?");
      return completed(`${before} ${place} ${year}`);
    },

    wait: async ({ text, signal }) => {
      await gate(text, signal);
      if (signal.aborted) count(`${text}:aborted`);
      return completed("waited");
    },

    hang: () => new Promise(() => {}),

    throws: () => {
      throw new Error("the password is hunter2");
    },

    nonsense: () => ({ answer: 42 }) as never,

    fan: async ({ text, delegate }) => {
      const calls = text.split(",").map((skill) => delegate(`peer/${skill}`, skill));
      const results = await Promise.all(calls);
      return completed(JSON.stringify(results.map((result) => (result.ok ? result.text : result.reason))));
    },

    count: ({ text, progress }) => {
      for (let index = 1; index <= Number(text); index++) progress(`${index}`);
      return completed("counted");
    },

    both: async ({ ask }) => {
      const answers = await Promise.all([ask("First?"), ask("Second?")]);
      return completed(answers.join(" and "));
    },

    branches: async ({ step, ask }) => {
      const branch = async (name: string, ms: number) => {
        await step(name, async () => {
          await scheduler.wait(ms);
          return null;
        });
        return `${name}=${await ask(`${name}?`)}`;
      };
      return completed((await Promise.all([branch("slow", 60), branch("fast", 1)])).join(" "));
    },

    crowd: async ({ text, ask, step, signal }) => {
      const work = step("work", async () => {
        count(`${text}:work`);
        await gate(text, signal);
        return "worked";
      });
      const [answer, worked] = await Promise.all([ask("Well?"), work]);
      return completed(`${answer} ${worked}`);
    },

    late: async ({ delegate, signal }) => {
      await gate("late", new AbortController().signal);
      await delegate("peer/wait", "wait");
      return completed(String(signal.aborted));
    },

    /** One call from the start, and another beside it when somebody has said so. */
    beside: async ({ ask, delegate }) => {
      const one = delegate("peer/late", "late");
      const two = ask("Go on?").then(() => delegate("peer/late", "late"));
      const results = await Promise.all([one, two]);
      return completed(results.map((result) => (result.ok ? "ok" : result.reason)).join(" "));
    },

    wordy: () => completed({ artifacts: [], text: "done", metadata: { words: "w".repeat(3_000_000) } }),

    act: acting(["it"]),
    strict: acting(["it"]),
    acts: acting(["first", "second"]),
    sides: acting(["left", "right"], true),

    choose: async ({ text, ask }) => {
      const options = { choices: ["red", "blue"], ...(text === "default" && { default: "blue" }) };
      return completed(`chose ${await ask("Which one?", options)}`);
    },

    mixed: () => completed([{ text: "forty-two" }, { data: { answer: 42 } }]),

    approval: async ({ text, approve }) => {
      const { approved } = await approve({ description: "Send it?", args: { text } });
      return completed(approved ? "sent" : "kept");
    },

    /** The same call so many times, one after the other, however it goes. */
    again: async ({ text, delegate }) => {
      const [skill = "", times = ""] = text.split(" ");
      const results: string[] = [];
      for (let n = 0; n < Number(times); n++) {
        const result = await delegate(`peer/${skill}`, skill);
        results.push(result.ok ? "ok" : result.reason);
      }
      return completed(results.join(" "));
    },

    doomed: async ({ text, step }) => {
      count(`${text}:began`);
      await step("never", () => new Promise<never>(() => {}));
      return rejected("never reached");
    },
  },
  {
    forget: async (task) => {
      forgotten.push(task);
      await forgets.get(task.taskId)?.();
    },
  },
);
