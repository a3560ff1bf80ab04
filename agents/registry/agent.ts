/**
 * Registry: finds agents for agents, and for whoever else asks over A2A. It says which published skills fit a need and what was
 * measured of them. It calls none of them, chooses for nobody, and passes on no word of a card but names and addresses.
 */
import card from "../../agent-cards/registry.json" with { type: "json" };
import { defineAgent } from "../../shared/kit/agent.ts";
import type { RegistryEnv } from "../../shared/kit/registry.ts";
import { findAgent } from "./find-agent.ts";

export default defineAgent<RegistryEnv>(card, { "find-agent": findAgent });
