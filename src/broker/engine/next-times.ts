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
export function nextTimes(entry: CronEntryRecord, options: NextTimesOptions): number[] {
  if (isInterval(entry)) {
    const { nextAt, everyMs } = entry;
    const { now, count } = options;
    const times: number[] = [];
    const first = nextAt > now ? nextAt : timeAfter(nextAt, everyMs, now);
    for (let at = first; times.length < count; at += everyMs) times.push(at);
    return times;
  }
  return timesOf(entry, options);
}

/** The next times of an expression, in ms since the epoch. */
export function timesOf(
  { expression, timezone }: Pick<CronEntryRecord, "expression" | "timezone">,
  { groupZone, now, count }: NextTimesOptions,
): number[] {
  const times: number[] = [];
  const zone = timezone ?? groupZone;
  let at = nextOccurrence(expression, zone, now);
  while (at !== null && times.length < count) {
    times.push(at);
    at = nextOccurrence(expression, zone, at);
  }
  return times;
}
