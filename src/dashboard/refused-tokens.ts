/**
 * What the log says of tokens that the broker does not know: whoever tries many must not fill it.
 *
 * @module
 */

import type { Clock } from "../async/clock.ts";
import type { Logger } from "../log.ts";

/** For so long after a line there is no other one, in ms. */
const restMs = 60_000;

/**
 * Creates what tells of them: the first at once, more of them once a minute at most, with how many there were since the last line.
 *
 * @returns Called for each of them.
 */
export function createRefusedTokens(
  { logger, clock }: { readonly logger: Logger; readonly clock: Clock },
): () => void {
  let toldAt = -Infinity;
  let times = 0;
  return () => {
    times++;
    const now = clock.monotonic();
    if (now - toldAt < restMs) return;
    logger.warn(
      "Somebody tried to sign in to the dashboard with a token that the broker does not know",
      { times },
    );
    toldAt = now;
    times = 0;
  };
}
