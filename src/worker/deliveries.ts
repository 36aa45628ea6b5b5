/**
 * The deliveries that are here: jobs that arrived and whose reports the broker has not confirmed.
 *
 * When a stream breaks off, the broker delivers its jobs again, here or elsewhere. A job that is still here does not
 * run a second time: when its report is ready, that is the report of the new delivery. A job that was done here does not
 * run again either, if its report reached the broker while the job was in flight nowhere: it is reported once more.
 *
 * Any other job that arrives is run, though one with its id is here: it was put, requeued, taken away or moved on since, and
 * nothing that this worker did is an answer to it. The former run is not this worker's any more.
 *
 * | A job that arrives                                  | Is it here, or was it done here?                        |
 * | --------------------------------------------------- | ------------------------------------------------------- |
 * | after it was put off here, and its time has come    | no                                                      |
 * | from a server that does not count deliveries        | yes, but for the next attempt of a run that failed      |
 * | on the same stream                                  | no: no connection broke                                 |
 * | under a lease                                       | no: it comes when the former lease is over              |
 * | with another type, queue, `attempts` or `readyAt`   | no: somebody moved it, and a disconnect does not        |
 * | on a later stream, as it was                        | yes                                                     |
 *
 * @module
 */

import type { Clock } from "../async/clock.ts";
import type { Logger } from "../log.ts";
import type { ReportResult } from "../protocol/ack.ts";
import type { Job } from "../protocol/job.ts";
import type { Acker } from "./acker.ts";
import { RunningContext } from "./context.ts";
import { describeError } from "./describe-error.ts";
import type { Acknowledgement, RunReport } from "./report.ts";
import type { ReportAnswer } from "./teller.ts";

/** A delivered job. */
export interface Delivery {
  /** What its handler is told. */
  readonly context: RunningContext;
  /** The job as it was delivered last: what its report is about. */
  job: Job;
  /** How far it is. */
  stage: "waiting" | "running" | "succeeded" | "failed" | "released" | "gone";
  /** On which stream it came last. */
  stream: number;
  /** The job as it was reported last; undefined before. */
  reported: Job | undefined;
  /** When it came, by the monotonic clock, in ms; 0 where nobody wants to know. */
  cameAt: number;
  /** Whether the job was delivered again since it was reported. */
  redelivered: boolean;
  /** When a job that was given back comes again at the earliest, by the monotonic clock, in ms. */
  dueAt: number;
  /** What it came to, for the jobs that wait for it; undefined for nothing. */
  result?: unknown;
}

/** A delivery of a broker that counts them, as it was at some time: it may have come once more since. */
export interface Held {
  readonly delivery: Delivery;
  /** The number that the broker gave it. */
  readonly number: number;
}

/** The deliveries that are here. */
export interface Deliveries {
  /** How many there are. */
  readonly size: number;
  /** How many of them are done, and the broker has not confirmed a report. */
  readonly unreported: number;
  /** Another stream is open: what came before may come again. */
  opened(): void;
  /** Takes in a job that arrived; undefined if there is nothing to run: it is here already, or was done here. */
  accept(job: Job): Delivery | undefined;
  /**
   * Tells the broker what came of a job; `told` hears its answer, but for that of a success; and that the job has failed,
   * if the broker refused what was to be stored with its success.
   */
  report(
    delivery: Delivery,
    acknowledgement: Acknowledgement,
    told?: (answer: ReportAnswer, refused?: RunReport) => void,
  ): void;
  /** The broker has confirmed these successes, but for those that were not in flight; `told` hears of each. */
  acked(
    jobs: readonly Job[],
    result: ReportResult,
    told?: (delivery: Delivery, found: boolean) => void,
  ): void;
  /** Forgets those that were not reported. */
  drop(deliveries: readonly Delivery[]): void;
  /**
   * Forgets jobs that were reported in vain.
   *
   * @returns How many of them came again meanwhile: nobody will report that delivery.
   */
  giveUp(jobs: readonly Job[], untold: (delivery: Delivery) => void): number;
  /** These were to be given back, and cannot be: gives those that wait here again. */
  keep(lent: readonly Delivery[]): Delivery[];
  /** All. */
  all(): Delivery[];
  /** Those that run. */
  running(): Delivery[];
  /** All of a broker that counts deliveries. */
  held(): Held[];
  /** Takes out those that wait or run and are not this worker's any more, and gives those that run. */
  lose(held: readonly Held[]): Delivery[];
}

/** What tells a job from the same job after somebody moved it; the end of a connection leaves it as it was. */
type Stay = Pick<Job, "type" | "queue" | "attempts" | "readyAt">;

/** What is known of a job that was done here. */
interface Done extends Stay {
  /** On which stream it came. */
  readonly stream: number;
}

/** How many jobs are remembered that were done here and will be delivered again. */
const maxRemembered = 10_000;

/**
 * Creates an empty set of deliveries.
 *
 * @param acker What sends the reports.
 * @param options The logger of the worker, for the contexts of the jobs, its clock, who wants to know that a job
 * arrived whose former run goes on here, and who wants to know that a delivery is not here any more whose failure or return was
 * reported.
 */
export function createDeliveries(
  acker: Acker,
  { logger, clock, superseded, freed }: {
    readonly logger: Logger;
    readonly clock: Clock;
    readonly superseded: (former: Delivery) => void;
    readonly freed?: (() => void) | undefined;
  },
): Deliveries {
  const byId = new Map<string, Delivery>();
  /** Done here, but not in flight when the broker got the report: by their ids, oldest first. */
  const done = new Map<string, Done>();
  /** How many streams have been opened. */
  let stream = 0;

  const remember = ({ job, stream }: Delivery) => {
    const { id, type, queue, attempts, readyAt } = job;
    done.set(id, { type, queue, attempts, readyAt, stream });
    if (done.size > maxRemembered) done.delete(done.keys().next().value!);
  };

  /** Whether a job comes again only because the connection broke on which it came before. */
  const isRedelivery = (job: Job, before: Stay, cameOn: number): boolean =>
    cameOn < stream && job.leaseToken === undefined && isSameStay(job, before);

  /** Whether a job that arrived is the one that is here already. */
  const isHere = (job: Job, present: Delivery): boolean => {
    const { stage, dueAt, job: before } = present;
    // Sooner than it was put off, it comes because its stream broke off before the broker heard of that.
    if (stage === "released" && clock.monotonic() >= dueAt) return false;
    if (job.deliveries !== undefined) return isRedelivery(job, before, present.stream);
    // The next run may come before the answer to the report of the last one.
    return stage !== "failed" || job.attempts <= before.attempts;
  };

  /** Whether a job that arrived was done here. With more attempts it has failed elsewhere since: who knows what was undone. */
  const wasDone = (job: Job): boolean => {
    const before = done.get(job.id);
    if (before === undefined) return false;
    if (job.deliveries !== undefined) return isRedelivery(job, before, before.stream);
    return job.attempts === before.attempts;
  };

  /** A job came anew of which another run is here. */
  const supersede = (former: Delivery) => {
    const { stage, reported } = former;
    if (stage === "succeeded") acker.withdraw(reported!);
    if (isDone(former)) return;
    former.stage = "gone";
    if (stage === "running") superseded(former);
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
    opened() {
      stream++;
    },
    accept(job) {
      const present = byId.get(job.id);
      if (present !== undefined) {
        if (isHere(job, present)) {
          present.job = job;
          present.stream = stream;
          present.redelivered = true;
          return undefined;
        }
        supersede(present);
      }
      const delivery: Delivery = {
        context: new RunningContext(job, logger),
        job,
        stage: "waiting",
        stream,
        reported: undefined,
        cameAt: 0,
        redelivered: false,
        dueAt: 0,
      };
      byId.set(job.id, delivery);
      if (done.size > 0 && wasDone(job)) {
        deliveries.report(delivery, { kind: "success" });
        return undefined;
      }
      return delivery;
    },
    report(delivery, acknowledgement, told) {
      const { job } = delivery;
      const confirmed = (answer: ReportAnswer) => {
        if (needsSecondReport(delivery, answer !== false)) {
          deliveries.report(delivery, acknowledgement, told);
        } else {
          if (byId.get(job.id) === delivery) byId.delete(job.id);
          told?.(answer);
        }
        freed?.();
      };
      delivery.redelivered = false;
      delivery.reported = job;
      switch (acknowledgement.kind) {
        case "success":
          delivery.stage = "succeeded";
          delivery.result = acknowledgement.result;
          return acker.succeed(job, acknowledgement.result);
        case "finish":
          delivery.stage = "succeeded";
          return acker.finish(job, acknowledgement.success, {
            done: confirmed,
            // The job has failed of it.
            refused(error) {
              const failed = { kind: "failed", error, retry: true } as const;
              const acknowledgement = { kind: "failure", failure: describeError(error) } as const;
              deliveries.report(delivery, acknowledgement, (answer) => told?.(answer, failed));
            },
          });
        case "failure":
          delivery.stage = "failed";
          return acker.fail(job, acknowledgement.failure, confirmed);
        case "release":
          delivery.stage = "released";
          delivery.dueAt = clock.monotonic() + (acknowledgement.time.delayMs ?? 0);
          return acker.release(job, acknowledgement.time, confirmed);
      }
    },
    acked(jobs, { notFound }, told) {
      const missing = new Set(notFound);
      for (const job of jobs) {
        const { id } = job;
        const delivery = byId.get(id);
        if (delivery?.reported !== job) continue; // It has come anew.
        const found = !missing.has(id);
        if (needsSecondReport(delivery, found)) {
          deliveries.report(delivery, { kind: "success", result: delivery.result });
          continue;
        }
        byId.delete(id);
        if (found) done.delete(id);
        else remember(delivery);
        told?.(delivery, found);
      }
    },
    drop(unwanted) {
      for (const delivery of unwanted) {
        const { id } = delivery.job;
        if (byId.get(id) === delivery) byId.delete(id);
      }
    },
    giveUp(jobs, untold) {
      let again = 0;
      for (const job of jobs) {
        const delivery = byId.get(job.id);
        if (delivery?.reported !== job) continue; // It runs once more.
        byId.delete(job.id);
        untold(delivery);
        if (delivery.job.deliveries !== job.deliveries) again++;
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
      const held: Held[] = [];
      for (const delivery of byId.values()) {
        const { deliveries: number } = delivery.job;
        if (number !== undefined) held.push({ delivery, number });
      }
      return held;
    },
    lose(held) {
      const running: Delivery[] = [];
      for (const { delivery, number } of held) {
        const { stage, job } = delivery;
        if (byId.get(job.id) !== delivery || job.deliveries !== number) continue;
        if (isDone(delivery)) continue;
        if (stage === "running") running.push(delivery);
        delivery.stage = "gone";
        byId.delete(job.id);
      }
      return running;
    },
  };
  return deliveries;
}

/** Whether it waits in the pool and is this worker's. */
export function isWaiting({ stage }: Delivery): boolean {
  return stage === "waiting";
}

/** Whether only the report of a job is not confirmed. */
function isDone({ stage }: Delivery): boolean {
  return stage !== "waiting" && stage !== "running";
}

/** Whether nobody has moved a job. */
function isSameStay(job: Stay, before: Stay): boolean {
  return job.type === before.type && job.queue === before.queue &&
    job.attempts === before.attempts && job.readyAt === before.readyAt;
}
