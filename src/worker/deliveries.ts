/**
 * The deliveries that are here: jobs that arrived and whose reports the broker has not confirmed.
 *
 * When a stream breaks off, the broker delivers its jobs again, here or elsewhere. A job that is still here does not
 * run a second time: when its report is ready, that answers the new delivery too. A job that was done here does not
 * run again either, if its report reached the broker while the job was in flight nowhere: it is reported once more.
 *
 * @module
 */

import type { Logger } from "../log.ts";
import type { Job } from "../protocol/job.ts";
import type { Acker } from "./acker.ts";
import { RunningContext } from "./context.ts";
import type { Acknowledgement } from "./report.ts";

/** A delivered job. */
export interface Delivery {
  /** What its handler is told. */
  readonly context: RunningContext;
  /** How far it is. */
  stage: "waiting" | "running" | "succeeded" | "failed";
  /** Whether the job was delivered again meanwhile. */
  redelivered: boolean;
}

/** The deliveries that are here. */
export interface Deliveries {
  /** How many there are. */
  readonly size: number;
  /** Takes in a job that arrived; undefined if there is nothing to run: it is here already, or was done here. */
  accept(job: Job): Delivery | undefined;
  /** Tells the broker what came of a job. */
  report(delivery: Delivery, acknowledgement: Acknowledgement): void;
  /** The broker has confirmed these successes; those in `notFound` were not in flight. */
  acked(ids: readonly string[], notFound: readonly string[]): void;
  /** Forgets jobs that were not reported. */
  drop(ids: Iterable<string>): void;
  /** Those that run. */
  running(): Delivery[];
}

/** How many jobs are remembered that were done here and will be delivered again. */
const maxRemembered = 10_000;

/**
 * Creates an empty set of deliveries.
 *
 * @param acker What sends the reports.
 * @param logger The logger of the worker, for the contexts of the jobs.
 */
export function createDeliveries(acker: Acker, logger: Logger): Deliveries {
  const byId = new Map<string, Delivery>();
  /** Done here, but not in flight when the broker got the report: the attempts of each job by its id, oldest first. */
  const doneAttempts = new Map<string, number>();

  const remember = ({ id, attempts }: Job) => {
    doneAttempts.set(id, attempts);
    if (doneAttempts.size > maxRemembered) {
      doneAttempts.delete(doneAttempts.keys().next().value!);
    }
  };

  /** Whether a job must be reported once more: the report came between two deliveries and reached neither. */
  const needsSecondReport = (delivery: Delivery, found: boolean): boolean => {
    if (found || !delivery.redelivered) return false;
    delivery.redelivered = false;
    return true;
  };

  const deliveries: Deliveries = {
    get size() {
      return byId.size;
    },
    accept(job) {
      const present = byId.get(job.id);
      // The next attempt may arrive before the answer to the failure that led to it.
      const isNextAttempt = present?.stage === "failed" &&
        job.attempts > present.context.job.attempts;
      if (present !== undefined && !isNextAttempt) {
        present.redelivered = true;
        return undefined;
      }
      const delivery: Delivery = {
        context: new RunningContext(job, logger),
        stage: "waiting",
        redelivered: false,
      };
      byId.set(job.id, delivery);
      // With more attempts it has failed elsewhere since, and nobody knows what was undone.
      if (doneAttempts.size > 0 && doneAttempts.get(job.id) === job.attempts) {
        deliveries.report(delivery, { kind: "success" });
        return undefined;
      }
      return delivery;
    },
    report(delivery, acknowledgement) {
      const { id } = delivery.context.job;
      if (acknowledgement.kind === "success") {
        delivery.stage = "succeeded";
        return acker.succeed(id);
      }
      delivery.stage = "failed";
      acker.fail(id, acknowledgement.failure, (found) => {
        if (needsSecondReport(delivery, found)) deliveries.report(delivery, acknowledgement);
        else if (byId.get(id) === delivery) byId.delete(id);
      });
    },
    acked(ids, notFound) {
      const missing = new Set(notFound);
      for (const id of ids) {
        const delivery = byId.get(id);
        if (delivery === undefined) continue;
        const found = !missing.has(id);
        if (needsSecondReport(delivery, found)) {
          acker.succeed(id);
          continue;
        }
        byId.delete(id);
        if (found) doneAttempts.delete(id);
        else remember(delivery.context.job);
      }
    },
    drop(ids) {
      for (const id of ids) byId.delete(id);
    },
    running: () => [...byId.values()].filter(({ stage }) => stage === "running"),
  };
  return deliveries;
}
