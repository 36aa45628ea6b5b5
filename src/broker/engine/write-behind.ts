/**
 * What is gathered in memory and written now and then, so that what it is gathered from pays almost nothing for it.
 *
 * It is written a second (`gatherMs`) after the first of it was gathered, when it is asked for, and when the broker stops. So a
 * crash loses what was gathered in the last second. A broker without timers writes it with the first work that comes after
 * that second.
 *
 * @module
 */

import type { Clock } from "../../async/clock.ts";
import type { Logger } from "../../log.ts";

/** How long things are gathered where nothing else is said, in ms. */
const usualMs = 1000;

/** Writes what was gathered. */
export interface WriteBehind {
  /** Something was gathered. */
  note(): void;
  /** Writes what was gathered; resolves when it is durable. Rejects with the error of the store. */
  flush(): Promise<void>;
  /** Writes the rest, and sets no more timers. Failures are logged. */
  stop(): Promise<void>;
}

/** Creates it; `write` writes all that was gathered, and keeps what it cannot write. */
export function createWriteBehind(
  { clock, timers, logger, gatherMs = usualMs, write }: {
    readonly clock: Clock;
    readonly timers: boolean;
    readonly logger: Logger;
    readonly gatherMs?: number;
    readonly write: () => Promise<void>;
  },
): WriteBehind {
  /** When the first of what is gathered came, by the monotonic clock; undefined when there is nothing. */
  let since: number | undefined;
  let disarm = () => {};
  let writing: Promise<void> | undefined;
  let stopped = false;

  const writeNow = async () => {
    since = undefined;
    disarm();
    await write();
  };

  const flush = async () => {
    // What is under way may have begun before the last was gathered.
    if (writing !== undefined) await writing.catch(() => {});
    await (writing ??= writeNow().finally(() => writing = undefined));
  };

  const flushQuietly = async () => {
    try {
      await flush();
    } catch (error) {
      logger.error("Cannot write statistics, trying again later", { error });
      note();
    }
  };

  const note = () => {
    if (stopped) return;
    if (since === undefined) {
      since = clock.monotonic();
      if (timers) disarm = clock.setTimer(() => void flushQuietly(), gatherMs);
    } else if (!timers && clock.monotonic() - since >= gatherMs) void flushQuietly();
  };

  return {
    note,
    flush,
    async stop() {
      stopped = true;
      await flushQuietly();
      disarm();
    },
  };
}
