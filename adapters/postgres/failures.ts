/**
 * What goes wrong with PostgreSQL, as the broker is told of it.
 *
 * @module
 */

import { StoreError } from "../../src/errors.ts";
import { UnusableStoreError } from "../../src/store/unusable.ts";

/** Says which of two kinds a failure is, and keeps one error for as long as the same outage lasts. */
export interface Failures {
  /**
   * The error of a statement that failed: an `UnusableStoreError` while the server cannot be used, which is answered 503
   * and logged once, a {@linkcode StoreError} for all else.
   */
  of(cause: unknown): StoreError;
  /** The server answered: the next outage is another one. */
  over(): void;
}

/** Creates it. */
export function createFailures(): Failures {
  let outage: UnusableStoreError | undefined;
  return {
    of(cause) {
      if (cause instanceof StoreError) return cause;
      if (!isOutage(cause)) {
        return new StoreError(`PostgreSQL refused: ${toText(cause)}`, { cause });
      }
      return outage ??= new UnusableStoreError(`cannot use PostgreSQL: ${toText(cause)}`, {
        cause,
      });
    },
    over() {
      outage = undefined;
    },
  };
}

/**
 * SQLSTATEs that tell of the server, and not of the statement: connections (08), no room or too many connections (53),
 * a shutdown or a start (57P01 to 57P05), a standby that takes no writes, as after a failover (25006,
 * and 55000 where it has to number a transaction).
 */
const ofServer = /^(?:08...|53...|57P0[1-5]|25006)$/;

/** Whether the server, or the way to it, is at fault. */
export function isOutage(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  // What the server says has a severity; what it does not say, the driver says of the connection.
  if ("severity" in error) {
    const { code } = error as { readonly code?: unknown };
    return ofServer.test(String(code)) || code === "55000" && /recovery/.test(error.message);
  }
  return !(error instanceof TypeError || error instanceof RangeError);
}

/** An error with several others in it, one for each address that was tried, has no message of its own. */
function toText(error: unknown): string {
  if (error instanceof AggregateError && error.message === "") {
    return error.errors.map(toText).join(", ");
  }
  return error instanceof Error ? error.message : String(error);
}
