/**
 * What stands in the blocks of an envelope, and how they add up to a delegation: the first block says everything, each
 * further one what it narrows. Reads and folds; whether a signature is good is asked in verify.ts. Pure. Sizes are bounded
 * before anything is decoded, because whatever arrives here may come from anybody.
 */
import { base64url } from "jose";
import * as v from "valibot";
import { type Amount, UNITS, within } from "../budget/amount.ts";
import { LABELS } from "../contract/chain-cap.ts";
import { share, wholeNumber } from "../contract/fields.ts";
import type { ContractVersions } from "../contract/shelf.ts";
import type { Delegation, Hop, Label } from "./delegation.ts";

/** `typ` of every block's header: a signature that was made for something else is none for a block. (RFC 8725, 3.11) */
export const BLOCK_TYPE = "skein-chain+jws";
/** Says the curve as well, which "EdDSA" leaves open. (RFC 9864, 2.2) */
export const BLOCK_ALGORITHM = "Ed25519";

/** The platform ends a chain of Workers at 32. */
const MAX_BLOCKS = 31;
/** Of all blocks together. */
const ENVELOPE_CHARS = 64 * 1024;
const SURFACE_SKILLS = 256;

// Control characters would let a name write lines of its own into a log.
const name = v.pipe(v.string(), v.regex(/^[^\p{Cc}\p{Cs}]{1,200}$/u));
const key32 = v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/));
const whole = wholeNumber(0, Number.MAX_SAFE_INTEGER);

const amount = v.strictObject({ microUsd: whole, tokensIn: whole, tokensOut: whole, calls: whole, wallMs: whole });
const counted = { skill: v.nullable(name), reliability: share, evidence: v.picklist(["measured", "unmeasured", "untrusted"]) };
const surface = v.union([v.literal("any"), v.pipe(v.array(name), v.maxLength(SURFACE_SKILLS), v.readonly())]);
const label = v.picklist(LABELS);
const traceparent = v.pipe(v.string(), v.regex(/^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/));

/** What every block states. The hop is the audience itself, so that no name can be counted in another's place. */
const common = {
  aud: name,
  /** The idempotency key of the call. */
  jti: v.pipe(
    v.string(),
    v.minLength(1),
    v.maxLength(256),
    v.check((text) => text.isWellFormed()),
  ),
  hop: v.strictObject(counted),
  hops: wholeNumber(0, MAX_BLOCKS),
  deadline: whole,
  lease: v.strictObject({ id: name, limit: amount }),
  traceparent: v.exactOptional(traceparent),
  /** Whose signature the next block has. (RFC 7800, 3.2) */
  cnf: v.strictObject({ jwk: v.strictObject({ kty: v.literal("OKP"), crv: v.literal("Ed25519"), x: key32 }) }),
};

const firstBlock = v.strictObject({
  ...common,
  root: name,
  sub: v.pipe(v.string(), v.minLength(1), v.maxLength(4096)),
  origin: v.strictObject({ ...counted, agent: name, evidence: v.literal("self") }),
  surface,
  label,
  contracts: v.record(v.pipe(v.string(), v.regex(/^[a-z][a-z-]{0,60}$/)), wholeNumber(1, 1_000_000)),
});

const furtherBlock = v.strictObject({
  ...common,
  /** The signature of the block before: with it, this one stands nowhere else. */
  prev: v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{86}$/)),
  surface: v.exactOptional(surface),
  label: v.exactOptional(label),
});

export type FirstBlock = Readonly<v.InferOutput<typeof firstBlock>>;
export type FurtherBlock = Readonly<v.InferOutput<typeof furtherBlock>>;
export type Blocks = readonly [FirstBlock, ...FurtherBlock[]];

/** The public key that the next block is signed with. */
export type PublicKey = FirstBlock["cnf"]["jwk"];

const privateKey = v.strictObject({ ...common.cnf.entries.jwk.entries, d: key32 });
/** An Ed25519 pair as a JWK. */
export type PrivateKey = Readonly<v.InferOutput<typeof privateKey>>;

// The last characters of a signature carry bits that no byte takes: two texts would be one signature.
const compact = v.pipe(v.string(), v.maxLength(ENVELOPE_CHARS), v.regex(/^[\w-]{1,400}\.[\w-]+\.[\w-]{85}[AQgw]$/));
const envelope = v.strictObject({
  blocks: v.pipe(
    v.custom<string[]>(Array.isArray),
    v.minLength(1),
    v.maxLength(MAX_BLOCKS),
    v.array(compact),
    v.check((blocks) => isBounded(blocks)),
  ),
  key: privateKey,
});

export type ReadEnvelope = { readonly envelope: Readonly<v.InferOutput<typeof envelope>>; readonly blocks: Blocks };

/** @returns the envelope with what its blocks say, unverified; or, in a few words, what is wrong with its form */
export function readEnvelope(unread: unknown): ReadEnvelope | string {
  const form = v.safeParse(envelope, unread, { abortPipeEarly: true });
  if (!form.success) return `its ${v.getDotPath(form.issues[0]) ?? "shape"} is not as it should be`;
  const blocks: unknown[] = [];
  for (const [index, text] of form.output.blocks.entries()) {
    const block = v.safeParse(index === 0 ? firstBlock : furtherBlock, payloadOf(text));
    if (!block.success) return `the ${v.getDotPath(block.issues[0]) ?? "content"} of block ${index} is not as it should be`;
    blocks.push(block.output);
  }
  const last = blocks.at(-1) as FirstBlock;
  if (last.cnf.jwk.x !== form.output.key.x) return "its key is not the one that its last block names";
  return { envelope: form.output, blocks: blocks as unknown as Blocks };
}

/** @throws Error when what a caller inside states would be refused by whoever reads it */
export function written<B extends FirstBlock | FurtherBlock>(block: B): Uint8Array {
  const checked = v.safeParse("prev" in block ? furtherBlock : firstBlock, block);
  if (!checked.success) throw new Error(`no delegation can be signed: its ${v.getDotPath(checked.issues[0]) ?? "shape"} is out of bounds`);
  return new TextEncoder().encode(JSON.stringify(block));
}

/** @throws Error when nobody would read so many blocks of such a size */
export function checkBounds(blocks: readonly string[]): void {
  if (!isBounded(blocks)) throw new Error(`an envelope of ${blocks.length} blocks is longer than anybody reads: grant a smaller surface`);
}

function isBounded(blocks: readonly string[]): boolean {
  return blocks.length <= MAX_BLOCKS && blocks.reduce((chars, block) => chars + block.length, 0) <= ENVELOPE_CHARS;
}

export function signatureOf(block: string): string {
  return block.slice(block.lastIndexOf(".") + 1);
}

/** What the first block grants. */
export function granted({ root, origin, aud, hop, hops, deadline, lease, surface, label, contracts, traceparent }: FirstBlock): Delegation {
  const path: Hop[] = [origin, { agent: aud, ...hop }];
  const trace = traceparent !== undefined && { traceparent };
  return { root, path, hops, deadline, lease, surface, label, contracts: contracts as ContractVersions, ...trace };
}

/** What is left after a further block; or, in a few words, what of it would be wider than before. */
export function narrowed(
  held: Delegation,
  { aud, hop, hops, deadline, lease, surface, label, traceparent }: FurtherBlock,
): Delegation | string {
  if (hops >= held.hops) return `${hops} hops, where fewer than ${held.hops} were left to grant`;
  if (deadline > held.deadline) return "a later deadline";
  if (!within(lease.limit, held.lease.limit)) return `a larger lease in ${widerUnits(lease.limit, held.lease.limit)}`;
  if (surface !== undefined && !isWithin(surface, held.surface)) return "a larger surface";
  if (label !== undefined && strictness(label) < strictness(held.label)) return `the label ${label}, weaker than ${held.label}`;
  return {
    ...held,
    path: [...held.path, { agent: aud, ...hop }],
    hops,
    deadline,
    lease,
    ...(surface !== undefined && { surface }),
    ...(label !== undefined && { label }),
    ...(traceparent !== undefined && { traceparent }),
  };
}

function widerUnits(limit: Amount, before: Amount): string {
  return UNITS.filter((unit) => limit[unit] > before[unit]).join(", ");
}

function isWithin(surface: Delegation["surface"], before: Delegation["surface"]): boolean {
  if (before === "any") return true;
  return surface !== "any" && surface.every((skill) => before.includes(skill));
}

function strictness(label: Label): number {
  return LABELS.indexOf(label);
}

/** @returns undefined when it is no JSON in base64url */
function payloadOf(block: string): unknown {
  const [, payload = ""] = block.split(".");
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(base64url.decode(payload))) as unknown;
  } catch {
    return undefined;
  }
}
