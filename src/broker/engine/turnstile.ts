/**
 * Lets the pieces of several searches run one after the other, in turn, with other work in between: however many searches
 * there are, the event loop is held for one piece at a time.
 *
 * @module
 */

import type { Clock } from "../../async/clock.ts";
import { pause } from "../../async/turns.ts";

/** There is too much to do already. The caller may try again later. */
export class BusyError extends Error {
  override readonly name = "BusyError";
}

/** Gives turns. */
export interface Turnstile {
  /**
   * Begins a search.
   *
   * @returns Ends it.
   * @throws {BusyError} If there are too many.
   */
  enter(): () => void;
  /** Runs a piece of a search when it is its turn. */
  pass<Result>(piece: () => Promise<Result>): Promise<Result>;
}

/** Creates a turnstile for so many searches at most. */
export function createTurnstile(
  { clock, maxSearches }: { readonly clock: Clock; readonly maxSearches: number },
): Turnstile {
  let searches = 0;
  let last: Promise<unknown> = Promise.resolve();
  return {
    enter() {
      if (searches >= maxSearches) {
        throw new BusyError(`${searches} searches are under way, at most ${maxSearches} may be`);
      }
      searches++;
      return () => void searches--;
    },
    pass(piece) {
      const mine = last.then(piece);
      last = mine.then(() => pause(clock), () => {});
      return mine;
    },
  };
}
