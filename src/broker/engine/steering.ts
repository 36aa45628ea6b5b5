/**
 * What an operator has workers do: take no new jobs (quiet), take jobs again, or stop.
 *
 * Quiet is done by brokers alone: they hand no jobs to a worker of that name, whoever wrote it, over a stream or by a call. It is
 * stored, so it outlives streams, workers and brokers. To stop is told to the worker, once, and only on streams of workers that
 * said that they understand it.
 *
 * | A worker is | Event                                      | Next    | Written, and told to others |
 * | ----------- | ------------------------------------------ | ------- | --------------------------- |
 * | taking      | quiet                                      | quiet   | its name                    |
 * | quiet       | resume                                     | taking  | the name goes               |
 * | quiet       | for long neither seen nor connected        | unknown | the name goes               |
 *
 * @module
 */

import type { Clock } from "../../async/clock.ts";
import {
  forgetQuietWorkers,
  listQuietWorkers,
  quietWorker,
  resumeWorker,
} from "../../store/quiet-workers.ts";
import type { Store } from "../../store/store.ts";
import type { Dispatcher, Others } from "./dispatcher.ts";

/** Steers workers. */
export interface Steering {
  /** Reads who is quiet, as others may have changed it. */
  load(): Promise<void>;
  /** Hands a worker no more jobs. */
  quiet(worker: string): Promise<void>;
  /** Hands it jobs again. */
  resume(worker: string): Promise<void>;
  /** Tells a worker to stop, on its streams at all brokers. */
  stop(worker: string): Promise<void>;
  /** Forgets quiet workers that are not known any more, and are not since an instant, in ms since the epoch. */
  forget(before: number): Promise<void>;
}

/** Creates it; `quiet` is what it keeps up to date. */
export function createSteering(
  { store, clock, quiet, dispatcher, others }: {
    readonly store: Store;
    readonly clock: Clock;
    readonly quiet: Set<string>;
    readonly dispatcher: Pick<Dispatcher, "steered" | "tellStop">;
    readonly others: () => Pick<Others, "ask">;
  },
): Steering {
  const load = async () => {
    const names = new Set(await store.read(listQuietWorkers()));
    if (names.size === quiet.size && [...names].every((name) => quiet.has(name))) return;
    quiet.clear();
    for (const name of names) quiet.add(name);
    dispatcher.steered();
  };
  /** Here at once, and at the others as soon as they hear of it. */
  const spread = async () => {
    await load();
    await others().ask("quiet");
  };
  return {
    load,
    async quiet(worker) {
      await store.write(() => quietWorker(worker, clock.now()));
      await spread();
    },
    async resume(worker) {
      await store.write(() => resumeWorker(worker));
      await spread();
    },
    async stop(worker) {
      dispatcher.tellStop(worker);
      await others().ask("stop", [worker]);
    },
    async forget(before) {
      if (await store.write(() => forgetQuietWorkers(before)) > 0) await spread();
    },
  };
}
