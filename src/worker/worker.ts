/**
 * The worker: takes jobs from a broker and runs their handlers, in one life that it is started for, or once for what is
 * there.
 *
 * @module
 */

import type { Startable, StopOptions } from "../async/stoppable.ts";
import { createEvents, type WorkerEvents } from "./events.ts";
import { toWorkerSettings, type WorkerOptions } from "./options.ts";
import { createRunOnce, type RunOnceOptions, type RunOnceReport } from "./run-once.ts";
import { createSession } from "./session.ts";
import type { WorkerHealth } from "./worker-health.ts";

/** Takes jobs from a broker and runs their handlers. */
export interface Worker extends Startable {
  /**
   * Starts the worker, and resolves when it is connected, or was stopped before that. Calling it again gives the same
   * promise.
   *
   * A broker that is down is waited for. A refusal of the very first connection (a wrong token, an address that is
   * not a broker's) stops the worker. A later refusal may come from a proxy and pass: the worker goes on asking
   * every half a minute, and when a report comes through; it logs each refusal as an error, and is not healthy meanwhile.
   *
   * @throws {MillraceError} If the broker refuses the worker before it was ever connected.
   * @throws {Error} If the worker was stopped.
   */
  start(): Promise<void>;
  /** Starts the worker, and resolves when it is stopped. Rejects as `start` does. */
  run(): Promise<void>;
  /**
   * Stops the worker: it starts no more jobs, gives back those that it has not started, waits for those that run and
   * until the broker knows what came of them, and then closes the stream. Other servers than Millrace cannot be told
   * that a worker stops: there the jobs that were not started go back when the stream is closed. Stopping twice waits for
   * the first.
   *
   * The deadline holds for all of that; a second call brings one, if the first had none (`Infinity`). Then the signals of the jobs that still run are aborted and the stream is
   * closed: these jobs too go back to their queue, without being charged an attempt, and what their handlers come to
   * is ignored.
   *
   * @param options The deadline: `timeoutMs` is 25,000 by default, within the 30 s that most hosts give.
   * @throws {RangeError} If `timeoutMs` is below 0 or not a number.
   */
  stop(options?: StopOptions): Promise<void>;
  /**
   * Takes and runs what is ready, reports it, and resolves; for a cron trigger, the consumer of a queue, or a test. It ends
   * when nothing is ready and nothing runs, when `maxJobs` are done, or before `deadlineMs` are over. It may be called
   * again, but not while it runs, and not of a worker that was started.
   *
   * Over a take stream, as here, nothing is ready if nothing comes for `quietMs` and all that came is reported.
   *
   * @param options How much, and for how long.
   * @returns What was done.
   * @throws {MillraceError} If the broker refuses the worker.
   * @throws {RangeError} If a number is out of range.
   * @throws {Error} If the worker was started or stopped, or runs once already.
   */
  runOnce(options?: RunOnceOptions): Promise<RunOnceReport>;
  /**
   * Begins no more jobs until {@linkcode Worker.resume}; those that run go on. Jobs that wait here go back to the broker;
   * other servers than Millrace cannot be told so, and there they wait here.
   */
  pause(): void;
  /** Begins jobs again. */
  resume(): void;
  /**
   * Closes the stream at once and waits for nothing. Jobs whose reports the broker has not received are delivered
   * again, also those that were done here.
   */
  kill(): Promise<void>;
  /** Tells how it is doing, for a health endpoint. */
  health(): WorkerHealth;
  /**
   * Listens to the events of a kind.
   *
   * @param name Which kind.
   * @param listener Is called at each; what it throws is logged, also if it is async.
   * @returns A function that ends it.
   */
  on<Name extends keyof WorkerEvents>(
    name: Name,
    listener: (event: WorkerEvents[Name]) => void,
  ): () => void;
}

/**
 * Creates a worker. It does nothing until it is started.
 *
 * A job is delivered at least once. After a crash, a lost connection or a stop that ran out of time a handler gets
 * the same job again, and must be able to cope with that. A job whose payload does not fit its definition fails, and is
 * tried again, as another worker may know a newer shape, unless the definition says `unfit: "dead"`.
 *
 * @param options The client, the handlers, and how to run them.
 * @throws {TypeError} If an option is missing or of a wrong kind.
 * @throws {RangeError} If a number is out of range.
 *
 * @example
 * ```ts
 * import { createBroker } from "@millrace/millrace/broker";
 * import { createClient, defineJob } from "@millrace/millrace/client";
 * import { openSqlite } from "@millrace/millrace/deno";
 * import { createWorker, handle } from "@millrace/millrace/worker";
 *
 * await using broker = createBroker({ store: openSqlite(":memory:") });
 * const client = createClient({ fetch: broker.fetch });
 * const greet = defineJob<{ name: string }>({ type: "greet", queue: "default" });
 *
 * const greeted = Promise.withResolvers<string>();
 * await using worker = createWorker({
 *   client,
 *   handlers: [handle(greet, ({ name }) => greeted.resolve(name))],
 *   concurrency: 25,
 * });
 * await worker.start();
 * await client.enqueue(greet, { name: "Ada" });
 * console.log(await greeted.promise); // Ada
 * ```
 */
export function createWorker(options: WorkerOptions): Worker {
  const settings = toWorkerSettings(options);
  const events = createEvents(settings.logger);
  const session = createSession({ settings, events });
  const once = createRunOnce({ settings, events });

  const unlessOnce = (begin: () => Promise<void>): Promise<void> =>
    once.isRunning
      ? Promise.reject(new Error("Cannot start a worker that runs once: wait for its end"))
      : begin();
  const stop = async (stopOptions?: StopOptions) => {
    await Promise.all([session.stop(stopOptions), once.stop(stopOptions)]);
  };

  return {
    start: () => unlessOnce(session.start),
    run: () => unlessOnce(session.run),
    stop,
    async kill() {
      await Promise.all([session.kill(), once.kill()]);
    },
    [Symbol.asyncDispose]: () => stop(),
    runOnce(onceOptions) {
      const { state } = session;
      if (state === "idle") return once.run(onceOptions);
      return Promise.reject(new Error(`Cannot run a worker once that is ${state}: create another`));
    },
    pause: session.pause,
    resume: session.resume,
    health: session.health,
    on: events.on,
  };
}
