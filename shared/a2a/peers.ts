/**
 * The other agents of this mesh, and what their cards say: those that a Worker has a service binding for, and beside them those that
 * were published. A bound agent's card is read once a minute at most; one that cannot be read leaves its agent unknown, and is asked
 * for again with the next call. What a published agent says of itself counts only as far as nobody has found it untrue.
 */
import { CHAIN_EXTENSION } from "../chain/delegation.ts";
import type { Manners } from "../host/calls.ts";
import type { Peer } from "../host/governance/peer.ts";
import { believedCard, believedFacts } from "../registry/believed.ts";
import type { SnapshotEntry } from "../registry/entry.ts";
import type { AgentCard } from "../task/a2a-types.ts";
import { parseCard } from "../task/agent-card.ts";
import { RESUME_EXTENSION } from "../task/resume-extension.ts";
import { skillFactsIn } from "../task/skill-facts.ts";
import { CARD_PATH } from "./card/server.ts";
import { published, whyNotCalled } from "./published.ts";

/** The front door and every Worker that delegates name their bindings so: `AGENT_` and the agent's name. */
const AGENT_BINDING = "AGENT_";

/** As long as a card may be cached by any client. Milliseconds. */
const FRESH_MS = 60_000;

interface Known {
  readonly at: number;
  readonly card: AgentCard;
  readonly peer: Peer;
}

/** Cards, never promises of them: a request must not wait for what another one began, because that one may be canceled. */
const known = new Map<string, Known>();

export function agentBinding(env: object, agent: string): Fetcher | undefined {
  const name = AGENT_BINDING + agent.toUpperCase().replaceAll("-", "_");
  return (env as Record<string, Fetcher | undefined>)[name];
}

/** Names of the bound agents, as in their URLs. */
export function agentNames(env: object): string[] {
  return Object.entries(env)
    .filter(([name, bound]) => name.startsWith(AGENT_BINDING) && typeof bound === "object")
    .map(([name]) => name.slice(AGENT_BINDING.length).toLowerCase().replaceAll("_", "-"))
    .sort();
}

/** The card of a bound agent; undefined for one that is not there, or gives none. */
export async function cardOf(env: object, agent: string): Promise<AgentCard | undefined> {
  return (fresh(agent) ?? (await read(env, agent)))?.card;
}

/** The same, or as it was when it could last be read: what an agent can do, it can do while it is away. */
async function lastCardOf(env: object, agent: string): Promise<AgentCard | undefined> {
  return (await cardOf(env, agent)) ?? known.get(agent)?.card;
}

/** What a call may expect of its callee. */
export async function manners(env: object, agent: string): Promise<Manners> {
  if (!agentBinding(env, agent)) return outsideManners(await published(env, agent));
  return mannersOf(await lastCardOf(env, agent));
}

function mannersOf(card: AgentCard | undefined): Manners {
  const { extensions = [], streaming, pushNotifications } = card?.capabilities ?? {};
  const keyed = extensions.some(({ uri }) => uri === RESUME_EXTENSION);
  return { keyed, streams: streaming === true, notifies: pushNotifications === true };
}

/** It is not told where this mesh could be called back: the address says for whom the call is. */
function outsideManners(entry: SnapshotEntry | undefined): Manners {
  return { ...mannersOf(entry && believedCard(entry)), notifies: false, revocable: true };
}

/**
 * What an agent's card says of it, at once when it is known. An agent without a usable card can still be called: as one of which
 * nothing is known, and nothing believed.
 */
export function describePeer(env: object, agent: string): Peer | undefined | Promise<Peer | undefined> {
  if (!agentBinding(env, agent)) return describePublished(env, agent);
  const stranger: Peer = { name: agent, version: "unknown", chain: false, facts: new Map() };
  return fresh(agent)?.peer ?? read(env, agent).then((found) => found?.peer ?? stranger);
}

function describePublished(env: object, agent: string): Peer | undefined | Promise<Peer | undefined> {
  const entry = published(env, agent);
  return entry instanceof Promise ? entry.then(outsidePeer) : outsidePeer(entry);
}

/** Whatever its card says, it carries no chain on: nobody would answer for what it calls. */
function outsidePeer(entry: SnapshotEntry | undefined): Peer | undefined {
  if (!entry) return undefined;
  const { name, version, digest } = entry;
  const barred = whyNotCalled(entry);
  return { name, version, digest, chain: false, facts: believedFacts(entry), ...(barred !== undefined && { barred }) };
}

function fresh(agent: string): Known | undefined {
  const before = known.get(agent);
  return before && Date.now() - before.at < FRESH_MS ? before : undefined;
}

async function read(env: object, agent: string): Promise<Known | undefined> {
  try {
    const response = await agentBinding(env, agent)?.fetch(`https://${agent}.mesh${CARD_PATH}`);
    if (!response) return undefined;
    const card = parseCard(await response.json());
    const found = { at: Date.now(), card, peer: peerOf(card) };
    known.set(agent, found);
    return found;
  } catch (error) {
    console.error(`agent ${agent} gave no usable card`, error);
    return undefined;
  }
}

function peerOf(card: AgentCard): Peer {
  const chain = (card.capabilities.extensions ?? []).some(({ uri }) => uri === CHAIN_EXTENSION);
  return { name: card.name, version: card.version, chain, facts: skillFactsIn(card) };
}
