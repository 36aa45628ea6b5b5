/**
 * What came of a run, and what the broker is told of it.
 *
 * @module
 */

import type { Failure } from "../protocol/failure.ts";
import { type Logger, runGuarded } from "../log.ts";
import type { ReleaseTime } from "../protocol/release.ts";
import { describeError, toMessage } from "./describe-error.ts";
import { delayOf, type Outcome, type SuccessNews, successOf, toFailure } from "./outcome.ts";
import { isFinish } from "./success-outcome.ts";

/**
 * What came of one run of a job:
 *
 * - `succeeded`: its handler returned.
 * - `failed`: its handler threw, took too long or does not exist, or its payload did not fit; `retry` is false if
 *   no other try can help, and `why` says what it was if not an error of the handler.
 * - `cancelled`, `snoozed`, `retried`, `completed`, `advanced`: its handler said so.
 * - `released`: the worker stopped first. The job goes back to its queue, whatever its handler came to.
 */
export type RunReport =
  | { readonly kind: "succeeded"; readonly result?: unknown }
  | {
    readonly kind: "failed";
    readonly error: unknown;
    readonly retry: boolean;
    readonly why?: "payload" | "type";
  }
  | Outcome
  | { readonly kind: "released" };

/** What the broker is told of a job. */
export type Acknowledgement =
  | { readonly kind: "success"; readonly result?: unknown }
  | { readonly kind: "finish"; readonly success: SuccessNews }
  | { readonly kind: "failure"; readonly failure: Failure }
  | { readonly kind: "release"; readonly time: ReleaseTime };

/**
 * Turns a report into what is sent.
 *
 * @param canRelease Whether the broker knows how to take a job back. If not, a snooze is a failure with a time, and a
 * success that says more is one for good: the server would pass over what it says.
 * @returns Undefined if nothing is sent: the end of the stream says it.
 */
export function toAcknowledgement(
  report: RunReport,
  canRelease: boolean,
): Acknowledgement | undefined {
  switch (report.kind) {
    case "succeeded":
      return report.result === undefined || !canRelease
        ? { kind: "success" }
        : { kind: "success", result: report.result };
    case "failed":
      return {
        kind: "failure",
        failure: { ...describeError(report.error), kill: !report.retry },
      };
    case "snoozed":
      if (canRelease) return { kind: "release", time: { delayMs: delayOf(report) } };
      return { kind: "failure", failure: toFailure(report) };
    case "cancelled":
    case "retried":
      return { kind: "failure", failure: toFailure(report) };
    case "completed":
    case "advanced":
      // Jobs are stored by any server.
      if (canRelease || isFinish(report)) return { kind: "finish", success: successOf(report)! };
      return { kind: "failure", failure: toForeignFailure(report) };
    case "released":
      return undefined;
    default: {
      // Of another copy of this module, which knows more.
      const { kind } = report as Outcome;
      return { kind: "failure", failure: { message: `Outcome '${toMessage(kind)}' is not known` } };
    }
  }
}

function toForeignFailure({ kind, message }: Outcome): Failure {
  const why = "only a Millrace broker can do that, and this server is none";
  return { message: `${toMessage(message)}: ${why}`, errorType: kind, kill: true };
}

/** Characters that the name of a group has at most. */
const longestGroup = 200;

/**
 * Puts a failure into the group that its error belongs to.
 *
 * @param options What gives the group of an error, undefined for the broker's own; and who is told of what it throws.
 */
export function toGrouped(
  acknowledgement: Acknowledgement,
  report: RunReport,
  { groupOf, logger }: {
    readonly groupOf: (error: unknown) => string | undefined;
    readonly logger: Logger;
  },
): Acknowledgement {
  if (acknowledgement.kind !== "failure") return acknowledgement;
  const error = report.kind === "failed" ? report.error : (report as Outcome).cause;
  if (error === undefined) return acknowledgement;
  let failureGroup: string | undefined;
  runGuarded(() => {
    failureGroup = groupOf(error)?.slice(0, longestGroup).toWellFormed() || undefined;
  }, (thrown) => logger.error("Option 'failureGroup' threw", { error: thrown }));
  return { kind: "failure", failure: { ...acknowledgement.failure, failureGroup } };
}
