/**
 * What happens to jobs, as rows that all brokers of a database read: only while somebody listens to events at one of them.
 *
 * | Table        | A row for                                                                                     |
 * | ------------ | --------------------------------------------------------------------------------------------- |
 * | `event_log`  | the events of a commit, written in it as its last statement                                   |
 * | `event_runs` | the run under way (one row): its name, until when commits are written down, what was deleted  |
 *
 * The number of a row is drawn when all else of its commit is done. So what follows from another commit has a greater number
 * than that. A number may be there before a smaller one, whose commit is still under way, or was never made: who reads in order
 * stops before a hole, until nobody is left who could fill it ({@linkcode listWriters}).
 *
 * The statements of this file are PostgreSQL's: on SQLite there is one broker, which knows what it did.
 *
 * @module
 */

import { rows, run as change, type Transition } from "./transition.ts";

/** A run: the time in which somebody listens. */
export interface EventRun {
  readonly run: string;
  /** Until when commits are written down, in ms since the epoch. */
  readonly until: number;
  /** The greatest number of a row that was deleted. */
  readonly trimmed: number;
}

/** The events of a commit. */
export interface LoggedRow {
  readonly entry: number;
  readonly run: string;
  readonly body: string;
}

const runColumns = "run, until, trimmed";

/**
 * Goes on with the run that is under way, or begins one.
 *
 * @param terms `run` is the name of a new one; `until` is when it ends if nobody says more, in ms since the epoch.
 * @returns The run, whether it is new, and a row of it that all which is written from now on comes behind.
 */
export function* openEventRun(
  { run, now, until }: { readonly run: string; readonly now: number; readonly until: number },
): Transition<EventRun & { readonly isNew: boolean; readonly entry: number }> {
  const [found] = yield* rows<EventRun>(
    `INSERT INTO event_runs (id, run, until, trimmed) VALUES (1, ?, ?, 0)
     ON CONFLICT (id) DO UPDATE SET
       run = CASE WHEN event_runs.until > ? THEN event_runs.run ELSE excluded.run END,
       until = greatest(event_runs.until, excluded.until)
     RETURNING ${runColumns}`,
    [run, until, now],
  );
  const isNew = found!.run === run;
  if (isNew) yield* change("DELETE FROM event_log");
  const entry = yield* appendEvents(found!.run, "[]");
  return { ...found!, isNew, entry };
}

/** A run lasts longer; gives false if it is over, and another one is under way. */
export function* extendEventRun(name: string, until: number): Transition<boolean> {
  const sql = "UPDATE event_runs SET until = greatest(until, ?) WHERE run = ?";
  return (yield* change(sql, [until, name])) === 1;
}

/** The last run that there was. */
export function* readEventRun(): Transition<EventRun | undefined> {
  const [row] = yield* rows<EventRun>(`SELECT ${runColumns} FROM event_runs`, []);
  return row;
}

/** Writes a row; gives its number. The last statement of a transaction. */
export function* appendEvents(run: string, body: string): Transition<number> {
  const [row] = yield* rows<{ entry: number }>(
    "INSERT INTO event_log (run, body) VALUES (?, ?) RETURNING entry",
    [run, body],
  );
  return row!.entry;
}

/** The number of the first row of a run. */
export function* firstLogged(run: string): Transition<number | undefined> {
  const [row] = yield* rows<{ entry: number | null }>(
    "SELECT min(entry) AS entry FROM event_log WHERE run = ?",
    [run],
  );
  return row?.entry ?? undefined;
}

/** The rows behind a number, in order. */
export function* readLogged(after: number, limit: number): Transition<LoggedRow[]> {
  return yield* rows<LoggedRow>(
    "SELECT entry, run, body FROM event_log WHERE entry > ? ORDER BY entry LIMIT ?",
    [after, limit],
  );
}

/** Transactions that have written to the log and are under way, by names that no later ones have. */
export function* listWriters(): Transition<string[]> {
  const found = yield* rows<{ name: string }>(
    `SELECT DISTINCT virtualtransaction AS name FROM pg_locks
     WHERE relation = CAST('event_log' AS regclass) AND mode = 'RowExclusiveLock'`,
    [],
  );
  return found.map(({ name }) => name);
}

/** Deletes the rows of a run before a number. */
export function* trimLogged(run: string, before: number): Transition<void> {
  const gone = yield* change("DELETE FROM event_log WHERE run = ? AND entry < ?", [run, before]);
  if (gone === 0) return;
  yield* change("UPDATE event_runs SET trimmed = greatest(trimmed, ?) WHERE run = ?", [
    before - 1,
    run,
  ]);
}

/** The workers with names that have jobs in flight on streams, by the ids of the jobs. */
export function* listStreamWorkers(): Transition<ReadonlyMap<string, string>> {
  const found = yield* rows<{ id: string; worker: string }>(
    `SELECT jobs.id, holders.worker FROM holders JOIN jobs ON jobs.holder = holders.id
     WHERE holders.worker IS NOT NULL`,
    [],
  );
  return new Map(found.map(({ id, worker }) => [id, worker]));
}
