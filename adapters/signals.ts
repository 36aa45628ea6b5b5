/**
 * What a process does when it is asked to end: the first wish stops, the second kills.
 *
 * @module
 */

import process from "node:process";
import { guardLogger } from "../src/guard-logger.ts";
import { type Logger, runGuarded } from "../src/log.ts";
import { checkOptions, show } from "../src/options.ts";

/** What can be stopped: a worker, a server, a broker. */
export interface StopTarget {
  /** Finishes what is under way, for `timeoutMs` at most. */
  stop(options: { readonly timeoutMs?: number }): Promise<unknown>;
  /** Gives up at once. */
  kill?(): unknown;
}

/** How {@linkcode stopOnSignals} listens. */
export interface StopOnSignalsOptions {
  /**
   * The signals to listen to.
   *
   * @default {["SIGINT", "SIGTERM"]} Ctrl+C, and what service managers send.
   */
  readonly signals?: readonly ("SIGINT" | "SIGTERM" | "SIGHUP" | "SIGUSR2")[] | undefined;
  /** Passed to the `stop` of each target, in ms; default each target's own. */
  readonly timeoutMs?: number | undefined;
  /** Told which signal came and how the stop went. Default: what went wrong, on the console; `false` is silence. */
  readonly logger?: Logger | false | undefined;
  /**
   * Called after a signal, when every target has stopped or failed to: the moment to close what the targets used.
   *
   * @param errors What the targets that could not stop rejected with; empty if all went well.
   */
  readonly onStopped?: ((errors: readonly unknown[]) => void) | undefined;
}

/** The exit code of a process that was interrupted: 128 and the number of SIGINT. */
const interruptedCode = 130;

/**
 * The same signal again within this time, in ms, is the same wish. A terminal sends Ctrl+C to all processes in the
 * foreground, and some process managers send to the whole group: `deno task`, `npx` and `npm run` pass on what they get, so
 * that the program gets it twice.
 */
const sameWishMs = 1000;

/**
 * Stops a worker, a server or a broker, or several of them, on the first signal; on the second, kills them and exits
 * the process with code 130. The same signal within a second of the first is the same wish, and does nothing: a process
 * that was started by `deno task`, `npx` or `npm run` often gets each signal twice.
 *
 * Several are stopped at the same time. A server and its broker have to be: the server waits for take streams, and only
 * the broker ends those. A worker that calls a broker in its own process must be stopped before that broker, as it
 * still acknowledges jobs: write one target whose `stop` does one after the other.
 *
 * When all have stopped, the process ends by itself unless something else keeps it alive; its exit code is 1 if one
 * of them failed to stop.
 *
 * @param targets What to stop.
 * @param options Which signals, for how long, and who is told.
 * @returns A function that stops listening. Calling it twice is fine.
 *
 * @example
 * ```ts
 * import { createBroker } from "@millrace/millrace/broker";
 * import { openSqlite, serve, stopOnSignals } from "@millrace/millrace/deno";
 *
 * const broker = createBroker({ store: openSqlite(":memory:") });
 * const server = await serve(broker, { port: 0 });
 * const stopListening = stopOnSignals([server, broker], { timeoutMs: 5000 });
 *
 * // A program that ends without a signal:
 * stopListening();
 * await Promise.all([server.stop(), broker.stop()]);
 * ```
 */
export function stopOnSignals(
  targets: StopTarget | readonly StopTarget[],
  options: StopOnSignalsOptions = {},
): () => void {
  checkOptions("stopOnSignals", options, { signals: 1, timeoutMs: 1, logger: 1, onStopped: 1 });
  const { signals = ["SIGINT", "SIGTERM"], timeoutMs, onStopped } = options;
  const logger = guardLogger(options.logger);
  const all: readonly StopTarget[] = Array.isArray(targets) ? [...targets] : [targets];
  for (const target of all) {
    if (typeof target?.stop === "function") continue;
    throw new TypeError(`Cannot stop ${show(target)}: expected a broker, a server or a worker`);
  }
  let first: { readonly signal: string; readonly at: number } | undefined;

  const stop = async () => {
    const stopOptions = timeoutMs === undefined ? {} : { timeoutMs };
    const results = await Promise.allSettled(all.map(async (target) => {
      await target.stop(stopOptions);
    }));
    const errors: unknown[] = [];
    for (const result of results) {
      if (result.status === "fulfilled") continue;
      errors.push(result.reason);
      logger.error("Cannot stop cleanly", { error: result.reason });
    }
    if (errors.length === 0) logger.info("Stopped");
    else process.exitCode = 1;
    // Its second copy may be on its way: without a listener, that would end the process as if nothing had been stopped.
    setTimeout(stopListening, sameWishMs).unref();
    runGuarded(
      () => onStopped?.(errors),
      (error) => logger.error("Callback 'onStopped' threw", { error }),
    );
  };
  const kill = (signal: string) => {
    logger.warn(`Killed by ${signal}`);
    for (const target of all) {
      try {
        target.kill?.();
      } catch {
        // The process ends in any case.
      }
    }
    process.exit(interruptedCode);
  };
  const onSignal = (signal: string) => {
    if (first !== undefined) {
      const isSameWish = signal === first.signal && performance.now() - first.at < sameWishMs;
      return isSameWish ? undefined : kill(signal);
    }
    first = { signal, at: performance.now() };
    logger.info(`Stopping on ${signal}`);
    void stop();
  };
  const stopListening = () => {
    for (const signal of signals) process.off(signal, onSignal);
  };
  for (const signal of signals) process.on(signal, onSignal);
  return stopListening;
}
