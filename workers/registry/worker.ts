/**
 * The registry's Worker: composition root. It serves the other Workers of the mesh through its entrypoints, and nobody else. A
 * contract that is wrong keeps it from starting, and says where.
 */
import { DEPLOYED_CONTRACTS } from "../../contracts/deployed.ts";
import { contractShelf } from "../../shared/contract/shelf.ts";
import { alike } from "../../shared/registry/likeness.ts";
import { rank } from "../../shared/registry/ranking.ts";
import { callsSeen } from "./calls-seen.ts";
import { cardOutcome } from "./card-watch.ts";
import { copyCall } from "./copying.ts";
import { type HiddenProbesEnv, hiddenProbes } from "./hidden-probes.ts";
import { runProbes } from "./probing.ts";
import { publish } from "./publishing.ts";
import { defineRegistry, type RegistryWorkerEnv } from "./registry.ts";
import { defineRegistryObject } from "./registry-object.ts";

export default {
  fetch(): Response {
    return new Response("Nothing is served here: the registry answers Workers of its mesh through their service bindings.\n", {
      status: 404,
    });
  },
};

const shelf = contractShelf(DEPLOYED_CONTRACTS);
const publishing = shelf.contract("publishing", shelf.latest);

export { AgentScores } from "./agent-scores.ts";
export { Scoreboard } from "./scoreboard.ts";
export const RegistryObject = defineRegistryObject<RegistryWorkerEnv & HiddenProbesEnv>({
  probe: async (entry, env) => {
    const hidden = hiddenProbes(entry.name, env);
    return [
      ...(await cardOutcome(entry, reaching(env))),
      ...(await runProbes({ ...entry, hidden }, { ...reaching(env), limits: publishing })),
    ];
  },
  calls: callsSeen,
  prior: shelf.contract("chain-cap", shelf.latest),
  publishing,
  rollout: (version) =>
    shelf.contract("rollout", version !== undefined && shelf.has("rollout", version) ? { rollout: version } : shelf.latest),
});
export const Registry = defineRegistry({
  publish: (publication, holdings, env, called) =>
    publish(publication, {
      ...reaching(env),
      admits: (entry, reserved) => holdings.admits(entry, reserved),
      called,
      commit: (entry) => holdings.commit(entry, publication.reserved, publication.atOnce),
    }),
  copy: (call, holdings, env) => copyCall(call, { ...reaching(env), holdings, alike }),
  rank: (entries, need, preferences, limit) => rank(entries, need, preferences, limit, publishing),
});

/** How agents are reached that somebody else runs. */
function reaching({ SKEIN_LOCAL }: RegistryWorkerEnv) {
  return { fetch: (input: string, init: RequestInit) => fetch(input, init), local: SKEIN_LOCAL === "1", now: () => Date.now() };
}
