/**
 * Conversion between instants and wall time in a time zone.
 *
 * A wall time is a number: the instant at which a clock in UTC shows the same time, in ms since the epoch. A zone of null
 * is the zone of the machine.
 *
 * @module
 */

const day = 86_400_000;

const clocks = new Map<string | null, Intl.DateTimeFormat>();

/** What the clock shows at an instant, to the second. */
export function toWallTime(instant: number, zone: string | null): number {
  const shown: Record<string, number> = {};
  for (const { type, value } of clockOf(zone).formatToParts(instant)) shown[type] = Number(value);
  const { year, month, day, hour, minute, second } = shown as Record<Part, number>;
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

/**
 * When the clock shows a wall time: the first time when it does so twice, and when a clock change skips it, the instant
 * of that change.
 */
export function toInstant(wallTime: number, zone: string | null): number {
  // No zone is a day away from UTC, and none changes its clock twice in two days.
  let before = wallTime - day;
  let after = wallTime + day;
  const offsets = [before, after].map((instant) => toWallTime(instant, zone) - instant);
  for (const offset of offsets) {
    if (toWallTime(wallTime - offset, zone) === wallTime) return wallTime - offset;
  }
  while (after - before > 1000) {
    const middle = before + Math.floor((after - before) / 2000) * 1000;
    if (toWallTime(middle, zone) - middle === offsets[0]) before = middle;
    else after = middle;
  }
  return after;
}

type Part = "year" | "month" | "day" | "hour" | "minute" | "second";

function clockOf(zone: string | null): Intl.DateTimeFormat {
  let clock = clocks.get(zone);
  if (clock === undefined) {
    clock = new Intl.DateTimeFormat("en-US", {
      ...zone !== null && { timeZone: zone },
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
    clocks.set(zone, clock);
  }
  return clock;
}
