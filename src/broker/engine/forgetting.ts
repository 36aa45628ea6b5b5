/**
 * Forgetting the keys of calls that may be repeated, once nobody repeats them any more.
 *
 * It goes in rounds: each looks at all keys, piece by piece, and forgets those that are over. Between two rounds lies half
 * of the time for which a key is known, so each is looked at three times or less, and is gone after one and a half times as
 * long.
 *
 * @module
 */

import { type Clock, setBackMs } from "../../async/clock.ts";
import { addSaturating } from "../../store/add-saturating.ts";
import { forgetKeys, hasKeys } from "../../store/idempotency.ts";
import type { Store } from "../../store/store.ts";
import type { DueSource } from "./scheduler.ts";

/** Forgets keys, and hears of new ones. */
export interface Forgetting extends DueSource {
  /** When the next round is due because of a key that came at `now`; undefined if one is due anyway. */
  dueAfter(now: number): number | undefined;
}

/** Creates the source; `idempotencyMs` is for how long a key is known. */
export function createForgetting(store: Store, idempotencyMs: number, clock: Clock): Forgetting {
  const pauseMs = Math.ceil(idempotencyMs / 2);
  /** In a round, the key up to which it has looked. */
  let behind: string | undefined;
  let roundAt: number | undefined;
  /** Whether a due time was told. */
  let isExpected = false;
  /**
   * Since when the clock was not set back. A key that is far in the future now and came before may be of any age: it is
   * kept as long as a new one from then on.
   */
  let trustedSince = clock.now();

  return {
    name: "forget idempotency keys",
    async nextDueAt() {
      if (behind !== undefined) return 0;
      isExpected = false; // A key that is stored while the database is asked must not be missed.
      if (!await store.read(hasKeys())) return undefined;
      isExpected = true;
      return roundAt ??= clock.now();
    },
    async run(now) {
      const upTo = now - idempotencyMs;
      const after = trustedSince <= upTo ? now + setBackMs : Number.MAX_SAFE_INTEGER;
      behind ??= "";
      const from = behind;
      behind = await store.write(() => forgetKeys(from, { upTo, after }));
      roundAt = addSaturating(now, pauseMs);
    },
    clockSetBack(now, after) {
      trustedSince = now;
      // At the start a round is due at once: a broker that never runs for long would forget nothing.
      const isStart = after > now;
      if (!isStart) roundAt = addSaturating(now, pauseMs);
    },
    dueAfter(now) {
      if (isExpected) return undefined;
      isExpected = true;
      return roundAt = addSaturating(now, idempotencyMs);
    },
  };
}
