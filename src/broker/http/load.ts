/**
 * How much the broker has at work. What is too much is refused at once, before memory grows: the caller may try again
 * later.
 *
 * @module
 */

import { Refusal } from "./refusal.ts";

/** What one call has at work. */
export interface CallLoad {
  /**
   * The call holds so many more bytes of its body.
   *
   * @throws {Refusal} 503, if all calls together hold too many.
   */
  hold(bytes: number): void;
  /** The call is answered, or only waits from now on. A second call does nothing. */
  end(): void;
}

/** The load of a broker. */
export interface Load {
  /**
   * A call begins.
   *
   * @throws {Refusal} 503, if too many are at work.
   */
  begin(): CallLoad;
}

/** The limits of a broker's load. */
export interface LoadLimits {
  /** How many calls may be at work. */
  readonly maxCalls: number;
  /** How many bytes of bodies they may hold together. */
  readonly maxHeldBytes: number;
}

/** Creates the load of a broker. */
export function createLoad({ maxCalls, maxHeldBytes }: LoadLimits): Load {
  let calls = 0;
  let heldBytes = 0;
  return {
    begin() {
      if (calls >= maxCalls) throw new Refusal(503, `busy: ${calls} calls are at work`);
      calls++;
      let own = 0;
      let isOver = false;
      return {
        hold(bytes) {
          // One alone may hold more: no body is larger than what is read.
          if (heldBytes > own && heldBytes + bytes > maxHeldBytes) {
            throw new Refusal(503, `busy: bodies of ${heldBytes} bytes are at work`);
          }
          own += bytes;
          heldBytes += bytes;
        },
        end() {
          if (isOver) return;
          isOver = true;
          calls--;
          heldBytes -= own;
        },
      };
    },
  };
}
