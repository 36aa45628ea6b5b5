/**
 * When a request is sent again, after it was answered or has failed.
 *
 * @module
 */

import type { HttpFailureKind } from "./failure.ts";

/** When a request is sent again, after it was answered or has failed. */
export interface HttpRetryOptions {
  /** How often, at most; an integer of 0 or more. */
  readonly limit: number;
  /**
   * The statuses of answers that are not taken for one.
   *
   * @default {[408, 425, 429, 500, 502, 503, 504]}
   */
  readonly statuses?: readonly number[] | undefined;
  /**
   * The kinds of failure after which it is sent again.
   *
   * @default {["timeout", "connection"]}
   */
  readonly kinds?: readonly HttpFailureKind[] | undefined;
  /**
   * The wait before the first of them, in ms. It doubles each time, and up to a half of it is left out by chance. A server that
   * says `retry-after` is given that time instead.
   *
   * @default {1000}
   */
  readonly baseMs?: number | undefined;
  /**
   * The longest wait, in ms, but for what a server asks for.
   *
   * @default {3600000}
   */
  readonly maxMs?: number | undefined;
  /**
   * How long after the first try there may be another, in ms. A wait that would end later is none: what came is delivered.
   *
   * @default {no limit}
   */
  readonly deadlineMs?: number | undefined;
}
