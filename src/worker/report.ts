/**
 * What came of a run, and what the broker is told of it.
 *
 * @module
 */

import type { Clock } from "../async/clock.ts";
import type { Failure } from "../protocol/failure.ts";
import { describeError } from "./describe-error.ts";
import { type Outcome, toFailure } from "./outcome.ts";

/**
 * What came of one run of a job:
 *
 * - `succeeded`: its handler returned.
 * - `failed`: its handler threw, took too long or does not exist, or its payload did not fit; `retry` is false if
 *   no other try can help.
 * - `cancelled`, `snoozed`, `retried`: its handler said so.
 * - `released`: the worker stopped first. The job goes back to its queue, whatever its handler came to.
 */
export type RunReport =
  | { readonly kind: "succeeded" }
  | { readonly kind: "failed"; readonly error: unknown; readonly retry: boolean }
  | Outcome
  | { readonly kind: "released" };

/** What the broker is told of a job. */
export type Acknowledgement =
  | { readonly kind: "success" }
  | { readonly kind: "failure"; readonly failure: Failure };

/**
 * Turns a report into what is sent.
 *
 * @param clock What the delay of a snooze is counted from.
 * @returns Undefined if nothing is sent: the end of the stream says it.
 */
export function toAcknowledgement(report: RunReport, clock: Clock): Acknowledgement | undefined {
  switch (report.kind) {
    case "succeeded":
      return { kind: "success" };
    case "failed":
      return {
        kind: "failure",
        failure: { ...describeError(report.error), kill: !report.retry },
      };
    case "cancelled":
    case "snoozed":
    case "retried":
      return { kind: "failure", failure: toFailure(report, clock) };
    case "released":
      return undefined;
  }
}
