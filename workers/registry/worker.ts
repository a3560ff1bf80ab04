/**
 * The registry's Worker: composition root. It serves the other Workers of the mesh through its entrypoints, and nobody else.
 */
export default {
  fetch(): Response {
    return new Response("Nothing is served here: the registry answers Workers of its mesh through their service bindings.\n", {
      status: 404,
    });
  },
};

export { AgentScores } from "./agent-scores.ts";
export { Scoreboard } from "./scoreboard.ts";
