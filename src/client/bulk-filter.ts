/**
 * Which jobs are meant by a call that changes many.
 *
 * @module
 */

import type { JobFilter } from "../protocol/filter.ts";

/** Which jobs to change, delete, cancel or try again together. */
export interface BulkFilter extends JobFilter {
  /**
   * Says that a filter without members is meant: every job there is.
   *
   * @default {false}
   */
  readonly all?: boolean | undefined;
}
