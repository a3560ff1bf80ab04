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

  chat: async ({ text, ask }) => {
    let said = text;
    while (said !== "bye") said = await ask(`You said "${said}". What else?`);
    return completed("bye");
  },
});
