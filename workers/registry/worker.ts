/**
 * The registry's Worker: composition root. It serves the other Workers of the mesh through its entrypoints, and nobody else. A
 * contract that is wrong keeps it from starting, and says where.
 */
import { DEPLOYED_CONTRACTS } from "../../contracts/deployed.ts";
import { contractShelf } from "../../shared/contract/shelf.ts";
import { publish } from "./publishing.ts";
import { defineRegistry } from "./registry.ts";
import { defineRegistryObject } from "./registry-object.ts";

export default {
  fetch(): Response {
    return new Response("Nothing is served here: the registry answers Workers of its mesh through their service bindings.\n", {
      status: 404,
    });
  },
};

const shelf = contractShelf(DEPLOYED_CONTRACTS);

export { AgentScores } from "./agent-scores.ts";
export { Scoreboard } from "./scoreboard.ts";
export const RegistryObject = defineRegistryObject({ probe: async () => [], prior: shelf.contract("chain-cap", shelf.latest) });
export const Registry = defineRegistry({
  publish: (publication, holdings, env) =>
    publish(publication, {
      fetch: (input, init) => fetch(input, init),
      local: env.SKEIN_LOCAL === "1",
      now: () => Date.now(),
      held: () => holdings.held(),
      called: () => holdings.called(),
      commit: (entry) => holdings.commit(entry, publication.reserved),
    }),
  rank: () => [],
});
