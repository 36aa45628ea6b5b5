/**
 * Lanes: jobs that draw on the same budgets wait in one line.
 *
 * @module
 */

import { budgetsOf } from "../protocol/binding.ts";

/** Names the lane of a job with these bindings, as a record holds them; empty for a job without any. */
export function laneOf(budgets: string | null): string {
  if (budgets === null) return "";
  return JSON.stringify(budgetsOf({ budgets }).sort());
}

/** The budgets of a lane. */
export function budgetsOfLane(lane: string): string[] {
  return lane === "" ? [] : JSON.parse(lane);
}
