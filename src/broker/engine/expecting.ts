/**
 * What becomes due by the changes of a commit.
 *
 * @module
 */

import type { Clock } from "../../async/clock.ts";
import { status } from "../../protocol/status.ts";
import { addSaturating } from "../../store/add-saturating.ts";
import type { Change, JobsChange } from "../../store/changes.ts";
import type { DelayedSource } from "./due-sources.ts";
import type { SharedWork } from "./heard.ts";
import type { DueSource } from "./scheduler.ts";
import type { Settings } from "./settings.ts";

/** Creates what tells the sources of due work of each change. */
export function createExpecting(
  { clock, settings, expectAt, sources }: {
    readonly clock: Clock;
    readonly settings: Pick<Settings, "reaperIntervalMs" | "completedLimit">;
    /** Tells that a source has work at `at`, in ms since the epoch. */
    readonly expectAt: (source: DueSource, at: number) => void;
    readonly sources: Readonly<Record<Exclude<SharedWork, "outbox">, DueSource>> & {
      readonly reaping: DueSource;
      readonly trimming: DelayedSource;
    };
  },
): (change: Change) => void {
  const { promotion, reaping, trimming } = sources;

  const expectOf = (change: JobsChange) => {
    if (change.to === status.scheduled) {
      const first = change.jobs.reduce((first, { readyAt }) => Math.min(first, readyAt), Infinity);
      expectAt(promotion, first);
    } else if (change.to === status.completed || change.to === status.dead) {
      const first = change.jobs.reduce(
        (first, { purgeAt }) => Math.min(first, purgeAt ?? Infinity),
        Infinity,
      );
      expectAt(reaping, addSaturating(first, settings.reaperIntervalMs));
      if (settings.completedLimit > 0 && change.to === status.completed) {
        expectAt(trimming, trimming.dueAfter(clock.now()));
      }
    }
  };

  return (change) => {
    if (change.kind === "crons") expectAt(sources.crons, change.nextAt);
    else if (change.kind === "settlements") expectAt(sources.settling, 0);
    else if (change.kind === "cancellations") expectAt(sources.cancellations, change.nextAt);
    else if (change.kind === "leases") expectAt(sources.leases, change.nextAt);
    else if (change.kind === "jobs") expectOf(change);
  };
}
