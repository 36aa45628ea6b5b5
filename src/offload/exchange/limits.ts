/**
 * The times of an exchange, and the one signal that ends it.
 *
 * | What is over | The signal's reason                          |
 * | ------------ | -------------------------------------------- |
 * | all of it    | a {@linkcode CallError}, code `deadline`     |
 * | this hop     | a {@linkcode CallError}, code `hop_timeout`  |
 * | the silence  | a {@linkcode CallError}, code `idle_timeout` |
 * | the caller   | the reason of the caller's signal            |
 *
 * @module
 */

import type { Clock } from "../../async/clock.ts";
import { type Silence, watchSilence } from "../../async/silence.ts";
import { CallError } from "./call-error.ts";

/** The times that are watched. */
export interface Limits {
  /** Ends whatever is under way. */
  readonly signal: AbortSignal;
  /** Another address is asked: its time begins. */
  startHop(): void;
  /** The answer began: from here on it may not be silent for too long. */
  startBody(): void;
  /** A piece of the body came. */
  heard(): void;
  /**
   * Waits for something, but no longer than the signal allows.
   *
   * @param promise What is waited for. What becomes of it later is not looked at.
   */
  race<Value>(promise: PromiseLike<Value>): Promise<Value>;
  /** Watches no more. */
  stop(): void;
}

/**
 * Watches the times of an exchange.
 *
 * @param clock Measures time.
 * @param spans The times there are, in ms.
 * @param caller The signal of the caller.
 */
export function watchLimits(
  clock: Clock,
  spans: {
    readonly timeoutMs: number;
    readonly hopTimeoutMs?: number | undefined;
    readonly idleTimeoutMs?: number | undefined;
  },
  caller: AbortSignal,
): Limits {
  const { timeoutMs, hopTimeoutMs, idleTimeoutMs } = spans;
  const controller = new AbortController();
  const { signal } = controller;
  const follow = () => controller.abort(caller.reason);
  const give = (code: string, message: string) => () =>
    controller.abort(new CallError("timeout", message, { code }));

  if (caller.aborted) follow();
  else caller.addEventListener("abort", follow, { once: true });
  const disarm = clock.setTimer(
    give("deadline", `No whole answer came within ${timeoutMs} ms`),
    timeoutMs,
  );
  let disarmHop = () => {};
  let silence: Silence | undefined;

  return {
    signal,
    startHop() {
      disarmHop();
      silence?.stop();
      silence = undefined;
      if (hopTimeoutMs === undefined) return;
      const message = `One address gave no whole answer within ${hopTimeoutMs} ms`;
      disarmHop = clock.setTimer(give("hop_timeout", message), hopTimeoutMs);
    },
    startBody() {
      if (idleTimeoutMs === undefined) return;
      const message = `The answer was silent for ${idleTimeoutMs} ms`;
      silence = watchSilence(clock, idleTimeoutMs, give("idle_timeout", message));
    },
    heard: () => silence?.heard(),
    race: (promise) =>
      new Promise((resolve, reject) => {
        const abort = () => reject(signal.reason);
        const settle = <Value>(then: (value: Value) => void) => (value: Value) => {
          signal.removeEventListener("abort", abort);
          then(value);
        };
        promise.then(settle(resolve), settle(reject));
        if (signal.aborted) abort();
        else signal.addEventListener("abort", abort, { once: true });
      }),
    stop() {
      caller.removeEventListener("abort", follow);
      disarm();
      disarmHop();
      silence?.stop();
    },
  };
}
