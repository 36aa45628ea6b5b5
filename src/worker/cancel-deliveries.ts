/**
 * Cancelling jobs that are here.
 *
 * @module
 */

import type { Deliveries, Delivery } from "./deliveries.ts";
import type { Events } from "./events.ts";
import { JobCancelledError } from "../errors.ts";
import { type RunReport, toAcknowledgement } from "./report.ts";
import type { Teller } from "./teller.ts";

/** Cancels jobs. */
export interface Canceller {
  /** This one is to be cancelled. One that has not begun never does, and is reported at once. */
  cancel(delivery: Delivery, reason: string): void;
  /** These are, as the broker says. */
  cancelAll(notices: readonly { readonly id: string; readonly reason: string }[]): void;
}

/** Creates it. */
export function createCanceller(
  { deliveries, events, teller }: {
    readonly deliveries: Deliveries;
    readonly events: Events;
    readonly teller: Teller;
  },
): Canceller {
  const cancel = (delivery: Delivery, reason: string) => {
    const { context, stage } = delivery;
    const isHere = stage === "running" || stage === "waiting";
    if (context.cancelled !== undefined || !isHere) return;
    const { job, attempt } = context;
    const error = new JobCancelledError(reason);
    context.cancel(error);
    events.emit("cancelled", () => ({ job, attempt, error }));
    if (stage === "running") return;
    const report: RunReport = { kind: "failed", error, retry: false };
    deliveries.report(
      delivery,
      toAcknowledgement(report, true)!,
      (answer) => teller.told(context, report, answer),
    );
  };
  return {
    cancel,
    cancelAll(notices) {
      const reasons = new Map(notices.map(({ id, reason }) => [id, reason]));
      for (const { delivery } of deliveries.held()) {
        const reason = reasons.get(delivery.job.id);
        if (reason !== undefined) cancel(delivery, reason);
      }
    },
  };
}
