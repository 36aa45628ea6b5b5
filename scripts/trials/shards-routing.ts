/**
 * Which shard a key belongs to: four ways, to be compared.
 *
 * | Way          | How                                                                    | What a change of the shards moves            |
 * | ------------ | ---------------------------------------------------------------------- | -------------------------------------------- |
 * | modulo       | hash modulo the number of shards                                       | nearly all                                   |
 * | jump         | jump consistent hashing: numbered shards, added and removed at the end | the share of the new one, or of the last one |
 * | rendezvous   | the shard whose hash with the key is the largest                       | the share of the new one, or of the lost one |
 * | slots        | the key has one of 4,096 slots, and a table says whose each slot is    | the same, in whole slots that can be listed  |
 *
 * @module
 */

/** Says which of the shards a key belongs to. */
export type Route = (key: number, shards: readonly number[]) => number;

/** Mixes 32 bits, so that each of them depends on all. */
function mix(bits: number): number {
  let mixed = bits | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

/** By the remainder. */
export const byModulo: Route = (key, shards) => shards[mix(key) % shards.length]!;

/** By jump consistent hashing, after Lamping and Veach (2014), with a generator of 32 bits. */
export const byJump: Route = (key, shards) => {
  let state = mix(key ^ 0x5bd1e995);
  let at = -1;
  let next = 0;
  while (next < shards.length) {
    at = next;
    state = mix(state + 0x9e3779b9);
    // The chance that the key stays where it is, as more shards come.
    next = Math.floor((at + 1) * (2 ** 32 / (state + 1)));
  }
  return shards[at]!;
};

/** By the largest hash of key and shard: each shard by itself, whatever others there are. */
export const byRendezvous: Route = (key, shards) => {
  const hashed = mix(key);
  let best = shards[0]!;
  let bestScore = -1;
  for (const shard of shards) {
    const score = mix(hashed ^ mix(shard + 0x27d4eb2f));
    if (score > bestScore) {
      bestScore = score;
      best = shard;
    }
  }
  return best;
};

/** How many slots there are: some tens for each shard, and few enough to be a table of a page. */
export const slotCount = 4096;

/** The slot of a key; it never changes. */
const slotOf = (key: number): number => mix(key) % slotCount;

/**
 * Who has which slot, after the shards have changed: each has as many as the others, and no slot moves that need not.
 *
 * @param table Who had them; empty at the start.
 * @param shards The shards that there are now.
 */
export function assignSlots(table: readonly number[], shards: readonly number[]): number[] {
  const held = new Map<number, number[]>(shards.map((shard) => [shard, []]));
  const open: number[] = [];
  for (let slot = 0; slot < slotCount; slot++) (held.get(table[slot]!) ?? open).push(slot);
  const byCount = () => [...held.values()].sort((a, b) => a.length - b.length);
  for (const slot of open) byCount()[0]!.push(slot);
  for (;;) {
    const slots = byCount();
    const [least, most] = [slots[0]!, slots.at(-1)!];
    if (most.length - least.length <= 1) break;
    least.push(most.pop()!);
  }
  const next = new Array<number>(slotCount);
  for (const [shard, slots] of held) for (const slot of slots) next[slot] = shard;
  return next;
}

/** By slots. Their table is what a router keeps, and what changes slot by slot. */
export function createSlotRoute(): Route {
  let known: readonly number[] | undefined;
  let table: readonly number[] = [];
  return (key, shards) => {
    if (shards !== known) {
      known = shards;
      table = assignSlots(table, shards);
    }
    return table[slotOf(key)]!;
  };
}

/** The shards of a worker that looks at some of them only: those with its largest hashes, so that it keeps them as others come. */
export function choose(worker: number, shards: readonly number[], count: number): number[] {
  const hashed = mix(worker ^ 0x165667b1);
  return shards
    .map((shard) => ({ shard, score: mix(hashed ^ mix(shard + 0x27d4eb2f)) }))
    .sort((a, b) => b.score - a.score)
    .slice(0, count)
    .map(({ shard }) => shard);
}

/** Numbers from 0 to 1 by a seed, so that a run can be repeated. */
export function createChance(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    return mix(state) / 2 ** 32;
  };
}
