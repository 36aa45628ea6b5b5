/**
 * When an entry that comes round at an interval is due, and which of the times that were missed are made up for.
 *
 * Its times are those that it is due at next and each interval after that. So no time zone matters, and none is looked for.
 *
 * @module
 */

import type { CronEntryRecord } from "../protocol/cron-record.ts";

/** What says when an entry with an interval is due. */
export type CronInterval = Pick<CronEntryRecord, "everyMs" | "startAt" | "catchUp" | "backlog">;

/** An entry with an interval that is due at some time. */
export interface DueInterval extends CronInterval {
  readonly everyMs: number;
  readonly nextAt: number;
}

/** Times that an entry was due at, and when it is due next. */
export interface DueTimes {
  readonly times: readonly number[];
  readonly nextAt: number;
}

/** Whether an entry comes round at an interval, and again. */
export function isInterval<Entry extends CronEntryRecord>(
  entry: Entry,
): entry is Entry & DueInterval {
  return entry.everyMs !== null && entry.nextAt !== null;
}

/**
 * The times that are made up for: each, oldest first, with `catchUp`; else the present one. With a backlog, only the last
 * so many intervals before now count, and the time at their beginning.
 *
 * @param most How many times at most; the rest is due at once.
 */
export function dueTimes(
  { everyMs, nextAt, catchUp, backlog }: DueInterval,
  now: number,
  most: number,
): DueTimes {
  if (catchUp === 0) return { times: [now], nextAt: timeAfter(nextAt, everyMs, now) };
  let next = nextAt;
  const skippedMs = now - next - backlog * everyMs;
  if (backlog > 0 && skippedMs > 0) next += Math.ceil(skippedMs / everyMs) * everyMs;
  const times: number[] = [];
  for (; next <= now && times.length < most; next += everyMs) times.push(next);
  return { times, nextAt: next };
}

/** The first time after `now` of an entry that is due at `at`, or is due at times before or after it. */
export function timeAfter(at: number, everyMs: number, now: number): number {
  return at + (Math.floor((now - at) / everyMs) + 1) * everyMs;
}

/**
 * When an entry is due next. One that comes round at the same interval stays due when it was; another interval shifts that
 * by the difference. A new one, or one that is given another start, is due then.
 */
export function nextOfInterval(
  { everyMs, startAt, catchUp }: CronInterval & { readonly everyMs: number },
  existing: CronEntryRecord | undefined,
  { wasPaused, now }: { readonly wasPaused: boolean; readonly now: number },
): number {
  const goesOn = existing !== undefined && isInterval(existing) &&
    (startAt === null || startAt === existing.startAt);
  if (!goesOn) {
    const first = startAt ?? now;
    return catchUp === 1 || first >= now ? first : timeAfter(first, everyMs, now - 1);
  }
  const nextAt = Math.max(0, existing.nextAt + everyMs - existing.everyMs);
  return wasPaused && nextAt <= now ? timeAfter(nextAt, everyMs, now) : nextAt;
}
