/**
 * When a cron expression comes round (section 8.4 of the protocol), on top of croner.
 *
 * Instants are whole seconds. In the hour that a clock change skips, an expression of a fixed time comes round at the
 * first instant after it; in the one that is repeated, once, the first time.
 *
 * @module
 */

import { Cron } from "croner";

/** The nicknames of the protocol; croner knows more. */
const nicknames = /^@(yearly|annually|monthly|weekly|daily|hourly)$/i;

/** The last year that the protocol's seventh field may name. */
const lastYear = 5000;

/** Parsed schedules are kept, up to this many. */
const keptSchedules = 1000;
const schedules = new Map<string, Cron>();

/** Says why an expression cannot be one. */
export function checkExpression(expression: string): string | undefined {
  if (expression.startsWith("@") && !nicknames.test(expression)) {
    return `invalid cron expression: ${
      JSON.stringify(expression)
    } is no nickname, expected @yearly, @annually, @monthly, @weekly, @daily or @hourly`;
  }
  const years = expression.trim().split(/\s+/)[6]?.match(/\d+/g) ?? [];
  const year = years.find((year) => Number(year) < 1 || Number(year) > lastYear);
  if (year !== undefined) {
    return `invalid cron expression: year ${year} must be from 1 to ${lastYear}`;
  }
  try {
    parse(expression, "UTC");
    return undefined;
  } catch (error) {
    const detail = (error as Error).message.replace(/^CronPattern: /, "");
    return `invalid cron expression: ${detail}`;
  }
}

/** Says why a time zone cannot be one: IANA names are known, as they are written there. */
export function checkTimezone(timezone: string | null): string | undefined {
  if (timezone === null) return undefined;
  try {
    const known = new Intl.DateTimeFormat("en", { timeZone: timezone }).resolvedOptions().timeZone;
    // The platform takes offsets, and names in any case, and gives a name in its own.
    const isOffset = /^[+-]/.test(timezone);
    const isMisspelt = known !== timezone && known.toLowerCase() === timezone.toLowerCase();
    if (!isOffset && !isMisspelt) return undefined;
  } catch {
    // Said below.
  }
  return `invalid timezone: ${JSON.stringify(timezone)}`;
}

/**
 * When an expression comes round after `now`, in ms since the epoch; null when it never does. Without a time zone it
 * is read in that of the machine.
 */
export function nextOccurrence(
  expression: string,
  timezone: string | null,
  now: number,
): number | null {
  const schedule = parse(expression, timezone);
  const second = Math.floor(now / 1000) * 1000;
  let next = schedule.nextRun(new Date(second));
  // Whatever the library makes of a clock change: time goes forward.
  for (let from = second; next !== null && next.getTime() <= second;) {
    from += 1000;
    next = schedule.nextRun(new Date(from));
  }
  return next === null ? null : next.getTime();
}

function parse(expression: string, timezone: string | null): Cron {
  const name = `${timezone}\0${expression}`;
  let schedule = schedules.get(name);
  if (schedule === undefined) {
    schedule = new Cron(expression, { paused: true, ...timezone !== null && { timezone } });
    if (schedules.size >= keptSchedules) schedules.clear();
    schedules.set(name, schedule);
  }
  return schedule;
}
