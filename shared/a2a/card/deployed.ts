/**
 * A card as it is served: what its author wrote, and what only the deployment knows. Every agent is served by the same
 * code, so how it is spoken to, which extensions it has and who may call are said here, and not in each card. Pure.
 */
import type { Security } from "../../auth/security.ts";
import { CHAIN_EXTENSION } from "../../chain/delegation.ts";
import type { AgentCard, AgentExtension } from "../../task/a2a-types.ts";
import { GOVERNANCE_EXTENSION } from "../../task/governance-extension.ts";
import { HITL_EXTENSION } from "../../task/hitl-extension.ts";
import { INTERRUPT_EXTENSION } from "../../task/interrupt-extension.ts";
import { PUSH_EXTENSION } from "../../task/push-extension.ts";
import { RESUME_EXTENSION } from "../../task/resume-extension.ts";
import { SKILL_EXTENSION } from "../../task/skill-extension.ts";
import { LEGACY_VERSION, VERSION } from "../version.ts";

/** In the order we would like to be called: a client takes the first it can speak. (8.3.2) */
const INTERFACES = [VERSION, LEGACY_VERSION].flatMap((protocolVersion) =>
  ["JSONRPC", "HTTP+JSON"].map((protocolBinding) => ({ protocolBinding, protocolVersion })),
);

const EXTENSIONS: readonly AgentExtension[] = [
  { uri: SKILL_EXTENSION, description: "A message may name the skill it is for, in its metadata." },
  {
    uri: RESUME_EXTENSION,
    description: "A request may carry an idempotency key, and a stream may go on after an event, in their metadata.",
  },
  {
    uri: PUSH_EXTENSION,
    description: "A task says in its metadata which of its webhooks were given up, why and when.",
  },
  {
    uri: CHAIN_EXTENSION,
    description: "A request may carry a signed envelope in its metadata: the limits under which another agent makes it for its own caller.",
  },
  {
    uri: GOVERNANCE_EXTENSION,
    description:
      "A request may carry its caller's limits, preferences and privacy label in its metadata, and a task says there what it has cost and which limit it waits at.",
  },
  {
    uri: INTERRUPT_EXTENSION,
    description: "A task that waits says in its metadata what for: who asks, through which agents, what about and until when.",
  },
  {
    uri: HITL_EXTENSION,
    description:
      "Questions and actions to approve stand in the status message in the form of this profile, and are answered in it by their ids.",
  },
];

/** Adds the extensions that every agent of the mesh supports; what a card says about one of them itself stays, and counts. */
export function withMeshExtensions(card: AgentCard): AgentCard {
  const own = (card.capabilities.extensions ?? []).map((each) => ({ ...EXTENSIONS.find(({ uri }) => uri === each.uri), ...each }));
  const added = EXTENSIONS.filter(({ uri }) => !own.some((each) => each.uri === uri));
  return { ...card, capabilities: { ...card.capabilities, extensions: [...own, ...added] } };
}

/**
 * @param base where the agent is reached: origin and path, without a slash at the end
 * @param security what callers have to bring; undefined when that is nothing
 */
export function deployedCard(card: AgentCard, base: string, security: Security | undefined): AgentCard {
  // A scheme that the code does not check would be a promise that nobody keeps, so those of the file are not passed on.
  const { securitySchemes: _, securityRequirements: __, signatures: ___, ...own } = card;
  return {
    ...own,
    supportedInterfaces: INTERFACES.map((each) => ({ url: base, ...each })),
    ...(security && {
      securitySchemes: security.securitySchemes,
      securityRequirements: [...security.securityRequirements],
    }),
  };
}
