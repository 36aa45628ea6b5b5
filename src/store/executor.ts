/**
 * Runs transitions on a database: the same ones on an engine that answers at once and on one that answers later.
 *
 * @module
 */

import type { Turns } from "../async/turns.ts";
import type { Change } from "./changes.ts";
import type { Database, OpenTransaction, SqlRow, SqlValue, SyncDatabase } from "./database.ts";
import { createAsyncExecutor } from "./async-executor.ts";
import type { BeforeCommit, Committed, Executor } from "./executor-port.ts";
import { mostKeys, toWidth } from "./keyed-text.ts";
import { ReadyAhead } from "./ready-ahead.ts";
import { withRange } from "./ready-range.ts";
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

  /** Gives a promise once it was time for others to have a turn. */
  const attempt = (work: Work): Committed | Promise<Committed> => {
    const steps = runAll(ground, work);
    const { turns } = work;
    const open = turns && database.begin?.();
    const fail = (error: unknown): never => {
      ground.ahead.forget();
      open?.rollback();
      throw error;
    };
    try {
      if (turns === undefined || open === undefined) {
        return database.transaction(() => finish(steps));
      }
      const first = steps.next();
      if (!first.done) return runOn(steps, open, turns).catch(fail);
      open.commit();
      return first.value;
    } catch (error) {
      return fail(error);
    }
  };

  const commitFresh = (work: Work): Committed | Promise<Committed> => {
    for (let runs = 1;; runs++) {
      try {
        const committed = attempt(work);
        if (!(committed instanceof Promise)) return committed;
        return committed.catch((error) => {
          if (!(error instanceof StaleReadError)) throw error;
          return untilFresh(async () => await attempt(work));
        });
      } catch (error) {
        if (!(error instanceof StaleReadError)) throw error;
        if (runs === maxRuns) throw tooManyRuns(error);
      }
    }
  };

  return {
    isShared: false,
    open: () => database.open(),
    commit: (transitions, beforeCommit, turns) => commitFresh({ transitions, beforeCommit, turns }),
    read: (transition) => runSync(ground, transition),
    check: () => database.check?.(),
    alone: (body) => body(),
    close: () => database.close(),
  };
}

/** What one transaction does. */
interface Work {
  readonly transitions: readonly (() => Transition<unknown>)[];
  readonly beforeCommit: BeforeCommit | undefined;
  /** Undefined where the event loop may be held until it is done. */
  readonly turns: Turns | undefined;
}

/** Does work, and yields when it is time for others to have a turn. */
function* runAll(
  ground: Ground,
  { transitions, beforeCommit, turns }: Work,
): Generator<void, Committed> {
  const changes: Change[] = [];
  const watch: Watch = { turns, changes, units: 0, hasPaused: false };
  const results: unknown[] = [];
  for (const transition of transitions) {
    if (results.length > 0 && (watch.hasPaused || isOver(watch))) break;
    results.push(yield* runSteps(ground, transition(), watch));
  }
  if (beforeCommit !== undefined && changes.length > 0) {
    yield* runSteps(ground, beforeCommit(changes), watch);
  }
  return { results, changes };
}

/** Goes on with work that is not done, a turn at a time, and commits it. */
async function runOn(
  steps: Generator<void, Committed>,
  open: OpenTransaction,
  turns: Turns,
): Promise<Committed> {
  for (;;) {
    await turns.pause();
    const step = steps.next();
    if (!step.done) continue;
    open.commit();
    return step.value;
  }
}

/** Does work to its end, in this turn. */
function finish<Result>(steps: Generator<void, Result>): Result {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

/** How long work takes, and what it changed. */
interface Watch {
  readonly turns: Turns | undefined;
  readonly changes: Change[];
  /** Rows and statements since somebody last looked at the clock. */
  units: number;
  hasPaused: boolean;
}

/** So much is done before the clock is looked at again: reading it takes some tenths of a microsecond. */
const unitsOfLook = 32;

/** Whether it is time for others to have a turn. */
function isOver(watch: Watch): boolean {
  if (watch.units < unitsOfLook || watch.turns === undefined) return false;
  if (watch.turns.isOver()) return true;
  watch.units = 0;
  return false;
}

function* pauseFor(watch: Watch): Generator<void> {
  watch.units = 0;
  watch.hasPaused = true;
  yield;
}

/** What transitions are run on. */
interface Ground {
  readonly database: SyncDatabase;
  readonly ahead: ReadyAhead;
}

/** Drives a transition that changes nothing. */
function runSync<Result>(ground: Ground, transition: Transition<Result>): Result {
  let step = transition.next();
  while (!step.done) step = transition.next(answerSync(ground, step.value, []) as StepAnswer);
  return step.value;
}

/** Drives a transition; what it reports is added to the changes. Yields when it is time for others to have a turn. */
function* runSteps<Result>(
  ground: Ground,
  transition: Transition<Result>,
  watch: Watch,
): Generator<void, Result> {
  let step = transition.next();
  while (!step.done) {
    let answer: SqlRow[] | SqlValue[][] | number[] = nothing;
    if (isLong(step.value)) {
      for (const part of partsOf(step.value)) {
        if (isOver(watch)) yield* pauseFor(watch);
        const given = answerSync(ground, part, watch.changes);
        watch.units += rowsOfPart;
        answer = answer === nothing ? given : [...answer, ...given] as typeof given;
      }
    } else {
      if (isOver(watch)) yield* pauseFor(watch);
      answer = answerSync(ground, step.value, watch.changes);
      watch.units += 1 + answer.length;
    }
    step = transition.next(answer as StepAnswer);
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
      return ahead.rows(ready, (range) => readValues(database, sql, withRange(params, range)));
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

/** Rows, or runs of a statement, that one piece has at most. */
const rowsOfPart = 500;

function isLong(step: TransitionStep): boolean {
  if (step.kind === "each") return step.sets.length > rowsOfPart;
  return step.kind === "insert" && step.values.length > rowsOfPart * step.insert.width;
}

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
