/**
 * Whether the database takes a commit.
 *
 * @module
 */

import { toBytes } from "./text-bytes.ts";
import { run, type Transition } from "./transition.ts";

/**
 * Writes a row of `bytes` and deletes it: a commit that has to reach the disk and leaves nothing behind. To set a row
 * to what it is would not do, as SQLite does not write what does not change.
 */
export function* probeCommit(bytes: number): Transition<void> {
  yield* run(
    "INSERT INTO errors (job_id, attempt, message, dequeued_at, failed_at) VALUES ('', 0, ?, 0, 0)",
    [toBytes("x".repeat(bytes))],
  );
  yield* run("DELETE FROM errors WHERE job_id = '' AND attempt = 0");
}
