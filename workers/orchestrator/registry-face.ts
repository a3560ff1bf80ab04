/**
 * The registry, for people and programs outside the mesh: `/registry/…` at the front door, because what is published is published to
 * the mesh and to no single agent. Puts reading and changing together, and turns what they refuse into answers.
 */
import { Hono } from "hono";
import { drain } from "../../shared/a2a/body.ts";
import { toRequestError } from "../../shared/a2a/errors.ts";
import { answerHttpJson, onlyFor } from "../../shared/a2a/http-json.ts";
import type { RegistryDoorEnv } from "./registry-asking.ts";
import { addChanging } from "./registry-changing.ts";
import { addReading } from "./registry-reading.ts";

export function registryFace<E extends RegistryDoorEnv>(): Hono<{ Bindings: E }> {
  const app = new Hono<{ Bindings: E }>();
  for (const prefix of ["", "/:tenant"]) {
    const base = `${prefix}/registry`;
    addReading(app, base);
    addChanging(app, base);
    // Last: for whoever knows the place, and asks for it in another way.
    app.all(`${base}/agents`, onlyFor("GET", "POST"));
    app.all(`${base}/agents/:name`, onlyFor("GET"));
    app.all(`${base}/agents/:name/rollout`, onlyFor("GET", "POST"));
    app.all(`${base}/rollouts`, onlyFor("GET"));
    app.all(`${base}/agents/:name/:action{deprecate|revoke|restore|quarantine|probe}`, onlyFor("POST"));
    app.all(`${base}/search`, onlyFor("GET"));
    app.all(`${base}/log`, onlyFor("GET"));
  }
  app.onError(async (error, c) => {
    await drain(c.req.raw);
    return answerHttpJson(toRequestError(error));
  });
  return app;
}
