/**
 * How alike two texts are, from a small plain value kept of each: what a fold may keep of an action without keeping the action.
 * Four words in a row are one piece; of the pieces' hashes the smallest are kept, which is a fair sample of any text's pieces
 * whatever its length (bottom-k sketch, Broder 1997). Exact below that size. The hashes are no protection against forgery.
 */

/** Hashes kept of a text. Exact up to so many pieces; beyond, a share near 0.85 is off by about 0.03. */
const KEPT = 128;
const WORDS_IN_A_PIECE = 4;

/** The smallest hashes of a text's pieces, ascending, each once. Stored shape. */
export type Sketch = readonly number[];

/**
 * Words are what stands between white space, without case and without the punctuation around them: a path or a number that
 * changed is a word that changed, a quotation mark is none. A text of fewer than four words is one piece.
 */
export function sketchOf(text: string): Sketch {
  const words = text.split(/\s+/).flatMap((each) => each.replace(AROUND, "").toLowerCase() || []);
  const hashes = words.map(hash32);
  const pieces = new Set<number>();
  const last = Math.max(0, hashes.length - WORDS_IN_A_PIECE);
  for (let at = 0; at <= last; at++) pieces.add(hashes.slice(at, at + WORDS_IN_A_PIECE).reduce(joined, 0));
  return [...Uint32Array.from(pieces).sort().subarray(0, KEPT)];
}

/** @returns of all pieces of both, the share (0..1) that both have */
export function shareInCommon(one: Sketch, other: Sketch): number {
  const both = new Set(one);
  const all = Uint32Array.from(new Set([...one, ...other])).sort();
  // Only so many as either side would have kept of the two together: beyond, one side's silence means nothing.
  const judged = all.subarray(0, KEPT);
  const others = new Set(other);
  const common = judged.filter((each) => both.has(each) && others.has(each)).length;
  return judged.length === 0 ? 1 : common / judged.length;
}

/** Tells texts apart: 53 bits, so that two of the few that a task sees are hardly ever taken for one. */
export function digestOf(text: string): number {
  let low = 0x811c9dc5;
  let high = 0x9e3779b1;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    low = Math.imul(low ^ unit, 0x01000193);
    high = Math.imul(high ^ unit, 0x85ebca6b) + low;
  }
  return (spread(high) & 0x1fffff) * 0x1_0000_0000 + spread(low);
}

const AROUND = /^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu;

/** FNV-1a over UTF-16 units. */
function hash32(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}

/** Order counts: the same words in another order are another piece. */
function joined(hash: number, word: number): number {
  return spread(Math.imul(hash, 31) + word);
}

/** Spreads a hash over all 32 bits, so that the smallest are a fair sample. */
function spread(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
