/** Chance that is the same in every run. */

/** Numbers from 0 to 1, 1 excluded. (mulberry32) */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Of mean 0 and deviation 1: twelve uniform numbers added up, which is as good as normal for times. */
export function normal(random: () => number): number {
  let all = -6;
  for (let each = 0; each < 12; each++) all += random();
  return all;
}
