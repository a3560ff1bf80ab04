/**
 * What an agent's Worker is given of the mesh's registry: it may ask which published skills fit a need, and nothing else. Types only.
 * Agents that look for others delegate to `registry/find-agent`, which asks for them; see candidate.ts.
 */
import type { RegistryApi } from "../registry/api.ts";

export type { Found } from "../registry/api.ts";

export interface RegistryEnv {
  /** Absent where the mesh has no registry. */
  readonly REGISTRY?: Pick<RegistryApi, "find">;
}
