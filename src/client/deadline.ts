/**
 * The end of a call before its answer: by the caller's signal, or because its time is over.
 *
 * @module
 */

import type { Clock } from "../async/clock.ts";
import { checkNotNegative } from "../async/duration.ts";
import { TimeoutError } from "../errors.ts";

/** When a call ends without an answer. */
export interface CallOptions {
  /** Ends the call; it is rejected with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /**
   * How long the call may take, repeated tries included, in ms; then it is rejected with a `TimeoutError`.
   * `Infinity` is no limit.
   *
   * @default {the client's}
   */
  readonly timeoutMs?: number | undefined;
}

/**
 * Runs `work` until it settles, the caller's signal is aborted, or the time is over: whatever is first decides, even
 * if `work` does not listen to the signal that it is given. `what` names the call in the message.
 */
export async function withDeadline<Result>(
  work: (signal: AbortSignal) => Promise<Result>,
  { signal: given, timeoutMs = Infinity }: CallOptions,
  clock: Clock,
  what?: () => string,
): Promise<Result> {
  const controller = new AbortController();
  const release = abortBy(controller, given, timeoutMs, clock, what);
  try {
    return await untilAborted(work, controller.signal);
  } finally {
    release();
  }
}

/** Aborts `controller` with the caller's signal or after the time; returns a function that ends both. */
export function abortBy(
  controller: AbortController,
  given: AbortSignal | undefined,
  timeoutMs: number,
  clock: Clock,
  what = () => "call",
): () => void {
  checkNotNegative("timeoutMs", timeoutMs);
  given?.throwIfAborted();
  const follow = () => controller.abort(given!.reason);
  given?.addEventListener("abort", follow, { once: true });
  const disarm = timeoutMs === Infinity ? undefined : clock.setTimer(
    () => controller.abort(new TimeoutError(`No answer to ${what()} within ${timeoutMs} ms`)),
    timeoutMs,
  );
  return () => {
    given?.removeEventListener("abort", follow);
    disarm?.();
  };
}

/** What `work` comes to, or the signal's reason once it is aborted. */
export function untilAborted<Result>(
  work: (signal: AbortSignal) => Promise<Result>,
  signal: AbortSignal,
): Promise<Result> {
  return new Promise((resolve, reject) => {
    // Never removed: the signal is the call's own and goes with it.
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    // What is thrown because of that comes too late to count.
    work(signal).then(resolve, reject);
  });
}
