/**
 * When a cron expression comes round (docs/protocol.md, sections 7.6 and 7.7), on top of croner.
 *
 * Instants are whole seconds. In the hour that a clock change skips, an expression of a fixed time comes round at the
 * first instant after it; in the one that is repeated, once, the first time. Any other follows the clock on the wall:
 * it comes round whenever that shows a time of it.
 *
 * @module
 */

import { Cron } from "croner";
import { toCronFields, toYears } from "./cron-fields.ts";
import { toInstant, toWallTime } from "./wall-time.ts";

/** A parsed expression; what is about one year, as {@linkcode yearsToSearch} says. */
interface Schedule {
  readonly cron: Cron;
  /** Whether it names one second of the day; then `cron` is read in UTC, as the clock on the wall. */
  readonly isFixed: boolean;
}

/** Parsed schedules are kept, up to this many; each takes 80 KB. */
const keptSchedules = 100;
const schedules = new Map<string, Schedule>();

/** Says why an expression cannot be one. */
export function checkExpression(expression: string): string | undefined {
  try {
    new Cron(toCronFields(expression).join(" "), { paused: true });
    return undefined;
  } catch (error) {
    const detail = (error as Error).message.replace(/^CronPattern: /, "");
    return `invalid cron expression: ${detail}`;
  }
}

/** Time zones that are known to be: to ask the platform takes long. */
const zones = new Set<string>();

/** Says why a time zone cannot be one: IANA names are known, as they are written there. */
export function checkTimezone(timezone: string | null): string | undefined {
  if (timezone === null || zones.has(timezone)) return undefined;
  try {
    const known = new Intl.DateTimeFormat("en", { timeZone: timezone }).resolvedOptions().timeZone;
    // The platform takes offsets, and names in any case, and gives a name in its own.
    const isOffset = /^[+-]/.test(timezone);
    const isMisspelt = known !== timezone && known.toLowerCase() === timezone.toLowerCase();
    if (!isOffset && !isMisspelt) {
      zones.add(timezone);
      return undefined;
    }
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
  const schedule = parse(expression, timezone, now);
  if (schedule === undefined) return null;
  const { cron, isFixed } = schedule;
  const second = Math.floor(now / 1000) * 1000;
  // Whatever a clock change makes of it: time goes forward.
  for (let from = isFixed ? toWallTime(second, timezone) : second;;) {
    const next = cron.nextRun(new Date(from))?.getTime();
    if (next === undefined) return null;
    const instant = isFixed ? toInstant(next, timezone) : next;
    if (instant > second) return instant;
    from = Math.max(from + 1000, next);
  }
}

function parse(expression: string, timezone: string | null, now: number): Schedule | undefined {
  const year = new Date(now).getUTCFullYear();
  const name = `${year} ${timezone} ${expression}`;
  let schedule = schedules.get(name);
  if (schedule === undefined) {
    const fields = toCronFields(expression);
    const years = yearsToSearch(fields[6]!, year);
    if (years.length === 0) return undefined;
    const isFixed = fields.slice(0, 3).every((field) => /^\d+$/.test(field));
    const zone = isFixed ? { utcOffset: 0 } : timezone === null ? {} : { timezone };
    const cron = new Cron([...fields.slice(0, 6), years.join()].join(" "), {
      paused: true,
      ...zone,
    });
    schedule = { cron, isFixed };
    if (schedules.size >= keptSchedules) schedules.clear();
    schedules.set(name, schedule);
  }
  return schedule;
}

/**
 * The years that say whether an expression comes round again, and when. There are fourteen kinds of them, by the day
 * that they begin with and whether it is a leap year: what is not in the first of a kind is in none of it. Without
 * this, an expression that never comes round, such as the 31st when it is a first Monday, is looked for through centuries.
 */
function yearsToSearch(field: string, now: number): number[] {
  const years: number[] = [];
  const kinds = new Set<string>();
  // In some places it is still last year; neither that one nor this is whole any more.
  for (const year of toYears(field, now - 1)) {
    const kind = `${weekday(year, 0, 1)} ${weekday(year, 11, 31)}`;
    if (year > now) {
      if (kinds.has(kind)) continue;
      kinds.add(kind);
    }
    years.push(year);
    if (kinds.size === 14) break;
  }
  return years;
}

function weekday(year: number, month: number, day: number): number {
  return new Date(Date.UTC(year, month, day)).getUTCDay();
}
