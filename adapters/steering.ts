/**
 * The signals that steer whoever works: pause, go on, come to an end.
 *
 * | signal      | what happens                                                                      |
 * | ----------- | --------------------------------------------------------------------------------- |
 * | INT, TERM   | stop within the deadline; the second kills, as with `stopOnSignals`               |
 * | QUIT        | begin no more, finish what runs, however long that takes, and end                 |
 * | USR1        | kill the processes of running jobs, and go on; for those who have such processes  |
 * | USR2        | pause: begin no more, and stay                                                    |
 * | CONT        | go on                                                                             |
 * | HUP         | what the program says                                                             |
 *
 * Windows has only INT, and HUP for a closed window: there the others are left out.
 *
 * @module
 */

import process from "node:process";
import { guardLogger } from "../src/guard-logger.ts";
import { runGuarded } from "../src/log.ts";
import { stopOnSignals, type StopOnSignalsOptions, type StopTarget } from "./signals.ts";

/** What can be steered: a worker, or what keeps processes of workers. */
export interface SteerTarget extends StopTarget {
  /** Begins no more jobs. */
  pause?(): unknown;
  /** Goes on. */
  resume?(): unknown;
  /** Kills the processes of running jobs, and goes on. */
  killJobs?(): unknown;
}

/** How {@linkcode steerOnSignals} listens. */
export interface SteerOnSignalsOptions extends Omit<StopOnSignalsOptions, "signals"> {
  /**
   * What SIGHUP does, such as reading a configuration again.
   *
   * @default {nothing: the runtime does what it does}
   */
  readonly onHangup?: (() => unknown) | undefined;
}

type SteerSignal = "SIGQUIT" | "SIGUSR1" | "SIGUSR2" | "SIGCONT" | "SIGHUP";

/**
 * Steers a worker by signals: SIGINT and SIGTERM stop it as `stopOnSignals` does, SIGQUIT lets it finish what runs however
 * long that takes, SIGUSR2 pauses it, SIGCONT resumes it, SIGUSR1 kills the processes of its jobs if it has such, and
 * SIGHUP does what you say. Signals that the platform does not have are left out.
 *
 * On Node, SIGUSR1 also starts the debugger's agent if it comes before this function was called.
 *
 * @param target What to steer.
 * @param options The deadline of a stop, and who is told.
 * @returns A function that stops listening. Calling it twice is fine.
 *
 * @example
 * ```ts
 * import { createClient, defineJob } from "@millrace/millrace/client";
 * import { steerOnSignals } from "@millrace/millrace/deno";
 * import { createWorker, handle } from "@millrace/millrace/worker";
 *
 * const greet = defineJob<{ name: string }>({ type: "greet", queue: "default" });
 * const worker = createWorker({
 *   client: createClient({ url: "http://127.0.0.1:7890" }),
 *   handlers: [handle(greet, ({ name }) => console.log(`Hello ${name}`))],
 * });
 * const stopListening = steerOnSignals(worker, { timeoutMs: 10_000 });
 *
 * // A program that ends without a signal:
 * stopListening();
 * await worker.stop();
 * ```
 */
export function steerOnSignals(
  target: SteerTarget,
  options: SteerOnSignalsOptions = {},
): () => void {
  const { onHangup, ...stopOptions } = options;
  const logger = guardLogger(options.logger);
  const finish = () => {
    // Who must be quick after all sends SIGTERM: that brings a deadline.
    void target.stop({ timeoutMs: Infinity }).catch((error) => {
      logger.error("Cannot stop cleanly", { error });
      process.exitCode = 1;
    });
  };
  const actions: readonly (readonly [SteerSignal, (() => unknown) | undefined])[] = [
    ["SIGQUIT", finish],
    ["SIGUSR1", target.killJobs?.bind(target)],
    ["SIGUSR2", target.pause?.bind(target)],
    ["SIGCONT", target.resume?.bind(target)],
    ["SIGHUP", onHangup],
  ];
  const ends = [stopOnSignals(target, stopOptions)];
  for (const [signal, act] of actions) {
    if (act === undefined) continue;
    const onSignal = () => {
      logger.info(`Steered by ${signal}`);
      runGuarded(act, (error) => logger.error(`Cannot do what ${signal} asks for`, { error }));
    };
    if (listen(signal, onSignal)) ends.push(() => process.off(signal, onSignal));
  }
  return () => {
    for (const end of ends) end();
  };
}

/** Whether the platform has this signal. */
function listen(signal: SteerSignal, onSignal: () => void): boolean {
  try {
    process.on(signal, onSignal);
    return true;
  } catch {
    return false;
  }
}
