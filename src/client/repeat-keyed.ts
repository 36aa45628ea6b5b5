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
import { isRetryable, retry, type RetryPolicy } from "./retry.ts";

/**
 * So long after its first try a call may be sent again, in ms. The broker knows it longer: ten minutes unless its operator
 * says otherwise, and six at least.
 */
const repeatableMs = 300_000;

/** A call that goes by a key. */
export interface KeyedCall<Result> {
  /** Sends it. */
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

/** Sends a call, and again as the policy says, if the server keeps keys. */
export async function repeatKeyed<Result>(
  { send, keepsKeys, look }: KeyedCall<Result>,
  policy: RetryPolicy,
  signal: AbortSignal,
): Promise<Result> {
  const { clock, limit } = policy;
  const since = clock.monotonic();
  /** What leaves open whether the call was received. */
  let open: unknown;
  let last: unknown;
  /** Thrown to make no more tries; no error of the family, so that it is not retried. */
  const end = {};
  /** Why the server could not be asked whether it keeps keys. */
  let unasked: unknown = end;
  const attempt = async (retries: number): Promise<Result> => {
    if (retries > 0) {
      if (!keepsKeys()) {
        await look().catch((error) => {
          throw unasked = error;
        });
      }
      if (!keepsKeys() || clock.monotonic() - since > repeatableMs) throw end;
    }
    try {
      return await send();
    } catch (error) {
      last = error;
      if (!isRefusal(error)) open ??= error;
      // The first time at once, so that nobody waits for what will not be done. Who cannot be asked now is asked before the
      // next try.
      const isKnown = keepsKeys() || retries > 0 || limit <= 0 || !isRetryable(error);
      if (!isKnown && await look().then(() => !keepsKeys(), () => false)) throw end;
      throw error;
    }
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
