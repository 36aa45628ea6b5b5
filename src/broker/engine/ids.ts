/**
 * Job ids: SCRU128, 25 characters that sort by creation.
 *
 * @module
 */

import { Scru128Generator } from "scru128";
import type { Clock, Random } from "../../async/clock.ts";

/** How far the clock may step back before ids start over from it instead of counting on, in ms. */
const rollbackAllowanceMs = 10_000;

/** Creates a source of strictly increasing ids. */
export function createIds(clock: Clock, random: Random): () => string {
  const generator = new Scru128Generator({
    nextUint32: () => Math.floor(random() * 0x1_0000_0000),
  });
  return () => generator.generateOrResetCore(clock.now(), rollbackAllowanceMs).toString();
}
