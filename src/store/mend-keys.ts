/**
 * Jobs whose keys are no numbers that a broker can read: earlier brokers believed whoever told them of such keys, and stored jobs
 * behind these. Each gets another key, and keeps its id.
 *
 * @module
 */

import { lockRows } from "./dialect.ts";
import { rows, run, type Transition } from "./transition.ts";

/** The columns that hold keys of jobs. */
const references: readonly (readonly [table: string, column: string])[] = [
  ["failures", "job"],
  ["dependencies", "job"],
  ["dependencies", "parent"],
  ["results", "job"],
  ["settlements", "parent"],
  ["leases", "job"],
  ["job_tags", "job"],
  ["spawned", "job"],
  ["history", "job"],
  ["tracked", "job"],
  ["job_meta", "job"],
  ["job_progress", "job"],
  ["children", "job"],
  ["cancellations", "job"],
];

/** How many of them one transaction mends. */
const pieceSize = 200;

/**
 * Mends some.
 *
 * @param next Gives a key that no job has.
 * @returns How many there were.
 */
export function* mendKeys(next: () => number): Transition<number> {
  const found = yield* rows<{ key: string }>(
    `SELECT CAST(seq AS TEXT) AS key FROM jobs WHERE seq > ? ORDER BY seq LIMIT ? ${lockRows}`,
    [Number.MAX_SAFE_INTEGER, pieceSize],
  );
  for (const { key } of found) {
    const seq = next();
    // The id leads to its row by an index from now on, and not by its key.
    yield* run("UPDATE jobs SET seq = ?, named = 1 WHERE seq = CAST(? AS BIGINT)", [seq, key]);
    for (const [table, column] of references) {
      yield* run(`UPDATE ${table} SET ${column} = ? WHERE ${column} = CAST(? AS BIGINT)`, [
        seq,
        key,
      ]);
    }
  }
  return found.length;
}
