/**
 * Runs transitions on a database: the same ones on an engine that answers at once and on one that answers later.
 *
 * @module
 */

import type { Turns } from "../async/turns.ts";
import type { Change } from "./changes.ts";
import type { Database, SqlRow, SqlValue, SyncDatabase } from "./database.ts";
import { createAsyncExecutor } from "./async-executor.ts";
import type { Committed, Executor } from "./executor-port.ts";
import { mostKeys, toWidth } from "./keyed-text.ts";
import { ReadyAhead } from "./ready-ahead.ts";
import { maxRuns, tooManyRuns, untilFresh } from "./run-again.ts";
import {
  StaleReadError,
  type StepAnswer,
  type Transition,
  type TransitionStep,
} from "./transition.ts";

/** Creates what runs transitions on a database. */
export function createExecutor(database: Database): Executor {
  return database.dialect === "sqlite"
    ? createSyncExecutor(database)
    : createAsyncExecutor(database);
}

function createSyncExecutor(database: SyncDatabase): Executor {
  const ground: Ground = { database, ahead: new ReadyAhead() };
  const runAll: (...args: Parameters<Executor["commit"]>) => Committed = (
    transitions,
    beforeCommit,
  ) => {
    const changes: Change[] = [];
    const results = transitions.map((transition) => runSync(ground, transition(), changes));
    if (beforeCommit !== undefined && changes.length > 0) {
      runSync(ground, beforeCommit(changes), changes);
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
          ground.ahead.forget();
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
          const results = [await runInPieces(ground, transition(), { changes, turns })];
          if (beforeCommit !== undefined && changes.length > 0) {
            await runInPieces(ground, beforeCommit(changes), { changes, turns });
          }
          open.commit();
          return { results, changes };
        } catch (error) {
          ground.ahead.forget();
          open.rollback();
          throw error;
        }
      })),
    read: (transition) => runSync(ground, transition, []),
    check: () => database.check?.(),
    alone: (body) => body(),
    close: () => database.close(),
  };
}

/** What transitions are run on. */
interface Ground {
  readonly database: SyncDatabase;
  readonly ahead: ReadyAhead;
}

/** Drives a transition against an engine that answers at once; what it reports is added to `changes`. */
function runSync<Result>(
  ground: Ground,
  transition: Transition<Result>,
  changes: Change[],
): Result {
  let step = transition.next();
  while (!step.done) {
    step = transition.next(answerSync(ground, step.value, changes) as StepAnswer);
  }
  return step.value;
}

function answerSync(
  { database, ahead }: Ground,
  step: TransitionStep,
  changes: Change[],
): SqlRow[] | SqlValue[][] | number[] {
  switch (step.kind) {
    case "rows":
      ahead.noteStatement(step.sql);
      return database.all(step.sql, step.params);
    case "values": {
      const { sql, params, ready } = step;
      ahead.noteStatement(sql);
      if (ready === undefined) return readValues(database, sql, params);
      const others = params.slice(0, -3);
      return ahead.rows(ready, ({ priority, seq }, limit) => {
        return readValues(database, sql, [...others, priority, seq, limit]);
      });
    }
    case "each": {
      const { sql, sets } = step;
      ahead.noteStatement(sql);
      return sets.map((params) => database.run(sql, params));
    }
    case "write":
      ahead.noteStatement(step.sql);
      database.run(step.sql, step.params);
      return nothing;
    case "keys":
      if (!step.text.sparesReady) ahead.noteStatement(step.text.ofList);
      return [runOnKeysSync(database, step)];
    case "demand":
      ahead.noteStatement(step.sql);
      if (database.all(step.sql, step.params).length === 0) throw step.otherwise();
      return nothing;
    case "insert":
      insertSync(database, step);
      return nothing;
    case "script":
      ahead.forget();
      database.script(step.sql);
      return nothing;
    case "change":
      ahead.noteChange(step.change);
      changes.push(step.change);
      return nothing;
    case "lock":
    case "turn":
      return nothing;
  }
}

function readValues(
  database: SyncDatabase,
  sql: string,
  params: readonly SqlValue[],
): SqlValue[][] {
  return database.values?.(sql, params) ?? database.all(sql, params).map(Object.values);
}

/** Drives a transition as `runSync`, and pauses between statements when it is time. */
async function runInPieces<Result>(
  ground: Ground,
  transition: Transition<Result>,
  { changes, turns }: { readonly changes: Change[]; readonly turns: Turns },
): Promise<Result> {
  let step = transition.next();
  while (!step.done) {
    let answer: SqlRow[] | SqlValue[][] | number[] = nothing;
    for (const part of partsOf(step.value)) {
      if (turns.isOver()) await turns.pause();
      const given = answerSync(ground, part, changes);
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

/** Runs a statement on rows with these keys, some at a time. Gives how many rows it changed. */
function runOnKeysSync(
  database: SyncDatabase,
  { text, params, keys }: Extract<TransitionStep, { readonly kind: "keys" }>,
): number {
  let changed = 0;
  for (let at = 0; at < keys.length; at += mostKeys) {
    const values = [...params, ...keys.slice(at, at + mostKeys)];
    const width = toWidth(values.length - params.length);
    while (values.length < params.length + width) values.push(keys[at]!);
    changed += database.run(text.of(width), values);
  }
  return changed;
}
