/**
 * The trivial specialist of the benchmarks: skills that do nothing, so that what is measured is the mesh around them.
 */
import { defineAgent } from "../../shared/kit/agent.ts";
import { completed, rejected } from "../../shared/kit/skill.ts";
import card from "./card.json" with { type: "json" };

/** As many as the SSE floor sends. */
const CHUNKS = 20;
/** As long as a skill waits that asks somebody else, on a good day. */
const WAIT_MS = 20;
const MOST_EVENTS = 10_000;
/** Long enough for its process to be killed meanwhile. */
const WORK_MS = 1_000;
/** As many as the floor has inserts. */
const STEPS = 20;

/** The least that a step waits for. */
function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

export default defineAgent(card, {
  echo: ({ text }) => completed(text),

  later: async ({ text }) => {
    await new Promise((resolve) => setTimeout(resolve, WAIT_MS));
    return completed(text);
  },

  stream: ({ text, emit }) => {
    for (let index = 0; index < CHUNKS; index += 1)
      emit({ artifactId: "echo", parts: [{ text }] }, { append: index > 0, lastChunk: index === CHUNKS - 1 });
    return completed({ artifacts: [] });
  },

  count: ({ text, progress }) => {
    const events = Number(text);
    if (!Number.isInteger(events) || events < 1 || events > MOST_EVENTS)
      return rejected(`send a whole number from 1 to ${MOST_EVENTS}, not "${text}"`);
    for (let index = 1; index <= events; index += 1) progress(`${index} of ${events}`);
    return completed(`counted to ${events}`);
  },

  long: async ({ text, step }) => {
    await step("work", async () => {
      await new Promise((resolve) => setTimeout(resolve, WORK_MS));
      return null;
    });
    return completed(text);
  },

  steps: async ({ text, step }) => {
    for (let index = 1; index <= STEPS; index += 1)
      await step(`${index}`, async () => {
        await turn();
        return index;
      });
    return completed(text);
  },

  unwritten: async ({ text }) => {
    for (let index = 1; index <= STEPS; index += 1) await turn();
    return completed(text);
  },

  chat: async ({ text, ask }) => {
    let said = text;
    while (said !== "bye") said = await ask(`You said "${said}". What else?`);
    return completed("bye");
  },
});
