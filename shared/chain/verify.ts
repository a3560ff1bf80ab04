/**
 * Whether an envelope is good, for this agent, this call and this caller, and what it then delegates. Never throws, whatever
 * it is given. Cheap checks come first, so that what is no envelope costs nothing: form, then signatures, then whether
 * each block only narrows, then the call. No clock: `now` is passed in.
 */
import { type CryptoKey, compactVerify } from "jose";
import * as v from "valibot";
import { BLOCK_ALGORITHM, BLOCK_TYPE, type Blocks, granted, narrowed, type ReadEnvelope, readEnvelope, signatureOf } from "./block.ts";
import type { Delegation, Envelope } from "./delegation.ts";
import { type ChainKeys, privateKeyOf, publicKeyOf } from "./keys.ts";

export type EnvelopeRefusal = {
  readonly code: "malformed" | "forged" | "widened" | "expired" | "wrong-audience" | "wrong-call" | "wrong-principal";
  /** One line, for a log and for whoever sent it; holds no secrets. */
  readonly detail: string;
};

export type VerifiedEnvelope =
  | { readonly ok: true; readonly delegation: Delegation; readonly envelope: Envelope }
  | { readonly ok: false; readonly refusal: EnvelopeRefusal };

export interface ExpectedCall {
  /** The agent that was called: the name on its card. */
  readonly audience: string;
  /** The request's idempotency key; undefined when it has none. */
  readonly call: string | undefined;
  /** principalKey of the caller. */
  readonly subject: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly keys: ChainKeys;
}

export async function verifyEnvelope(envelope: unknown, expected: ExpectedCall): Promise<VerifiedEnvelope> {
  const read = readEnvelope(envelope);
  if (typeof read === "string") return refused("malformed", read);
  const forged = await badSignature(read, expected.keys);
  if (forged !== undefined) return refused("forged", forged);
  // After the signatures: a key that nobody vouches for is not worth importing.
  if (!(await privateKeyOf(read.envelope.key))) return refused("malformed", "its private key does not belong to its public one");

  const [first, ...further] = read.blocks;
  let delegation = granted(first);
  for (const [index, block] of further.entries()) {
    const left = narrowed(delegation, block);
    if (typeof left === "string") return refused("widened", `block ${index + 1} has ${left}`);
    delegation = left;
  }
  const misused = misuse(read.blocks, delegation, expected);
  return misused ? { ok: false, refusal: misused } : { ok: true, delegation, envelope: read.envelope };
}

const firstHeader = v.strictObject({ alg: v.literal(BLOCK_ALGORITHM), typ: v.literal(BLOCK_TYPE), kid: v.string() });
const furtherHeader = v.strictObject({ alg: v.literal(BLOCK_ALGORITHM), typ: v.literal(BLOCK_TYPE) });

/** @returns what is wrong with the first block whose signature is not that of the one it must be from */
async function badSignature({ envelope, blocks }: ReadEnvelope, keys: ChainKeys): Promise<string | undefined> {
  for (const [index, text] of envelope.blocks.entries()) {
    const before = blocks[index - 1];
    const block = blocks[index];
    if (before && block && "prev" in block && block.prev !== signatureOf(envelope.blocks[index - 1] ?? ""))
      return `block ${index} was signed for another block before it`;
    const key = before ? await publicKeyOf(before.cnf.jwk) : undefined;
    const header = await headerOf(text, before ? () => key : ({ kid }) => keys.get(kid ?? ""));
    if (!v.is(before ? furtherHeader : firstHeader, header))
      return before
        ? `block ${index} is not signed by the holder of the one before`
        : "block 0 is not signed with a key that is known here";
  }
  return undefined;
}

/** @returns undefined when the signature is not that of the key */
async function headerOf(block: string, keyOf: (header: { kid?: string }) => CryptoKey | undefined): Promise<unknown> {
  const known = (header: { kid?: string } = {}): CryptoKey => {
    const key = keyOf(header);
    if (!key) throw new Error("unknown key");
    return key;
  };
  try {
    return (await compactVerify(block, known, { algorithms: [BLOCK_ALGORITHM] })).protectedHeader;
  } catch {
    return undefined;
  }
}

function misuse(blocks: Blocks, { deadline }: Delegation, { audience, call, subject, now }: ExpectedCall): EnvelopeRefusal | undefined {
  const last = blocks.at(-1) ?? blocks[0];
  if (last.aud !== audience) return { code: "wrong-audience", detail: `it is for ${last.aud}, not for ${audience}` };
  if (blocks[0].sub !== subject) return { code: "wrong-principal", detail: "it was given for another caller" };
  if (call === undefined) return { code: "wrong-call", detail: "the call has no idempotency key, and it is bound to one" };
  if (last.jti !== call) return { code: "wrong-call", detail: "it was given for a call with another idempotency key" };
  if (deadline <= now) return { code: "expired", detail: `its deadline passed ${now - deadline} ms ago` };
  return undefined;
}

function refused(code: EnvelopeRefusal["code"], detail: string): VerifiedEnvelope {
  return { ok: false, refusal: { code, detail } };
}
