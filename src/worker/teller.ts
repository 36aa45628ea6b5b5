/**
 * Tells what became of jobs, as the broker answered: to who listens to `reported`, and in the log what went wrong.
 *
 * | What became of a job                          | Level | Line                                                            |
 * | --------------------------------------------- | ----- | --------------------------------------------------------------- |
 * | it failed and runs again                      | warn  | `Job failed, retry 2 of 25 in 31 s`                             |
 * | its handler put it off, charged               | info  | `Job was put off, retry 2 of 25 in 31 s`                        |
 * | it is dead, as somebody cancelled it          | info  | `Job was cancelled: ` and why                                   |
 * | it is dead                                    | error | `Job is dead: no retries are left`, or what else it died of     |
 * | it was snoozed or sent on                     | debug | `Job was snoozed for 30 s`, `Job was sent on`                   |
 * | it was not this worker's any more             | warn  | `Job was taken from this worker: what it came to is not counted` |
 * | it is done                                    |       | none                                                            |
 *
 * No line has a payload. In a storm, some lines of a kind are written and the others counted (`line-limit.ts`).
 *
 * @module
 */

import type { Clock } from "../async/clock.ts";
import { toSpanText } from "../async/span-text.ts";
import type { LogFields, Logger } from "../log.ts";
import type { Job } from "../protocol/job.ts";
import type { RunningContext } from "./context.ts";
import type { DeathReason, Events, ReportedEvent } from "./events.ts";
import { createLineLimit } from "./line-limit.ts";
import { delayOf, type Outcome } from "./outcome.ts";
import type { RunReport } from "./report.ts";

/** What the broker answered: the job as it is now; true if it said only that it heard; false if the job was not in flight. */
export type ReportAnswer = Job | boolean;

/** A report that was refused, of so many jobs: the first of them, and why. */
export type Refusal = Pick<Job, "id" | "type"> & { readonly jobs: number; readonly error: unknown };

/** What a teller needs. */
export interface TellerOptions {
  readonly events: Events;
  readonly logger: Logger;
  readonly clock: Clock;
}

/** Tells what became of jobs. */
export interface Teller {
  /** Whether somebody wants to know of jobs that are just done. */
  readonly wantsSuccesses: boolean;
  /** The broker has answered the report of a run. */
  told(context: RunningContext, report: RunReport, answer: ReportAnswer): void;
  /** The broker could not be told, and that is in the log already. */
  untold(context: RunningContext): void;
  /** The broker refused a report: its jobs go back. */
  refused(fields: Refusal): void;
  /** A job that runs is not this worker's any more. */
  lost(context: RunningContext, error: Error): void;
  /** Says at once what was counted only. */
  flush(): void;
}

/** So many lines of a kind are written in that time, in ms, and the others are counted. */
const mostLines = 20;
const windowMs = 10_000;

const causes: Readonly<Record<DeathReason, string>> = {
  payload: "its payload does not fit",
  type: "no handler for its type, and no retries are left",
  retries: "no retries are left",
  cancelled: "its handler gave it up",
  unwanted: "somebody cancelled it",
  unsupported: "only a Millrace broker can do what its handler said",
};

/** Creates a teller. */
export function createTeller({ events, logger, clock }: TellerOptions): Teller {
  const limit = createLineLimit({
    clock,
    most: mostLines,
    windowMs,
    hidden: (kind, count, types) =>
      logger.warn(`${count} more lines of '${kind}' are not shown`, { types }),
  });

  const line = (
    level: keyof Logger,
    { job, attempt }: RunningContext,
    { kind, message, more }: {
      readonly kind: string;
      readonly message: string;
      readonly more?: LogFields;
    },
  ) => {
    const { id, type, queue } = job;
    if (level !== "debug" && !limit.allows(kind, type)) return;
    logger[level](message, { id, type, queue, attempt, ...more });
  };

  const emit = (context: RunningContext, rest: Became) => {
    const { job, attempt, ranMs: durationMs } = context;
    events.emit("reported", () => ({ job, attempt, durationMs, ...rest }) as ReportedEvent);
  };

  const died = (context: RunningContext, report: RunReport) => {
    const reason = toReason(report);
    const error = errorOf(report);
    const isByRule = report.kind === "cancelled" && report.cause !== undefined;
    const cause = isByRule ? "a rule for its error gave it up" : causes[reason];
    line("error", context, {
      kind: "Job is dead",
      message: `Job is dead: ${cause}`,
      more: { error },
    });
    emit(context, { became: "dead", reason, error });
  };

  const cancelled = (context: RunningContext) => {
    const error = context.cancelled!;
    const message = `Job was cancelled: ${error.message}`;
    line("info", context, { kind: "Job was cancelled", message });
    emit(context, { became: "dead", reason: "unwanted", error });
  };

  const failed = (context: RunningContext, report: RunReport, answer: Job | undefined) => {
    const { job } = context;
    const { attempts: retry, readyAt, failedAt = clock.now() } = answer ??
      { attempts: context.attempt, readyAt: clock.now() };
    // Both by the broker's clock.
    const retryInMs = Math.max(0, readyAt - failedAt);
    const { retryLimit = answer?.retryLimit } = job;
    const of = retryLimit === undefined || retry > retryLimit ? "" : ` of ${retryLimit}`;
    const again = answer === undefined ? "" : `, retry ${retry}${of} in ${toSpanText(retryInMs)}`;
    const error = errorOf(report);
    if (report.kind === "retried" && report.cause === undefined) {
      line("info", context, { kind: "Job was put off", message: `Job was put off${again}` });
    } else {
      const message = `Job failed${again}`;
      line("warn", context, { kind: "Job failed", message, more: { error } });
    }
    emit(context, { became: "retried", error, readyAt, retryInMs, retryLimit });
  };

  const snoozed = (context: RunningContext, report: Outcome, answer: Job | undefined) => {
    const retryInMs = delayOf(report) ?? 0;
    const readyAt = answer?.readyAt ?? clock.now() + retryInMs;
    const message = `Job was snoozed for ${toSpanText(retryInMs)}`;
    line("debug", context, { kind: "Job was snoozed", message });
    emit(context, { became: "snoozed", readyAt, retryInMs });
  };

  return {
    get wantsSuccesses() {
      return events.isHeard("reported");
    },
    told(context, report, answer) {
      if (answer === false) {
        // Others count no deliveries: they may say so of a report that they have received before.
        const level = context.job.deliveries === undefined ? "debug" : "warn";
        const message = "Job was taken from this worker: what it came to is not counted";
        line(level, context, { kind: "Job was taken from this worker", message });
        return emit(context, { became: "lost" });
      }
      const job = answer === true ? undefined : answer;
      if (context.cancelled !== undefined && isOver(report, job)) return cancelled(context);
      if (job?.status === "dead") return died(context, report);
      switch (report.kind) {
        case "succeeded":
        case "completed":
          return emit(context, { became: "completed" });
        case "advanced":
          line("debug", context, { kind: "Job was sent on", message: "Job was sent on" });
          return emit(context, { became: "advanced", queue: job?.queue });
        case "snoozed":
          return snoozed(context, report, job);
        case "cancelled":
          return died(context, report);
        case "failed":
          if (!report.retry) return died(context, report);
          return failed(context, report, job);
        case "retried":
          return failed(context, report, job);
      }
    },
    untold: (context) => emit(context, { became: "lost" }),
    refused(fields) {
      if (!limit.allows("Broker refused a report", fields.type)) return;
      logger.error("Broker refused a report; its jobs go back to their queue", { ...fields });
    },
    lost(context, error) {
      line("warn", context, { kind: "Job was lost", message: "Job was lost", more: { error } });
    },
    flush: limit.flush,
  };
}

/** What an event says besides which job it is about. */
type Became = ReportedEvent extends infer Event
  ? Event extends ReportedEvent ? Omit<Event, "job" | "attempt" | "durationMs"> : never
  : never;

function toReason(report: RunReport): DeathReason {
  switch (report.kind) {
    case "cancelled":
      return "cancelled";
    case "completed":
    case "advanced":
      return "unsupported";
    case "failed":
      return report.why ?? "retries";
    default:
      return "retries";
  }
}

/** Whether a run that was to be cancelled is the last of its job: a broker that does not say so has deleted it. */
function isOver({ kind }: RunReport, job: Job | undefined): boolean {
  if (job !== undefined) return job.status === "dead";
  return kind !== "succeeded" && kind !== "completed";
}

/** What was thrown, or else what the handler said. */
function errorOf(report: RunReport): unknown {
  if (report.kind === "failed") return report.error;
  return "message" in report ? report.cause ?? report.message : undefined;
}
