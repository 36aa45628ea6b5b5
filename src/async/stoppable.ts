/**
 * The one contract of whatever lives long: the worker, the broker, a server.
 *
 * Stopping has two stages under one deadline: what is under way may come to its end, and is then cut off. Stopping
 * before the start is fine and makes the start impossible; stopping twice waits for the first. What runs until it
 * is stopped has a `run()` besides, which starts it and resolves when it is stopped.
 *
 * @module
 */

/** How something is stopped. */
export interface StopOptions {
  /**
   * How long what is under way has to come to its end, in ms; then it is cut off. 0 is no time at all, `Infinity`
   * never cuts off. The default is up to what is stopped.
   */
  readonly timeoutMs?: number | undefined;
}

/** Something that runs until it is stopped; `await using` stops it as `stop()` does. */
export interface Stoppable extends AsyncDisposable {
  /**
   * Stops it, and resolves when nothing of it is left.
   *
   * @param options The deadline.
   * @throws {RangeError} If `timeoutMs` is below 0 or not a number.
   */
  stop(options?: StopOptions): Promise<void>;
}

/** Something that does nothing until it is started. It lives once: what was stopped is not started again. */
export interface Startable extends Stoppable {
  /** Starts it, and resolves when it is ready. Calling it again gives the same promise. */
  start(): Promise<void>;
}
