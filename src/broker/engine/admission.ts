/**
 * The checks that every new job passes, whether it comes over HTTP, from a cron entry, or from another part of the broker.
 *
 * @module
 */

import type { Clock } from "../../async/clock.ts";
import { createTurns } from "../../async/turns.ts";
import { checkBindings } from "../../protocol/binding.ts";
import { checkDependencies, checkGraph } from "../../protocol/dependency-request.ts";
import { checkEnqueue, type NewJob } from "../../protocol/new-job.ts";
import type { RawPayload } from "../../protocol/record.ts";
import { type Rejection, unprocessable } from "../../protocol/rejection.ts";
import { checkTagCount } from "../../protocol/tags.ts";
import type { NewRecord } from "../../store/enqueue.ts";
import type { StepBudget } from "../../jq/meter.ts";
import type { Expressions } from "../../store/expressions.ts";
import { toCreated, toRecorded } from "../../store/job-rules.ts";
import type { Identities } from "./ids.ts";

/** Checks new jobs. */
export interface Admission {
  /**
   * Checks jobs that are to be stored together, without reading the database: first their form (`invalid`), then what they
   * ask for (`unprocessable`). Gives the first rejection; undefined when there is none.
   *
   * @param budget The steps that the expressions of the call may take; what is left afterwards says how much they took.
   */
  check(jobs: readonly NewJob[], budget?: StepBudget): Rejection | undefined;
  /** Checks many jobs, or several that have expressions, in the same way, and gives other work its turns. */
  checkMany(jobs: readonly NewJob[], budget: StepBudget): Promise<Rejection | undefined>;
  /** Checks the bindings and the batch of a job. Gives what is wrong; undefined when nothing is. */
  checkRequirements(job: NewJob): string | undefined;
  /** The record of a job that was checked, stored at `now`, in ms since the epoch. */
  toRecord(job: NewJob, now: number): NewRecord;
}

const encoder = new TextEncoder();

/** Creates the checks of a broker. */
export function createAdmission(
  { expressions, maxPayloadBytes, recordsAll, identities, clock }: {
    readonly expressions: Expressions;
    /** The size of a payload at most, in bytes. */
    readonly maxPayloadBytes: number;
    /** Whether all jobs keep a history, also those that do not ask for it. */
    readonly recordsAll: boolean;
    readonly identities: Pick<Identities, "next">;
    readonly clock: Clock;
  },
): Admission {
  const checkPayload = (payload: RawPayload): string | undefined => {
    // A text has at most three bytes for each of its length, so few have to be measured.
    const mostBytes = typeof payload === "string" ? payload.length * 3 : payload.length;
    if (mostBytes <= maxPayloadBytes) return undefined;
    const bytes = typeof payload === "string" ? encoder.encode(payload).length : payload.length;
    if (bytes <= maxPayloadBytes) return undefined;
    return `payload is ${bytes} bytes, at most ${maxPayloadBytes} are accepted`;
  };

  const checkRequirements = (job: NewJob, budget: StepBudget = expressions.newBudget()) =>
    checkTagCount(job.tags.length) ?? checkBindings(job.budgets) ??
      expressions.checkBatch(job, budget);

  /** What a call asks for as a whole. */
  const checkWhole = (jobs: readonly NewJob[]): Rejection | undefined => {
    const message = checkGraph(jobs);
    return message === undefined ? undefined : unprocessable(message);
  };

  const checkLinks = ({ dependsOn }: NewJob, jobs: readonly NewJob[]) =>
    dependsOn.length === 0 ? undefined : checkDependencies(dependsOn, jobs.length);

  const first = (
    jobs: readonly NewJob[],
    kind: Rejection["kind"],
    check: (job: NewJob) => string | undefined,
  ): Rejection | undefined => {
    for (let index = 0; index < jobs.length; index++) {
      const message = check(jobs[index]!);
      if (message !== undefined) return { kind, message, index };
    }
    return undefined;
  };

  const checkForm = (job: NewJob) => checkEnqueue(job) ?? checkPayload(job.payload);

  return {
    check(jobs, budget = expressions.newBudget()) {
      return first(jobs, "invalid", checkForm) ??
        first(
          jobs,
          "unprocessable",
          (job) => checkRequirements(job, budget) ?? checkLinks(job, jobs),
        ) ?? checkWhole(jobs);
    },
    async checkMany(jobs, budget) {
      const passes = [
        ["invalid", checkForm],
        [
          "unprocessable",
          (job: NewJob) => checkRequirements(job, budget) ?? checkLinks(job, jobs),
        ],
      ] as const;
      const turns = createTurns(clock);
      for (const [kind, check] of passes) {
        for (const [index, job] of jobs.entries()) {
          const message = check(job);
          if (message !== undefined) return { kind, message, index };
          if (turns.isOver()) await turns.pause();
        }
      }
      return checkWhole(jobs);
    },
    checkRequirements: (job) => checkRequirements(job),
    toRecord(job, now) {
      const record = toCreated(job, identities.next(), now);
      return {
        job: recordsAll || job.history ? toRecorded(record) : record,
        bindings: job.budgets,
        dependsOn: job.dependsOn,
        isStrict: job.strictDependencies === true,
      };
    },
  };
}
