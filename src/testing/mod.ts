/**
 * What tests of jobs need: a clock that moves only when a test says so.
 *
 * @example
 * ```ts
 * import { createTestClock } from "@millrace/millrace/testing";
 *
 * const clock = createTestClock(0);
 * await clock.advance(250);
 * console.log(clock.now()); // 250
 * ```
 *
 * @module
 */

export type { Clock } from "../async/clock.ts";
export { createTestClock, type TestClock } from "./test-clock.ts";
