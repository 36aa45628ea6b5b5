/**
 * How much callers may ask for in a second.
 *
 * @module
 */

import type { Clock } from "../../async/clock.ts";
import { AccessError } from "./refused.ts";

/** Counts what callers ask for. */
export interface Rates {
  /**
   * A caller asks for so much.
   *
   * @param name What the count goes by.
   * @param perSecond How much is allowed in a second, on average.
   * @param burst How much is allowed at once, in seconds' worth. What is more than that passes if nothing else was asked for,
   * and is paid for afterwards.
   * @throws {AccessError} 429, if that is too much.
   */
  demand(
    name: string,
    amount: number,
    limits: { readonly perSecond: number; readonly burst: number },
  ): void;
}

interface Level {
  tokens: number;
  at: number;
}

/** Names that are kept; those of a hook may be without number. */
const keptNames = 10_000;

/** Creates the counts of a broker. */
export function createRates(clock: Clock): Rates {
  const levels = new Map<string, Level>();
  return {
    demand(name, amount, { perSecond, burst }) {
      const now = clock.monotonic();
      const most = Math.max(1, perSecond * burst);
      let level = levels.get(name);
      if (level === undefined) {
        // The one that came first is full again, most likely.
        if (levels.size >= keptNames) levels.delete(levels.keys().next().value!);
        levels.set(name, level = { tokens: most, at: now });
      }
      level.tokens = Math.min(most, level.tokens + (now - level.at) / 1000 * perSecond);
      level.at = now;
      const needed = Math.min(amount, most);
      if (level.tokens < needed) {
        const seconds = Math.ceil((needed - level.tokens) / perSecond);
        throw new AccessError(429, `too many calls: ${perSecond} a second are allowed`, {
          "retry-after": String(Math.min(seconds, 3600)),
        });
      }
      level.tokens -= amount;
    },
  };
}
