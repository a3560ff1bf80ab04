/**
 * How a delegation is signed: begun with the mesh's own key, and narrowed by whoever holds it, with the private key that came
 * with it and is good for nothing else. (In the manner of Biscuit and of macaroons: a block is added, none is ever replaced.)
 * To read it back, the mesh's public key is enough; see verify.ts.
 */
import { CompactSign, type CryptoKey, exportJWK, generateKeyPair } from "jose";
import {
  BLOCK_ALGORITHM,
  BLOCK_TYPE,
  checkBounds,
  type FirstBlock,
  type FurtherBlock,
  granted,
  narrowed,
  type PrivateKey,
  readEnvelope,
  signatureOf,
  written,
} from "./block.ts";
import type { Delegation, Envelope, Hop, Label } from "./delegation.ts";
import { type ChainKey, privateKeyOf } from "./keys.ts";

export interface Beginning {
  /** The task that begins the chain. */
  readonly root: string;
  /** For whom: principalKey of its caller. */
  readonly subject: string;
  /** The agent that begins it. Its evidence is `self`. */
  readonly origin: Hop;
}

/** The call that an envelope is for, and what is granted with it. */
export interface NextHop {
  /** The callee: the name on its card. */
  readonly audience: string;
  /** The call's idempotency key. The envelope is good for that call only, and to repeat it finds the same task. */
  readonly call: string;
  /** The callee again, as it is counted. */
  readonly hop: Hop;
  /** Agents that may be added below it; fewer than the holder itself was left. */
  readonly hops: number;
  /** Milliseconds since the epoch. */
  readonly deadline: number;
  readonly lease: Delegation["lease"];
  readonly surface: Delegation["surface"];
  readonly label: Label;
  /** Stated where a chain begins; afterwards those of its beginning hold. */
  readonly contracts: Delegation["contracts"];
  readonly traceparent?: string;
}

/** What an envelope's holder narrows it with: made for one callee, and sent with the envelope. */
export type HolderKey = PrivateKey;

/** Making one costs as much as a signature: the same callee may be given the same one again. */
export async function newHolderKey(): Promise<HolderKey> {
  const { privateKey } = await generateKeyPair(BLOCK_ALGORITHM, { extractable: true });
  const { x = "", d = "" } = await exportJWK(privateKey);
  return { kty: "OKP", crv: "Ed25519", x, d };
}

/**
 * Begins a chain: the envelope of its first call.
 * @param holder the callee's, for what it calls in turn
 * @throws Error when something in it is out of the bounds that every reader holds it to
 */
export async function beginEnvelope(
  { root, subject, origin }: Beginning,
  next: NextHop,
  key: ChainKey,
  holder: HolderKey,
): Promise<Envelope> {
  const { surface, label, contracts } = next;
  // Checked by its schema, as everything else in the block is.
  const self = origin as FirstBlock["origin"];
  const block = { root, sub: subject, origin: self, ...stated(next, holder), surface, label, contracts } as FirstBlock;
  const blocks = [await signed(block, key.key, key.kid)];
  checkBounds(blocks);
  return { blocks, key: holder };
}

/**
 * The envelope of a call that is made under another one.
 * @param envelope as it was verified when it came
 * @throws Error when the next hop would have more than the holder was given: a mistake of ours, which its reader would refuse
 */
export async function narrowEnvelope(envelope: Envelope, next: NextHop, holder: HolderKey): Promise<Envelope> {
  const read = readEnvelope(envelope);
  if (typeof read === "string") throw new Error(`an envelope cannot be narrowed: ${read}`);
  const [first, ...further] = read.blocks;
  const held = further.reduce<Delegation>((so, block) => orThrow(narrowed(so, block)), granted(first));
  const block: FurtherBlock = {
    prev: signatureOf(read.envelope.blocks.at(-1) ?? ""),
    ...stated(next, holder),
    ...(!isSame(next.surface, held.surface) && { surface: next.surface }),
    ...(next.label !== held.label && { label: next.label }),
  };
  orThrow(narrowed(held, block));
  const key = await privateKeyOf(read.envelope.key);
  if (!key) throw new Error("an envelope cannot be narrowed: its key does not work");
  const blocks = [...read.envelope.blocks, await signed(block, key)];
  checkBounds(blocks);
  return { blocks, key: holder };
}

/** What every block states. */
function stated({ audience, call, hop, hops, deadline, lease, traceparent }: NextHop, { kty, crv, x }: HolderKey) {
  const { agent, skill, reliability, evidence } = hop;
  // One name stands for both, so that no hop is counted under another's.
  if (agent !== audience) throw new Error(`a hop is counted under the name of its callee: ${agent} is not ${audience}`);
  if (evidence === "self") throw new Error(`${agent} is called, so its evidence cannot be "self"`);
  const trace = traceparent !== undefined && { traceparent };
  return {
    aud: audience,
    jti: call,
    hop: { skill, reliability, evidence },
    hops,
    deadline,
    lease,
    ...trace,
    cnf: { jwk: { kty, crv, x } },
  };
}

async function signed(block: FirstBlock | FurtherBlock, key: CryptoKey, kid?: string): Promise<string> {
  const header = { alg: BLOCK_ALGORITHM, typ: BLOCK_TYPE, ...(kid !== undefined && { kid }) };
  return new CompactSign(written(block)).setProtectedHeader(header).sign(key);
}

function orThrow(delegation: Delegation | string): Delegation {
  if (typeof delegation === "string") throw new Error(`an envelope can only be narrowed, but this call has ${delegation}`);
  return delegation;
}

function isSame(one: Delegation["surface"], other: Delegation["surface"]): boolean {
  if (one === "any" || other === "any") return one === other;
  return one.length === other.length && one.every((skill, index) => skill === other[index]);
}
