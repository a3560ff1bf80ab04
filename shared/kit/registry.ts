/**
 * What an agent sees of the mesh's registry: it may ask which published skills fit a need, and nothing else. Types only. Whoever wants
 * a person's words answered delegates to `registry/find-agent` instead, which asks for them.
 */
import type { RegistryApi } from "../registry/api.ts";

export type { Found } from "../registry/api.ts";

export interface RegistryEnv {
  /** Absent where the mesh has no registry. */
  readonly REGISTRY?: Pick<RegistryApi, "find">;
}
