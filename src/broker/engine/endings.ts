/**
 * Watching jobs until they end. While nobody does, a commit costs nothing more.
 *
 * What is told of the end of a job is the job as it is then, also if it is deleted in the same commit: as it was seen last, with
 * what the change says. In the transaction of each change of a watched job the job is read, so that nothing is missed.
 *
 * | A job is | when                                            | until                                             |
 * | -------- | ----------------------------------------------- | ------------------------------------------------- |
 * | watched  | somebody waits for it                           | the last one leaves                               |
 * | lingers  | the last one has left                           | some time is over, or there are too many of these |
 *
 * A call that waits lasts some seconds, and who asks again must not miss what happens in between: so a job that lingers is
 * watched as before.
 *
 * @module
 */

import type { Clock } from "../../async/clock.ts";
import type { ErrorRecord } from "../../protocol/error-record.ts";
import type { Change } from "../../store/changes.ts";
import { errorSize } from "../../store/error-records.ts";
import { type SeenJob, seeRows } from "../../store/seen-jobs.ts";
import type { Transition } from "../../store/transition.ts";
import { type Ending, endingOf, toEnding } from "./ending.ts";
import { leavesFlight } from "./members.ts";
import { BusyError } from "./turnstile.ts";

/** What happened to a watched job. */
export interface EndingNews {
  /** How it ended, if it did. */
  readonly ending: Ending | undefined;
  /** Whether a worker had it, and has it no more. */
  readonly leavesFlight: boolean;
}

/** Who watches. */
export interface Watcher {
  told(id: string, news: EndingNews): void;
  /** The broker stops. */
  stop(): void;
}

/** Some jobs that are watched. */
export interface Watching {
  /** How a job has ended, if it has since somebody watches it. */
  ending(id: string): Ending | undefined;
  /** A job is there: it is as it was read. */
  saw(seen: SeenJob): void;
  /** Ends it. Those that were never seen are forgotten at once. */
  leave(): void;
}

/** Watches jobs. */
export interface Endings {
  /** Whether any job is watched. */
  readonly isOn: boolean;
  /** Looks at the watched ones of jobs that a commit changes, in its transaction. */
  look(changes: readonly Change[]): Transition<void>;
  /** Tells of what another broker changed; `seen` are the jobs as they are now, those that are left. */
  hear(changes: readonly Change[], seen: ReadonlyMap<string, SeenJob>): void;
  /** Tells of what a commit changed. */
  applyChanges(changes: readonly Change[]): void;
  /**
   * Watches jobs, also such as are not there.
   *
   * @throws {BusyError} If too many are.
   */
  watch(ids: readonly string[], watcher: Watcher): Watching;
  /** Stops all watchers. */
  stop(): void;
}

/** How long a job lingers, in ms. */
const lingerMs = 30_000;
/** How many calls may wait. */
const mostWatchers = 1000;
/** How many jobs may be watched, with those that linger. */
const mostWatched = 10_000;
/** How much those may hold that linger, in characters of results and errors, about. */
const mostHeld = 16 * 1024 * 1024;

interface Watch {
  readonly watchers: Set<Watcher>;
  seen: SeenJob | undefined;
  ending: Ending | undefined;
  /** Until when it lingers, in ms since the epoch. */
  until: number;
}

/** Creates what watches jobs. */
export function createEndings(
  { clock, wanted }: {
    readonly clock: Clock;
    /** Told of jobs that somebody begins to wait for. */
    readonly wanted?: (ids: readonly string[]) => void;
  },
): Endings {
  const watched = new Map<string, Watch>();
  const watchers = new Set<Watcher>();
  /** Those that linger, the one that left first first. */
  const lingering = new Map<string, Watch>();
  let held = 0;
  /** What was seen in a transaction that may still fail. */
  let looked: {
    readonly changes: readonly Change[];
    readonly seen: ReadonlyMap<string, SeenJob>;
  } | undefined;

  const forget = (id: string, watch: Watch) => {
    if (lingering.delete(id)) held -= sizeOf(watch);
    watched.delete(id);
  };

  const linger = (id: string, watch: Watch) => {
    watch.until = clock.now() + lingerMs;
    held += sizeOf(watch);
    lingering.set(id, watch);
  };

  const stay = (id: string, watch: Watch) => {
    if (lingering.delete(id)) held -= sizeOf(watch);
  };

  /** Forgets those that have lingered long enough, and more if there has to be room. */
  const prune = (wanted = 0) => {
    const now = clock.now();
    for (const [id, watch] of lingering) {
      const isRoomy = watched.size + wanted <= mostWatched && held <= mostHeld;
      // Also those that would linger too long, as the clock was set back.
      if (isRoomy && watch.until > now && watch.until <= now + lingerMs) return;
      forget(id, watch);
    }
  };

  const endings: Endings = {
    get isOn() {
      return watched.size > 0;
    },
    *look(changes) {
      const seqs: number[] = [];
      for (const change of changes) {
        if (change.kind !== "jobs" || change.to === undefined) continue;
        for (const { id, seq } of change.jobs) if (watched.has(id)) seqs.push(seq);
      }
      if (seqs.length === 0) return;
      const found = yield* seeRows(seqs);
      looked = { changes, seen: new Map(found.map((seen) => [seen.job.id, seen])) };
    },
    hear(changes, seen) {
      looked = { changes, seen };
      endings.applyChanges(changes);
    },
    applyChanges(changes) {
      const seen = looked?.changes === changes ? looked.seen : undefined;
      looked = undefined;
      if (watched.size === 0) return;
      prune();
      for (const change of changes) {
        if (change.kind !== "jobs") continue;
        for (const { id } of change.jobs) {
          const watch = watched.get(id);
          if (watch === undefined) continue;
          const isLingering = lingering.has(id);
          stay(id, watch);
          watch.seen = seen?.get(id) ?? watch.seen;
          const ending = toEnding(change, id, { ...watch, now: clock.now() });
          watch.ending = ending;
          if (isLingering) linger(id, watch);
          const news = { ending, leavesFlight: leavesFlight(change) };
          for (const watcher of [...watch.watchers]) watcher.told(id, news);
        }
      }
    },
    watch(ids, watcher) {
      const unknown = ids.filter((id) => !watched.has(id)).length;
      for (const id of ids) {
        const watch = watched.get(id);
        if (watch !== undefined) stay(id, watch);
      }
      prune(unknown);
      if (watchers.size >= mostWatchers || watched.size + unknown > mostWatched) {
        for (const id of ids) {
          const watch = watched.get(id);
          if (watch?.watchers.size === 0 && !lingering.has(id)) linger(id, watch);
        }
        throw new BusyError(`${watchers.size} calls wait for ${watched.size} jobs`);
      }
      wanted?.(ids);
      watchers.add(watcher);
      for (const id of ids) {
        const watch = watched.get(id);
        if (watch !== undefined) watch.watchers.add(watcher);
        else {
          watched.set(id, {
            watchers: new Set([watcher]),
            seen: undefined,
            ending: undefined,
            until: 0,
          });
        }
      }
      return {
        ending: (id) => watched.get(id)?.ending,
        saw(seen) {
          const watch = watched.get(seen.job.id);
          if (watch === undefined) return;
          watch.seen = seen;
          watch.ending ??= endingOf(seen);
        },
        leave() {
          if (!watchers.delete(watcher)) return;
          for (const id of ids) {
            const watch = watched.get(id);
            if (watch === undefined || !watch.watchers.delete(watcher)) continue;
            if (watch.watchers.size > 0) continue;
            if (watch.seen === undefined && watch.ending === undefined) watched.delete(id);
            else linger(id, watch);
          }
          prune();
        },
      };
    },
    stop() {
      for (const watcher of [...watchers]) watcher.stop();
      watched.clear();
      lingering.clear();
      held = 0;
    },
  };
  return endings;
}

/** How much memory what is known of a job takes, about, in characters. */
function sizeOf({ ending }: { readonly ending: Ending | undefined }): number {
  const error: ErrorRecord | undefined = ending?.error;
  return 1000 + (ending?.result?.length ?? 0) + errorSize(error);
}
