/**
 * The other agents of this mesh, and what their cards say: those that a Worker has a service binding for, and beside them those that
 * were published. A bound agent's card is read once a minute at most; one that cannot be read leaves its agent unknown, and is asked
 * for again with the next call. What a published agent says of itself counts only as far as nobody has found it untrue.
 */
import { CHAIN_EXTENSION } from "../chain/delegation.ts";
import type { Callee, Manners } from "../host/calls.ts";
import type { Peer } from "../host/governance/peer.ts";
import type { Which } from "../registry/chosen-version.ts";
import type { AgentCard } from "../task/a2a-types.ts";
import { parseCard } from "../task/agent-card.ts";
import { skillFactsIn } from "../task/skill-facts.ts";
import { CARD_PATH } from "./card/server.ts";
import { isKeyed } from "./outside-form.ts";
import { type PublishedVersion, publishedVersion, unreadFor, whyNotCalled } from "./published.ts";

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
export async function boundCard(env: object, agent: string): Promise<AgentCard | undefined> {
  return (fresh(agent) ?? (await read(env, agent)))?.card;
}

/** The same, or as it was when it could last be read: what an agent can do, it can do while it is away. */
async function lastCardOf(env: object, agent: string): Promise<AgentCard | undefined> {
  return (await boundCard(env, agent)) ?? known.get(agent)?.card;
}

/** What a call may expect of its callee. */
export async function manners(env: object, { agent, card }: Callee): Promise<Manners> {
  if (!agentBinding(env, agent)) return outsideManners(agent, await publishedVersion(env, agent, card && { card }));
  return mannersOf(await lastCardOf(env, agent));
}

function mannersOf(card: AgentCard | undefined): Manners {
  const { extensions = [], streaming, pushNotifications } = card?.capabilities ?? {};
  const keyed = isKeyed(extensions.map(({ uri }) => uri));
  return { keyed, streams: streaming === true, notifies: pushNotifications === true };
}

/** It is not told where this mesh could be called back: the address says for whom the call is. */
function outsideManners(agent: string, chosen: PublishedVersion): Manners {
  const outside = { notifies: false, revocable: true } as const;
  if (chosen === "unread") return { keyed: true, streams: false, unread: unreadFor(agent), ...outside };
  if (!chosen) return { keyed: false, streams: false, ...outside };
  // What is sent nowhere is asked for again as often as one likes: this isolate may not have heard of it yet.
  if (chosen.endpoint === undefined) return { keyed: true, streams: false, ...outside };
  const { extensions, streaming } = chosen.declares();
  return { keyed: isKeyed(extensions), streams: streaming, ...outside };
}

/**
 * What an agent's card says of it, at once when it is known. An agent without a usable card can still be called: as one of which
 * nothing is known, and nothing believed.
 */
export function describePeer(env: object, agent: string, which?: Which): Peer | undefined | Promise<Peer | undefined> {
  if (!agentBinding(env, agent)) return describePublished(env, agent, which);
  const stranger: Peer = { name: agent, version: "unknown", chain: false, facts: new Map() };
  return fresh(agent)?.peer ?? read(env, agent).then((found) => found?.peer ?? stranger);
}

function describePublished(env: object, agent: string, which: Which | undefined): Peer | undefined | Promise<Peer | undefined> {
  const peer = (chosen: PublishedVersion) => (chosen === "unread" ? unreadPeer(agent, which) : outsidePeer(chosen, which));
  const chosen = publishedVersion(env, agent, which);
  return chosen instanceof Promise ? chosen.then(peer) : peer(chosen);
}

/** Whatever its card says, it carries no chain on: nobody would answer for what it calls. */
/** A call that is out goes on at the version that it began with; a new one cannot, and that is nobody's fault. */
function unreadPeer(name: string, which: Which | undefined): Peer {
  const nothing = { name, chain: false, facts: new Map() } as const;
  if (which && "card" in which) return { ...nothing, ...which.card };
  return { ...nothing, version: "unknown", unread: unreadFor(name) };
}

function outsidePeer(chosen: Exclude<PublishedVersion, "unread">, which: Which | undefined): Peer | undefined {
  if (!chosen) return undefined;
  const { name, version, digest, status } = chosen;
  // A call that is out has passed that gate: whoever waits for it is told when its version is revoked, and of nothing less.
  const isOut = which !== undefined && "card" in which;
  const barred = isOut ? undefined : whyNotCalled(chosen);
  const candidate = status === "candidate" && { candidate: true as const };
  return {
    name,
    version,
    ...(digest !== undefined && { digest }),
    chain: false,
    facts: chosen.facts(),
    ...candidate,
    ...(barred !== undefined && { barred }),
  };
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
