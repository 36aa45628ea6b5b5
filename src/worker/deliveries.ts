/**
 * The deliveries that are here: jobs that arrived and whose reports the broker has not confirmed.
 *
 * When a stream breaks off, the broker delivers its jobs again, here or elsewhere. A job that is still here does not
 * run a second time: when its report is ready, that is the report of the new delivery. A job that was done here does not
 * run again either, if its report reached the broker while the job was in flight nowhere: it is reported once more.
 *
 * @module
 */

import type { Clock } from "../async/clock.ts";
import type { Logger } from "../log.ts";
import type { ReportResult } from "../protocol/ack.ts";
import type { Job } from "../protocol/job.ts";
import type { HeldDelivery } from "../protocol/worker-statement.ts";
import type { Acker } from "./acker.ts";
import { RunningContext } from "./context.ts";
import type { Acknowledgement } from "./report.ts";

/** A delivered job. */
export interface Delivery {
  /** What its handler is told. */
  readonly context: RunningContext;
  /** The job as it was delivered last: what its report is about. */
  job: Job;
  /** How far it is. */
  stage: "waiting" | "running" | "succeeded" | "failed" | "released" | "gone";
  /** When it came, by the monotonic clock, in ms; 0 where nobody wants to know. */
  cameAt: number;
  /** Whether the job was delivered again since it was reported. */
  redelivered: boolean;
  /** When a job that was given back comes again at the earliest, by the monotonic clock, in ms. */
  dueAt: number;
  /** What it came to, for the jobs that wait for it; undefined for nothing. */
  result?: unknown;
}

/** The deliveries that are here. */
export interface Deliveries {
  /** How many there are. */
  readonly size: number;
  /** How many of them are done, and the broker has not confirmed a report. */
  readonly unreported: number;
  /** Takes in a job that arrived; undefined if there is nothing to run: it is here already, or was done here. */
  accept(job: Job): Delivery | undefined;
  /** Tells the broker what came of a job. */
  report(delivery: Delivery, acknowledgement: Acknowledgement): void;
  /** The broker has confirmed these successes, but for those that were not in flight. */
  acked(jobs: readonly Job[], result: ReportResult): void;
  /** Forgets jobs that were not reported, at these deliveries. */
  drop(jobs: Iterable<Job>): void;
  /**
   * Forgets jobs that were reported in vain.
   *
   * @returns How many of them came again meanwhile: nobody will report that delivery.
   */
  giveUp(jobs: readonly Job[]): number;
  /** These were to be given back, and cannot be: gives those that wait here again. */
  keep(lent: readonly Delivery[]): Delivery[];
  /** All. */
  all(): Delivery[];
  /** Those that run. */
  running(): Delivery[];
  /** All of a broker that counts deliveries. */
  held(): HeldDelivery[];
  /** Takes out those that wait or run and are not this worker's any more, and gives those that run. */
  lose(held: readonly HeldDelivery[]): Delivery[];
}

/** How many jobs are remembered that were done here and will be delivered again. */
const maxRemembered = 10_000;

/**
 * Creates an empty set of deliveries.
 *
 * @param acker What sends the reports.
 * @param options The logger of the worker, for the contexts of the jobs, its clock, and who wants to know that a delivery is
 * not here any more whose failure or return was reported.
 */
export function createDeliveries(
  acker: Acker,
  { logger, clock, freed }: {
    readonly logger: Logger;
    readonly clock: Clock;
    readonly freed?: (() => void) | undefined;
  },
): Deliveries {
  const byId = new Map<string, Delivery>();
  /** Done here, but not in flight when the broker got the report: the jobs by their ids, oldest first. */
  const doneJobs = new Map<string, Pick<Job, "attempts" | "readyAt">>();

  const remember = ({ id, attempts, readyAt }: Job) => {
    doneJobs.set(id, { attempts, readyAt });
    if (doneJobs.size > maxRemembered) doneJobs.delete(doneJobs.keys().next().value!);
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
    get unreported() {
      let count = 0;
      for (const delivery of byId.values()) if (isDone(delivery)) count++;
      return count;
    },
    accept(job) {
      const present = byId.get(job.id);
      const isAnew = present !== undefined && isPutAnew(present.job, job);
      if (present !== undefined && !isAnew && !isNextRun(present, job, clock)) {
        present.job = job;
        present.redelivered = true;
        return undefined;
      }
      if (isAnew && !isDone(present)) present.stage = "gone";
      const delivery: Delivery = {
        context: new RunningContext(job, logger),
        job,
        stage: "waiting",
        cameAt: 0,
        redelivered: false,
        dueAt: 0,
      };
      byId.set(job.id, delivery);
      // With more attempts it has failed elsewhere since, and nobody knows what was undone.
      const done = doneJobs.size > 0 ? doneJobs.get(job.id) : undefined;
      if (done?.attempts === job.attempts && !isPutAnew(done, job)) {
        deliveries.report(delivery, { kind: "success" });
        return undefined;
      }
      return delivery;
    },
    report(delivery, acknowledgement) {
      const { job } = delivery;
      const done = (found: boolean) => {
        if (needsSecondReport(delivery, found)) deliveries.report(delivery, acknowledgement);
        else if (byId.get(job.id) === delivery) byId.delete(job.id);
        freed?.();
      };
      delivery.redelivered = false;
      switch (acknowledgement.kind) {
        case "success":
          delivery.stage = "succeeded";
          delivery.result = acknowledgement.result;
          return acker.succeed(job, acknowledgement.result);
        case "finish": {
          const { success } = acknowledgement;
          // What goes on in another queue may come here again at once.
          delivery.stage = success.next === undefined ? "succeeded" : "released";
          delivery.dueAt = clock.monotonic() + (success.next?.delayMs ?? 0);
          return acker.finish(job, success, done);
        }
        case "failure":
          delivery.stage = "failed";
          return acker.fail(job, acknowledgement.failure, done);
        case "release":
          delivery.stage = "released";
          delivery.dueAt = clock.monotonic() + (acknowledgement.time.delayMs ?? 0);
          return acker.release(job, acknowledgement.time, done);
      }
    },
    acked(jobs, { notFound }) {
      const missing = new Set(notFound);
      for (const { id, deliveries } of jobs) {
        const delivery = byId.get(id);
        if (delivery === undefined) continue;
        // The report was of a run before it was put anew.
        if (delivery.job.deliveries !== deliveries && !delivery.redelivered) continue;
        const found = !missing.has(id);
        if (needsSecondReport(delivery, found)) {
          acker.succeed(delivery.job, delivery.result);
          continue;
        }
        byId.delete(id);
        if (found) doneJobs.delete(id);
        else remember(delivery.job);
      }
    },
    drop(jobs) {
      for (const { id, deliveries } of jobs) {
        if (byId.get(id)?.job.deliveries === deliveries) byId.delete(id);
      }
    },
    giveUp(jobs) {
      let again = 0;
      for (const { id, deliveries } of jobs) {
        const delivery = byId.get(id);
        if (delivery === undefined || !isDone(delivery)) continue; // It runs once more.
        byId.delete(id);
        if (delivery.job.deliveries !== deliveries) again++;
      }
      return again;
    },
    keep(lent) {
      const kept = lent.filter((delivery) => byId.get(delivery.job.id) === delivery);
      for (const delivery of kept) delivery.stage = "waiting";
      return kept;
    },
    all: () => [...byId.values()],
    running: () => [...byId.values()].filter(({ stage }) => stage === "running"),
    held() {
      const held: HeldDelivery[] = [];
      for (const { job: { id, deliveries } } of byId.values()) {
        if (deliveries !== undefined) held.push({ id, delivery: deliveries });
      }
      return held;
    },
    lose(held) {
      const running: Delivery[] = [];
      for (const { id, delivery } of held) {
        const lost = byId.get(id);
        if (lost === undefined || lost.job.deliveries !== delivery) continue;
        if (isDone(lost)) continue;
        if (lost.stage === "running") running.push(lost);
        lost.stage = "gone";
        byId.delete(id);
      }
      return running;
    },
  };
  return deliveries;
}

/** Whether only the report of a job is not confirmed. */
function isDone({ stage }: Delivery): boolean {
  return stage !== "waiting" && stage !== "running";
}

/**
 * Whether a job is another one than before but for its id: somebody has put it anew, or moved it. What is delivered again
 * because a stream broke off was ready at the same instant.
 */
function isPutAnew(before: Pick<Job, "readyAt">, { readyAt }: Job): boolean {
  return before.readyAt !== readyAt;
}

/** Whether a job that is here already arrived to be run anew: it may come before the answer to the report of the last run. */
function isNextRun({ stage, dueAt, job: before }: Delivery, job: Job, clock: Clock): boolean {
  // Sooner than it was put off, it comes because its stream broke off before the broker heard of that.
  if (stage === "released") return clock.monotonic() >= dueAt;
  return stage === "failed" && job.attempts > before.attempts;
}
