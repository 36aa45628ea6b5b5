/**
 * The workers that get no jobs, because somebody wants it so.
 *
 * @module
 */

import { rows, run, type Transition } from "./transition.ts";

/** The names of all of them. */
export function* listQuietWorkers(): Transition<string[]> {
  return (yield* rows<{ id: string }>("SELECT id FROM quiet_workers")).map(({ id }) => id);
}

/** Makes one quiet, from `now` on, in ms since the epoch. */
export function* quietWorker(id: string, now: number): Transition<void> {
  yield* run("INSERT INTO quiet_workers (id, since) VALUES (?, ?) ON CONFLICT (id) DO NOTHING", [
    id,
    now,
  ]);
}

/** Makes one quiet no more. */
export function* resumeWorker(id: string): Transition<void> {
  yield* run("DELETE FROM quiet_workers WHERE id = ?", [id]);
}

/** Forgets those that are quiet since before an instant and that nobody has seen in a while; gives how many. */
export function* forgetQuietWorkers(before: number): Transition<number> {
  return yield* run(
    "DELETE FROM quiet_workers WHERE since <= ? AND id NOT IN (SELECT id FROM workers)",
    [before],
  );
}
