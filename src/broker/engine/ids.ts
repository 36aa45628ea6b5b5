/**
 * Keys and ids of new jobs.
 *
 * @module
 */

import type { Clock, Random } from "../../async/clock.ts";
import { firstKeyAt, toJobId, wildKey } from "../../store/job-key.ts";

/** The key and the id of a job. */
export interface JobIdentity {
  readonly seq: number;
  readonly id: string;
}

/** Gives keys and ids to new jobs. */
export interface Identities {
  /** Keys are greater than this one from now on, which is stored; but not if it is wild. */
  startAfter(seq: number): void;
  /** The same with a key that another broker tells of. It cannot be far ahead of the clock, nor of what was stored here. */
  follow(seq: number): void;
  /**
   * From now on only every 36th key is used: brokers on one database must not use the same ones.
   *
   * @param broker The number of this broker.
   */
  shareWith(broker: number): void;
  /** The next one. Keys and ids only grow, also when the clock is set back. */
  next(): JobIdentity;
}

/** How many brokers that started one after the other use different keys. */
const brokersAtOnce = 36;

/** How far the keys of another broker may be ahead, in ms: it may store faster than a clock gives keys, for a while. */
const aheadMs = 3_600_000;

/** How many keys that is. */
const keysAhead = firstKeyAt(aheadMs);

/** Creates a source of keys and ids. */
export function createIdentities(clock: Clock, random: Random): Identities {
  let last = 0;
  let stored = 0;
  let step = 1;
  let rest = 0;
  return {
    startAfter(seq) {
      if (seq >= wildKey) return;
      stored = Math.max(stored, seq);
      last = Math.max(last, seq);
    },
    follow(seq) {
      const most = Math.max(stored, firstKeyAt(clock.now())) + keysAhead;
      if (seq <= most && seq < wildKey) last = Math.max(last, seq);
    },
    shareWith(broker) {
      step = brokersAtOnce;
      rest = broker % step;
    },
    next() {
      const first = firstKeyAt(clock.now());
      // A clock beyond the year 2100 gives no usable key.
      last = first > last && Number.isSafeInteger(first) ? first : last + 1;
      if (step > 1) last += (step + rest - last % step) % step;
      return { seq: last, id: toJobId(last, randomTail(random)) };
    },
  };
}

/** All pairs of characters of base 36. An engine takes far longer to write a large number than to look these up. */
const pairs = Array.from({ length: 36 ** 2 }, (_, pair) => pair.toString(36).padStart(2, "0"));

/** 13 random characters of base 36. */
function randomTail(random: Random): string {
  return fourDigits(random) + fourDigits(random) + fourDigits(random) +
    pairs[random() * 36 | 0]![1];
}

function fourDigits(random: Random): string {
  const value = random() * 36 ** 4 | 0;
  return pairs[value / 36 ** 2 | 0]! + pairs[value % 36 ** 2]!;
}
