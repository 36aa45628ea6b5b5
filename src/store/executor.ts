/**
 * Runs transitions on a database: the same ones on an engine that answers at once and on one that answers later.
 *
 * @module
 */

import { StoreError } from "../errors.ts";
import type { Turns } from "../async/turns.ts";
import type { Change } from "./changes.ts";
import type {
  AsyncConnection,
  AsyncDatabase,
  Database,
  SqlRow,
  SqlValue,
  SyncDatabase,
} from "./database.ts";
import { mayRunAgain, toPostgres, toPostgresSchema } from "./dialect.ts";
import {
  StaleReadError,
  type StepAnswer,
  type Transition,
  type TransitionStep,
} from "./transition.ts";

/** What was committed: a result for each transition, and all that they changed. */
export interface Committed {
  readonly results: readonly unknown[];
  readonly changes: readonly Change[];
}

/** Writes what is kept about changes: the last step of each commit that has some. */
export type BeforeCommit = (changes: readonly Change[]) => Transition<unknown>;

/** Runs transitions. On an engine that answers at once, what it gives is no promise. */
export interface Executor {
  /** Whether other brokers may work on the same database. */
  readonly isShared: boolean;
  /**
   * Opens the database.
   *
   * @throws {StoreError} If it cannot be opened; it may be tried again.
   */
  open(): void | Promise<void>;
  /**
   * Runs transitions in one transaction, in their order, all or none. Runs all of them again when other brokers changed
   * what they read.
   *
   * @throws What a transition throws, or {@linkcode StoreError} when the commit fails.
   */
  commit(
    transitions: readonly (() => Transition<unknown>)[],
    beforeCommit?: BeforeCommit,
  ): Committed | Promise<Committed>;
  /**
   * Runs a large transition in one transaction, and gives other work a turn between its statements. Until its promise is
   * settled, nothing else may be asked of the executor. Undefined where the database cannot do that, or need not.
   */
  readonly commitInPieces:
    | ((
      transition: () => Transition<unknown>,
      beforeCommit: BeforeCommit | undefined,
      turns: Turns,
    ) => Promise<Committed>)
    | undefined;
  /** Runs a transition that changes nothing, on what is committed. */
  read<Result>(transition: Transition<Result>): Result | Promise<Result>;
  /**
   * Checks that the file of the database is still there.
   *
   * @throws {StoreError} If it is not.
   */
  check(): void;
  /** Runs `body` while no other broker of the same database does. */
  alone(body: () => Promise<void>): Promise<void>;
  /** Closes the database. */
  close(): void | Promise<void>;
}

/** How often transitions are run, at most, when other brokers interfere each time. */
const maxRuns = 10;

/** Creates what runs transitions on a database. */
export function createExecutor(database: Database): Executor {
  return database.dialect === "sqlite"
    ? createSyncExecutor(database)
    : createAsyncExecutor(database);
}

function createSyncExecutor(database: SyncDatabase): Executor {
  const runAll: (...args: Parameters<Executor["commit"]>) => Committed = (
    transitions,
    beforeCommit,
  ) => {
    const changes: Change[] = [];
    const results = transitions.map((transition) => runSync(database, transition(), changes));
    if (beforeCommit !== undefined && changes.length > 0) {
      runSync(database, beforeCommit(changes), changes);
    }
    return { results, changes };
  };
  return {
    isShared: false,
    open: () => database.open(),
    commit(transitions, beforeCommit) {
      for (let runs = 1;; runs++) {
        try {
          return database.transaction(() => runAll(transitions, beforeCommit));
        } catch (error) {
          if (!(error instanceof StaleReadError)) throw error;
          if (runs === maxRuns) throw tooManyRuns(error);
        }
      }
    },
    commitInPieces: database.begin && ((transition, beforeCommit, turns) =>
      untilFresh(async () => {
        const open = database.begin!();
        try {
          const changes: Change[] = [];
          const results = [await runInPieces(database, transition(), { changes, turns })];
          if (beforeCommit !== undefined && changes.length > 0) {
            await runInPieces(database, beforeCommit(changes), { changes, turns });
          }
          open.commit();
          return { results, changes };
        } catch (error) {
          open.rollback();
          throw error;
        }
      })),
    read: (transition) => runSync(database, transition, []),
    check: () => database.check?.(),
    alone: (body) => body(),
    close: () => database.close(),
  };
}

/** Drives a transition against an engine that answers at once; what it reports is added to `changes`. */
function runSync<Result>(
  database: SyncDatabase,
  transition: Transition<Result>,
  changes: Change[],
): Result {
  let step = transition.next();
  while (!step.done) {
    step = transition.next(answerSync(database, step.value, changes) as StepAnswer);
  }
  return step.value;
}

function answerSync(
  database: SyncDatabase,
  step: TransitionStep,
  changes: Change[],
): SqlRow[] | SqlValue[][] | number[] {
  switch (step.kind) {
    case "rows":
      return database.all(step.sql, step.params);
    case "values":
      return database.values?.(step.sql, step.params) ??
        database.all(step.sql, step.params).map(Object.values);
    case "each": {
      const { sql, sets } = step;
      return sets.map((params) => database.run(sql, params));
    }
    case "insert":
      insertSync(database, step);
      return nothing;
    case "script":
      database.script(step.sql);
      return nothing;
    case "change":
      changes.push(step.change);
      return nothing;
    case "lock":
    case "turn":
      return nothing;
  }
}

/** Runs it again while others interfere. */
async function untilFresh<Result>(
  attempt: () => Promise<Result>,
  mayRepeat: (error: unknown) => boolean = (error) => error instanceof StaleReadError,
): Promise<Result> {
  for (let runs = 1;; runs++) {
    try {
      return await attempt();
    } catch (error) {
      if (!mayRepeat(error)) throw error;
      if (runs === maxRuns) throw tooManyRuns(error);
    }
  }
}

/** Drives a transition as `runSync`, and pauses between statements when it is time. */
async function runInPieces<Result>(
  database: SyncDatabase,
  transition: Transition<Result>,
  { changes, turns }: { readonly changes: Change[]; readonly turns: Turns },
): Promise<Result> {
  let step = transition.next();
  while (!step.done) {
    let answer: SqlRow[] | SqlValue[][] | number[] = nothing;
    for (const part of partsOf(step.value)) {
      if (turns.isOver()) await turns.pause();
      const given = answerSync(database, part, changes);
      answer = answer === nothing ? given : [...answer, ...given] as typeof given;
    }
    step = transition.next(answer as StepAnswer);
  }
  return step.value;
}

/** Rows, or runs of a statement, that one piece has at most. */
const rowsOfPart = 500;

/** Cuts a step that may take long into parts. */
function* partsOf(step: TransitionStep): Generator<TransitionStep> {
  if (step.kind === "insert") {
    const { values, insert } = step;
    const size = rowsOfPart * insert.width;
    for (let at = 0; at < values.length; at += size) {
      yield { ...step, values: values.slice(at, at + size) };
    }
  } else if (step.kind === "each") {
    for (let at = 0; at < step.sets.length; at += rowsOfPart) {
      yield { ...step, sets: step.sets.slice(at, at + rowsOfPart) };
    }
  } else yield step;
}

const nothing: number[] = [];

function insertSync(
  database: SyncDatabase,
  { insert, values }: Extract<TransitionStep, { readonly kind: "insert" }>,
): void {
  const { width } = insert;
  let at = 0;
  // What is left of large statements goes with smaller ones, of few sizes.
  for (
    let rows = database.rowsAtOnce ?? 1;
    at + width <= values.length;
    rows = Math.ceil(rows / 8)
  ) {
    const size = width * rows;
    for (; at + size <= values.length; at += size) {
      database.run(insert.of(rows), values.slice(at, at + size));
    }
  }
}

function createAsyncExecutor(database: AsyncDatabase): Executor {
  const translate = createTranslator();
  return {
    isShared: true,
    open: () => database.open(),
    commit: (transitions, beforeCommit) =>
      untilFresh(
        () =>
          database.transaction(async (connection) => {
            const changes: Change[] = [];
            const results: unknown[] = [];
            for (const transition of transitions) {
              results.push(await runAsync(connection, transition(), { translate, changes }));
            }
            if (beforeCommit !== undefined && changes.length > 0) {
              await runAsync(connection, beforeCommit(changes), { translate, changes });
            }
            return { results, changes };
          }),
        (error) => error instanceof StaleReadError || mayRunAgain(error),
      ),
    commitInPieces: undefined, // Waiting for each answer gives others their turns.
    read(transition) {
      const reader: AsyncConnection = {
        all: (sql, params) => database.all(sql, params),
        run: () => Promise.reject(new Error("Cannot write: this transition only reads")),
        script: () => Promise.reject(new Error("Cannot write: this transition only reads")),
      };
      return runAsync(reader, transition, { translate, changes: [] });
    },
    check() {},
    alone: (body) => database.alone?.(body) ?? body(),
    close: () => database.close(),
  };
}

/** What driving a transition works with. */
interface AsyncMeans {
  /** Gives a text in the engine's own words. */
  readonly translate: (sql: string) => string;
  /** Gathers what is reported. */
  readonly changes: Change[];
}

/** Drives a transition against an engine that answers later. */
async function runAsync<Result>(
  connection: AsyncConnection,
  transition: Transition<Result>,
  means: AsyncMeans,
): Promise<Result> {
  let step = transition.next();
  while (!step.done) {
    const answer = await answerAsync(connection, step.value, means);
    step = transition.next(answer as StepAnswer);
  }
  return step.value;
}

async function answerAsync(
  connection: AsyncConnection,
  step: TransitionStep,
  { translate, changes }: AsyncMeans,
): Promise<SqlRow[] | SqlValue[][] | number[]> {
  switch (step.kind) {
    case "rows":
      return await connection.all(translate(step.sql), step.params);
    case "lock":
      await connection.all(translate(step.sql), step.params);
      return nothing;
    case "values":
      return (await connection.all(translate(step.sql), step.params)).map(Object.values);
    case "each": {
      const sql = translate(step.sql);
      if (connection.runEach !== undefined) return await connection.runEach(sql, step.sets);
      const counts: number[] = [];
      for (const params of step.sets) counts.push(await connection.run(sql, params));
      return counts;
    }
    case "insert":
      await insertAsync(connection, step, translate);
      return nothing;
    case "script":
      await connection.script(toPostgresSchema(step.sql));
      return nothing;
    case "change":
      changes.push(step.change);
      return nothing;
    case "turn":
      return nothing;
  }
}

/** Parameters in one statement at most; PostgreSQL's own limit is 65,535. */
const maxParams = 32_000;

/** Inserts many rows with one statement. */
async function insertAsync(
  connection: AsyncConnection,
  { insert, values }: Extract<TransitionStep, { readonly kind: "insert" }>,
  translate: (sql: string) => string,
): Promise<void> {
  const { width } = insert;
  const size = width * Math.max(1, Math.floor(maxParams / width));
  for (let at = 0; at < values.length; at += size) {
    const part = values.slice(at, at + size);
    await connection.run(translate(insert.of(part.length / width)), part);
  }
}

/** Translated texts are kept, up to this many: of most there is one, of an INSERT one for each number of rows. */
const keptTexts = 2000;

function createTranslator(): (sql: string) => string {
  const texts = new Map<string, string>();
  return (sql) => {
    let text = texts.get(sql);
    if (text === undefined) {
      if (texts.size >= keptTexts) texts.clear();
      texts.set(sql, text = toPostgres(sql));
    }
    return text;
  };
}

function tooManyRuns(cause: unknown): StoreError {
  return new StoreError(`Cannot commit: others were in the way ${maxRuns} times in a row`, {
    cause,
  });
}
