/**
 * Repeating an enqueue that may have been received, by its idempotency key.
 *
 * Only a server that keeps keys may be asked again: another one would store a second job. A client learns that from its
 * answers. When an enqueue fails before it has had one, it looks before it repeats: `GET /version` tells too.
 *
 * | The try before                           | A later try is refused                   | The caller is told of     |
 * | ---------------------------------------- | ---------------------------------------- | ------------------------- |
 * | was refused for the moment               | by whomever                              | the refusal               |
 * | may have been received                   | by the broker, for good: nothing stored  | the refusal               |
 * | may have been received                   | by a proxy, or for the moment            | the try before            |
 *
 * So an error that is a refusal says that nothing was stored.
 *
 * @module
 */

import type { MillraceError, ResponseError } from "../errors.ts";
import { retry, type RetryPolicy } from "./retry.ts";

/**
 * So long after its first try a call may be sent again, in ms. The broker knows it longer: ten minutes unless its operator
 * says otherwise, and six at least.
 */
const repeatableMs = 300_000;

/** A call that failed, and how it is sent again. */
export interface FailedCall<Result> {
  /** What became of the first try; it is retryable. */
  readonly failure: MillraceError;
  /** When it was made, by the monotonic clock. */
  readonly since: number;
  /** Sends it again. */
  send(): Promise<Result>;
  /** Whether the server is known to keep keys. */
  keepsKeys(): boolean;
  /**
   * Asks the server what may make that known.
   *
   * @throws {MillraceError} If it cannot be asked.
   */
  look(): Promise<unknown>;
}

/** Sends a call again as the policy says, if the server keeps keys. */
export async function repeatKeyed<Result>(
  { failure, since, send, keepsKeys, look }: FailedCall<Result>,
  policy: RetryPolicy,
  signal: AbortSignal,
): Promise<Result> {
  /** What leaves open whether the call was received. */
  let open: unknown;
  let last: unknown = failure;
  const fail = (error: unknown) => {
    last = error;
    if (!isRefusal(error)) open ??= error;
    return error;
  };
  /** Thrown to make no more tries; no error of the family, so that it is not retried. */
  const end = {};
  /** Why the server could not be asked whether it keeps keys. */
  let unasked: unknown = end;
  const attempt = async (retries: number): Promise<Result> => {
    // The first time at once, so that nobody waits for what will not be done.
    let looked = keepsKeys();
    if (!looked) {
      await look().then(() => looked = true, (error) => {
        // Who cannot be asked now is asked before the next try.
        if (retries > 0) throw unasked = error;
      });
    }
    if (looked && !keepsKeys()) throw end;
    if (retries === 0) throw fail(failure);
    if (policy.clock.monotonic() - since > repeatableMs) throw end;
    return await send().catch((error) => {
      throw fail(error);
    });
  };
  try {
    return await retry(attempt, policy, signal);
  } catch (error) {
    if (error === end || error === unasked) throw open ?? last;
    throw open !== undefined && isUndecided(error) ? open : error;
  }
}

/** Whether a server says that it did not do what was asked. */
function isRefusal(error: unknown): error is ResponseError {
  const code = (error as Partial<MillraceError> | undefined)?.code;
  return code === "refused" || code === "not_found";
}

/** Whether a refusal says nothing of the tries before: it is not the broker's, or for the moment only. */
function isUndecided(error: unknown): boolean {
  return isRefusal(error) && (error.retryable || !error.fromBroker);
}
