/**
 * The times at which a cron entry comes round next (docs/protocol.md, section 7.10).
 *
 * @module
 */

import type { CronEntryRecord } from "../../protocol/cron-record.ts";
import { isInterval, timeAfter } from "../../store/cron-intervals.ts";
import { nextOccurrence } from "./schedule.ts";

/** What they are told by. */
export interface NextTimesOptions {
  /** The time zone of the group, for an entry that has none; null is that of the machine. */
  readonly groupZone: string | null;
  /** After which instant, in ms since the epoch. */
  readonly now: number;
  /** How many at most. */
  readonly count: number;
}

/** The next times of an entry, in ms since the epoch, as if nothing was paused. */
export function nextTimes(
  entry: CronEntryRecord,
  { groupZone, now, count }: NextTimesOptions,
): number[] {
  const times: number[] = [];
  if (isInterval(entry)) {
    const { nextAt, everyMs } = entry;
    const first = nextAt > now ? nextAt : timeAfter(nextAt, everyMs, now);
    for (let at = first; times.length < count; at += everyMs) times.push(at);
    return times;
  }
  const zone = entry.timezone ?? groupZone;
  let at = nextOccurrence(entry.expression, zone, now);
  while (at !== null && times.length < count) {
    times.push(at);
    at = nextOccurrence(entry.expression, zone, at);
  }
  return times;
}
