/**
 * What a process does when it is asked to end: the first signal drains, the second kills.
 *
 * @module
 */

import process from "node:process";
import { type Logger, silentLogger } from "../src/log.ts";

/** What can be stopped: a worker, a server, a broker behind one. */
export interface StopTarget {
  /** Finishes what is under way, at most for `timeoutMs`. */
  stop(options: { readonly timeoutMs?: number }): Promise<unknown>;
  /** Gives up at once. */
  kill?(): unknown;
}

/** How {@linkcode stopOnSignals} listens. */
export interface StopOnSignalsOptions {
  /** The signals to listen to; default `SIGINT` (Ctrl+C) and `SIGTERM` (what service managers send). */
  readonly signals?: readonly ("SIGINT" | "SIGTERM" | "SIGHUP" | "SIGUSR2")[] | undefined;
  /** Passed to the target's `stop`, in ms; default the target's own. */
  readonly timeoutMs?: number | undefined;
  /** Told which signal came and how the stop went; default says nothing. */
  readonly logger?: Logger | undefined;
}

/** The exit code of a process that was interrupted: 128 and the number of SIGINT. */
const interruptedCode = 130;

/**
 * Stops `target` on the first signal; on the second, kills it and exits the process with 130.
 *
 * When the stop is through, the process ends by itself unless something else keeps it alive; when it
 * fails, with exit code 1. Returns a function that stops listening.
 *
 * @example
 * ```ts
 * import { serve, stopOnSignals } from "@millrace/millrace/deno";
 *
 * const server = await serve(() => new Response("hello"), { port: 0 });
 * const forget = stopOnSignals(server, { timeoutMs: 5000 });
 * forget();
 * await server.stop();
 * ```
 */
export function stopOnSignals(target: StopTarget, options: StopOnSignalsOptions = {}): () => void {
  const { signals = ["SIGINT", "SIGTERM"], timeoutMs, logger = silentLogger } = options;
  let stopping = false;
  const forget = () => {
    for (const signal of signals) process.off(signal, onSignal);
  };
  const onSignal = (signal: string) => {
    if (stopping) {
      logger.warn(`Killed by ${signal}`);
      void target.kill?.();
      process.exit(interruptedCode);
    }
    stopping = true;
    logger.info(`Stopping on ${signal}`);
    target.stop(timeoutMs === undefined ? {} : { timeoutMs }).then(forget, (error: unknown) => {
      logger.error("Cannot stop cleanly", { error });
      process.exitCode = 1;
      forget();
    });
  };
  for (const signal of signals) process.on(signal, onSignal);
  return forget;
}
