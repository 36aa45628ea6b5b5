/**
 * The time of the database's server, where brokers share one: their own clocks may differ, and its clock decides.
 *
 * The broker asks it now and then, and goes by its own clock with what that lacks. Timers and spans are not changed.
 *
 * @module
 */

import type { Clock } from "../../async/clock.ts";
import type { Database } from "../../store/database.ts";

/** A clock that shows the time of the server, once it was asked for. */
export interface ServerTime {
  readonly clock: Clock;
  /** Asks for it. */
  synchronize(): Promise<void>;
}

/** Differences up to this one are left alone, in ms: the answer was under way for as long, perhaps. */
const tolerableMs = 5;

/** Creates the clock of a broker on a database. */
export function createServerTime(database: Database, clock: Clock): ServerTime {
  const ask = database.dialect === "postgres" ? database.now : undefined;
  if (ask === undefined) return { clock, synchronize: () => Promise.resolve() };
  let aheadMs = 0;
  return {
    clock: { ...clock, now: () => clock.now() + aheadMs },
    async synchronize() {
      const before = clock.now();
      const startedAt = clock.monotonic();
      const now = await ask();
      const tookMs = clock.monotonic() - startedAt;
      const found = now - before - tookMs / 2;
      if (Math.abs(found - aheadMs) > Math.max(tolerableMs, tookMs / 2)) {
        aheadMs = Math.round(found);
      }
    },
  };
}
