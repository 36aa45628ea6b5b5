/**
 * What workers report: a run succeeded or failed, or its job is given back.
 *
 * | The report names                              | What happens                                               |
 * | --------------------------------------------- | ---------------------------------------------------------- |
 * | no delivery                                   | the run that is in flight ends, whichever it is            |
 * | the delivery that is in flight                | that run ends                                              |
 * | one that this report, sent before, has ended  | nothing; the answer is that of the first time              |
 * | another one                                   | nothing; the report is missed, and the answer says why     |
 *
 * @module
 */

import type { Clock, Random } from "../../async/clock.ts";
import { pause } from "../../async/turns.ts";
import { type ReportResult, toReportResult } from "../../protocol/ack.ts";
import type { Failure } from "../../protocol/failure.ts";
import {
  completeJobs,
  type EndedRun,
  failJob,
  type MissedReport,
  type RunReference,
  type TakenJob,
} from "../../store/finish.ts";
import { releaseRuns } from "../../store/release.ts";
import type { Store } from "../../store/store.ts";
import { createRecentEnds, type RunEnd } from "./recent-ends.ts";
import type { Settings } from "./settings.ts";

/** Takes reports; each call resolves when what it reports is durable. */
export interface Reports {
  /** Ends runs well. Gives the reports that were missed. */
  complete(runs: readonly RunReference[]): Promise<readonly MissedReport[]>;
  /** Ends a run as failed. */
  fail(run: RunReference, failure: Failure): Promise<EndedRun>;
  /**
   * Gives jobs back, uncharged.
   *
   * @param readyAt When they are ready again, in ms since the epoch; undefined for at once.
   */
  release(runs: readonly RunReference[], readyAt?: number): Promise<readonly EndedRun[]>;
}

/** What reports work with. */
export interface ReportsOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly settings: Settings;
  /** What is known of a job in flight since it was taken. */
  takenJob(id: string): TakenJob | undefined;
}

const succeeded: RunEnd = { kind: "succeeded" };

/** Jobs of one transaction at most. */
const jobsOfPiece = 2000;

/** Creates what takes reports. */
export function createReports(
  { store, clock, random, settings, takenJob }: ReportsOptions,
): Reports {
  const ends = createRecentEnds();
  const terms = () => ({ now: clock.now(), defaults: settings });

  const remember = ({ id, delivery }: RunReference, end: RunEnd) => {
    if (delivery !== undefined) ends.remember(id, delivery, end);
  };
  const isRepeated = ({ id, delivery }: RunReference) =>
    delivery !== undefined && ends.find("succeeded", id, delivery) !== undefined;

  /** The outcome of the first report, if this one repeats it. */
  const asBefore = (outcome: EndedRun, kind: "failed" | "released"): EndedRun => {
    if ("job" in outcome) return outcome;
    const { id, delivery } = outcome.missed;
    return (delivery === undefined ? undefined : ends.find(kind, id, delivery)) ?? outcome;
  };

  const completePiece = async (
    runs: readonly RunReference[],
  ): Promise<readonly MissedReport[]> => {
    const jobs = runs.map(({ id, delivery }) => {
      const taken = takenJob(id);
      const isMeant = delivery === undefined || taken?.deliveries === delivery;
      return { id, delivery, taken: isMeant ? taken : undefined };
    });
    let tries = 0;
    // Together at first: when that could not tell which jobs were in flight, one by one.
    const missed = await store.write(
      () => completeJobs(jobs, { ...terms(), oneByOne: tries++ > 0 }),
      jobs.length,
    );
    if (missed.length === 0) {
      for (const run of runs) remember(run, succeeded);
      return missed;
    }
    const missedIds = new Set(missed.map(({ id }) => id));
    for (const run of runs) if (!missedIds.has(run.id)) remember(run, succeeded);
    return missed.filter((run) => !isRepeated(run));
  };

  const releasePiece = async (runs: readonly RunReference[], readyAt: number | undefined) => {
    const outcomes = await store.write(
      () => releaseRuns(runs, { readyAt, now: clock.now() }),
      runs.length,
    );
    for (const [at, outcome] of outcomes.entries()) {
      if ("job" in outcome) remember(runs[at]!, { kind: "released", job: outcome.job });
    }
    return outcomes.map((outcome) => asBefore(outcome, "released"));
  };

  return {
    complete: (runs) => inPieces(runs, completePiece, clock),
    async fail(run, failure) {
      const outcome = await store.write(() =>
        failJob(run, failure, { ...terms(), jitter: random() })
      );
      if ("job" in outcome) remember(run, { kind: "failed", job: outcome.job });
      return asBefore(outcome, "failed");
    },
    release: (runs, readyAt) => inPieces(runs, (piece) => releasePiece(piece, readyAt), clock),
  };
}

/** Whether the job of a report is there, and only the delivery is over. */
export function isStale({ delivery, job }: MissedReport): boolean {
  return delivery !== undefined && job !== undefined;
}

/** What is told of reports of which these were missed. */
export function resultOf(missed: readonly MissedReport[]): ReportResult {
  return toReportResult(missed.map(({ id }) => id), missed.filter(isStale).map(({ id }) => id));
}

/** Other work gets its turns between two pieces. */
async function inPieces<Item, Result>(
  items: readonly Item[],
  work: (piece: readonly Item[]) => Promise<readonly Result[]>,
  clock: Clock,
): Promise<readonly Result[]> {
  if (items.length <= jobsOfPiece) return await work(items);
  const results: Result[] = [];
  for (let at = 0; at < items.length; at += jobsOfPiece) {
    if (at > 0) await pause(clock);
    for (const result of await work(items.slice(at, at + jobsOfPiece))) results.push(result);
  }
  return results;
}
