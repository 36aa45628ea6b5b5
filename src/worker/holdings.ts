/**
 * The jobs that are here: delivered, and the broker has not yet heard what came of them.
 *
 * A stream that broke off makes the broker deliver its jobs again, here or elsewhere. What is here is not run a
 * second time: its report, when it is ready, will do for the new delivery. Nor is a job that was done here, but whose
 * report came while it was in nobody's hands.
 *
 * @module
 */

import type { Logger } from "../log.ts";
import type { Failure } from "../protocol/failure.ts";
import type { Job } from "../protocol/job.ts";
import type { Acker } from "./acker.ts";
import { RunningContext } from "./context.ts";

/** A job that is here. */
export interface Holding {
  readonly context: RunningContext;
  /** Where it stands. */
  stage: "waiting" | "running" | "succeeded" | "failed";
  /** Whether it was delivered again meanwhile. */
  redelivered: boolean;
}

/** The jobs that are here. */
export interface Holdings {
  /** How many there are. */
  readonly size: number;
  /** Takes in a delivered job; undefined if it is here already and there is nothing to be done. */
  take(job: Job): Holding | undefined;
  /** Reports what came of a job: its failure, or success if there is none. */
  report(holding: Holding, failure: Failure | undefined): void;
  /** The broker has heard of successes, those in `notFound` came to nothing. */
  acked(ids: readonly string[], notFound: readonly string[]): void;
  /** Lets jobs go that were not reported. */
  drop(ids: Iterable<string>): void;
  /** Those that run. */
  running(): Holding[];
}

/** How many jobs are remembered that were done and will come again. */
const longestMemory = 10_000;

/** Creates an empty set of holdings. */
export function createHoldings(acker: Acker, logger: Logger): Holdings {
  const byId = new Map<string, Holding>();
  /** Done here, not in flight when the broker heard of it: the attempts of the job by its id, oldest first. */
  const done = new Map<string, number>();

  const remember = ({ id, attempts }: Job) => {
    done.set(id, attempts);
    if (done.size > longestMemory) done.delete(done.keys().next().value!);
  };

  /** Whether a job must be reported once more: the report came between two deliveries and hit neither. */
  const isUnheard = (holding: Holding, found: boolean): boolean => {
    if (found || !holding.redelivered) return false;
    holding.redelivered = false;
    return true;
  };

  const holdings: Holdings = {
    get size() {
      return byId.size;
    },
    take(job) {
      const present = byId.get(job.id);
      // A failure that the broker has heard may bring the next attempt before its answer is here.
      const isNextAttempt = present?.stage === "failed" &&
        job.attempts > present.context.job.attempts;
      if (present !== undefined && !isNextAttempt) {
        present.redelivered = true;
        return undefined;
      }
      const holding: Holding = {
        context: new RunningContext(job, logger),
        stage: "waiting",
        redelivered: false,
      };
      byId.set(job.id, holding);
      // With more attempts it has failed elsewhere since, and nobody knows what was undone.
      if (done.size > 0 && done.get(job.id) === job.attempts) {
        holdings.report(holding, undefined);
        return undefined;
      }
      return holding;
    },
    report(holding, failure) {
      const { id } = holding.context.job;
      if (failure === undefined) {
        holding.stage = "succeeded";
        return acker.succeed(id);
      }
      holding.stage = "failed";
      acker.fail(id, failure, (found) => {
        if (isUnheard(holding, found)) holdings.report(holding, failure);
        else if (byId.get(id) === holding) byId.delete(id);
      });
    },
    acked(ids, notFound) {
      const missing = new Set(notFound);
      for (const id of ids) {
        const holding = byId.get(id);
        if (holding === undefined) continue;
        const found = !missing.has(id);
        if (isUnheard(holding, found)) {
          acker.succeed(id);
          continue;
        }
        byId.delete(id);
        if (found) done.delete(id);
        else remember(holding.context.job);
      }
    },
    drop(ids) {
      for (const id of ids) byId.delete(id);
    },
    running: () => [...byId.values()].filter(({ stage }) => stage === "running"),
  };
  return holdings;
}
