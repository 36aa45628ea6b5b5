/**
 * What goes wrong with PostgreSQL, as the broker is told of it.
 *
 * | What the server or the driver says                              | What it becomes            | Answered       |
 * | --------------------------------------------------------------- | -------------------------- | -------------- |
 * | the connection broke, there is none, the server cannot be used  | `UnusableStoreError`, one for each cause of an outage | 503, logged once |
 * | a statement took longer than it may, or waited so long for a lock | `BusyStoreError`         | 503            |
 * | others were in the way: a deadlock, a conflict                  | `StoreError`; the executor runs it again | –  |
 * | an index has no room for a name                                 | `TooLongStoreError`        | 400            |
 * | all else                                                        | `StoreError`               | 500            |
 *
 * @module
 */

import { StoreError } from "../../src/errors.ts";
import { BusyStoreError } from "../../src/store/busy.ts";
import { TooLongStoreError } from "../../src/store/too-long.ts";
import { UnusableStoreError } from "../../src/store/unusable.ts";

/** Says which kind a failure is, and keeps one error for each cause for as long as the same outage lasts. */
export interface Failures {
  /** The error of a statement that failed. */
  of(cause: unknown): StoreError;
  /** The server answered: the next outage is another one. */
  over(): void;
}

/** How many causes of one outage are told apart. */
const mostCauses = 10;

/** Creates it. */
export function createFailures(): Failures {
  /** What is said of the outage: that connections broke, and then why there are no new ones. */
  const outage = new Map<string, UnusableStoreError>();
  return {
    of(cause) {
      if (cause instanceof StoreError) return cause;
      if (isOutage(cause)) {
        const text = toText(cause);
        const known = outage.get(text) ??
          (outage.size < mostCauses ? undefined : [...outage.values()].at(-1));
        if (known !== undefined) return known;
        const error = new UnusableStoreError(`cannot use PostgreSQL: ${text}`, { cause });
        outage.set(text, error);
        return error;
      }
      if (isTooLong(cause)) {
        const names = namesOf(cause as Error);
        const message = `${names} too long: an index of PostgreSQL takes at most 2704 bytes`;
        return new TooLongStoreError(message, { cause });
      }
      return isTooSlow(cause)
        ? new BusyStoreError(`PostgreSQL did not do it in time: ${toText(cause)}`, { cause })
        : new StoreError(`PostgreSQL refused: ${toText(cause)}`, { cause });
    },
    over() {
      outage.clear();
    },
  };
}

/**
 * SQLSTATEs that tell of the server, and not of the statement: connections (08), no room or too many connections (53),
 * a shutdown or a start, and sessions that an administrator's limits ended (57P01 to 57P05, 25P03, 25P04), disks that fail
 * (58030), a standby that takes no writes, as after a failover (25006, and 55000 where it has to number a transaction).
 */
const ofServer = /^(?:08...|53...|57P0[1-5]|25P0[34]|58030|25006)$/;

/** Statements that were cancelled, by `statement_timeout` or by hand, and those that did not get a lock in `lock_timeout`. */
const tooSlow: ReadonlySet<string | undefined> = new Set(["57014", "55P03"]);

/** Whether the server, or the way to it, is at fault. */
export function isOutage(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  // What the server says has a severity; what it does not say, the driver says of the connection.
  if (!("severity" in error)) return !(error instanceof TypeError || error instanceof RangeError);
  const code = toCode(error);
  return ofServer.test(String(code)) || code === "55000" && /recovery/.test(error.message);
}

/** Whether the server has no connection left, for anybody or for this user. */
export function isFull(error: unknown): boolean {
  return toCode(error) === "53300";
}

/** Whether the server lets nobody in with this name and password. */
export function isLoginRefused(error: unknown): boolean {
  return /^28...$/.test(String(toCode(error)));
}

function isTooSlow(error: unknown): boolean {
  return tooSlow.has(toCode(error));
}

/** Whether what was given is too long for an index; other limits of the server have the same SQLSTATE. */
function isTooLong(error: unknown): boolean {
  return toCode(error) === "54000" && /^index row /.test((error as Error).message);
}

/** What the indexes are made of that may be long, as it is called on the wire. */
const indexed: Readonly<Record<string, string>> = {
  job_counts_pkey: "queue and type",
  jobs_by_queue: "queue",
  queue_settings_pkey: "queue",
  jobs_named: "id",
  jobs_unique: "unique_key",
  jobs_heads: "batch.key",
  budgets_pkey: "key of a budget",
  cron_groups_pkey: "name of a group",
  cron_entries_pkey: "names of a group and its entry",
  job_tags_by_tag: "tag",
  tags_pkey: "tag",
};

function namesOf({ message }: Error): string {
  const index = /"([^"]+)"$/.exec(message)?.[1];
  const names = index === undefined ? undefined : indexed[index];
  return names === undefined
    ? "a name is"
    : names.includes(" and ")
    ? `${names} are`
    : `${names} is`;
}

function toCode(error: unknown): string | undefined {
  return error instanceof Error ? (error as { readonly code?: string }).code : undefined;
}

/** An error with several others in it, one for each address that was tried, has no message of its own. */
function toText(error: unknown): string {
  if (error instanceof AggregateError && error.message === "") {
    return error.errors.map(toText).join(", ");
  }
  if (!(error instanceof Error)) return String(error);
  // So the driver says it.
  return error.message.includes("client password must be a string")
    ? "the server asks for a password, and there is none"
    : error.message;
}
