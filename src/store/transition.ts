/**
 * A transition: one atomic piece of durable work, written as a generator that yields statements.
 *
 * It receives rows and counts, never awaits, and never says BEGIN, so the same text runs inside a
 * synchronous transaction (SQLite, a Durable Object) and inside an asynchronous one. It may run
 * twice when the first commit fails: whatever it changes besides the database is the business of who
 * asked for it, after the commit.
 *
 * @module
 */

import type { SqlRow, SqlValue, SyncDatabase } from "./database.ts";

/** One statement to run: for its rows, or once for each set of parameters for the counts. */
export type Step =
  | { readonly sql: string; readonly params: readonly SqlValue[] }
  | { readonly sql: string; readonly each: readonly (readonly SqlValue[])[] };

/** A transition in progress: yields {@linkcode Step}s, is sent what they gave, returns its result. */
export type Transition<Result> = Generator<Step, Result, SqlRow[] & number[]>;

/** Runs one statement and gives its rows, which the caller knows the columns of. */
export function* rows<Row extends object = SqlRow>(
  sql: string,
  params: readonly SqlValue[] = [],
): Transition<Row[]> {
  return (yield { sql, params }) as unknown as Row[];
}

/** Runs one statement for each set of parameters and gives how many rows each run changed. */
export function* each(
  sql: string,
  sets: readonly (readonly SqlValue[])[],
): Transition<number[]> {
  return sets.length === 0 ? [] : yield { sql, each: sets };
}

/** Runs one statement and gives how many rows it changed. */
export function* run(sql: string, params: readonly SqlValue[] = []): Transition<number> {
  return (yield { sql, each: [params] })[0] ?? 0;
}

/** Drives a transition against an engine that answers at once. */
export function runSync<Result>(driver: SyncDatabase, transition: Transition<Result>): Result {
  let step = transition.next();
  while (!step.done) {
    const { value } = step;
    const answer: SqlRow[] | number[] = "each" in value
      ? value.each.map((params) => driver.run(value.sql, params))
      : driver.all(value.sql, value.params);
    step = transition.next(answer as SqlRow[] & number[]);
  }
  return step.value;
}
