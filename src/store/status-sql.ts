/**
 * Statuses in SQL: every condition is made from the table of statuses.
 *
 * @module
 */

import { type Phase, status, statuses, type StatusTable } from "../protocol/status.ts";

/**
 * The condition that a row has one of these statuses.
 *
 * The codes are written out, and are no parameters, so that an engine sees which partial index serves.
 *
 * @param codes The codes of the statuses; at least one.
 * @param column The column that holds the code.
 */
export function hasStatus(codes: readonly number[], column = "status"): string {
  return codes.length === 1 ? `${column} = ${codes[0]}` : `${column} IN (${codes.join(", ")})`;
}

/** The condition that a row has a status of one of these phases. */
export function inPhase(
  phases: readonly Phase[],
  table: Pick<StatusTable<never>, "codesOf"> = statuses,
): string {
  return hasStatus(table.codesOf(...phases));
}

/** The job becomes ready later. */
export const isScheduled: string = hasStatus([status.scheduled]);

/** The job can be taken. */
export const isReady: string = hasStatus([status.ready]);

/** A worker has the job. */
export const isInFlight: string = hasStatus([status.inFlight]);

/** The job waits or runs. */
export const isUnfinished: string = inPhase(["waiting", "running"]);
