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
    const run = new Run(ground, work);
    const { turns } = work;
    const open = turns && database.begin?.();
    const fail = (error: unknown): never => {
      ground.ahead.forget();
      open?.rollback();
      throw error;
    };
    try {
      if (turns === undefined || open === undefined) {
        return database.transaction(() => {
          while (!run.goOn());
          return run;
        });
      }
      if (!run.goOn()) return goOnLater(run, open, turns).catch(fail);
      open.commit();
      return run;
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

/** Goes on with work that is not done, a turn at a time, and commits it. */
async function goOnLater(run: Run, open: OpenTransaction, turns: Turns): Promise<Committed> {
  do await turns.pause(); while (!run.goOn());
  open.commit();
  return run;
}

/** So much is done before the clock is looked at again, in rows and statements: reading it takes some tenths of a microsecond. */
const unitsOfLook = 32;

type Answer = SqlRow[] | SqlValue[][] | number[];

/** Work that is being done. It can stop between two statements, and go on in a later turn. */
class Run implements Committed {
  readonly results: unknown[] = [];
  readonly changes: Change[] = [];
  readonly #ground: Ground;
  readonly #work: Work;
  /** The transition that is under way, and the step that it waits for. */
  #transition: Transition<unknown> | undefined;
  #step: IteratorResult<TransitionStep, unknown> | undefined;
  /** Of a long step, the parts that are still to come, and what those before have given. */
  #parts: Iterator<TransitionStep> | undefined;
  #given: Answer = [];
  /** Whether no other transition is begun. */
  #isLast = false;
  #hasStopped = false;
  /** Rows and statements since the last look at the clock. */
  #units = 0;

  constructor(ground: Ground, work: Work) {
    this.#ground = ground;
    this.#work = work;
  }

  /** Goes on until all is done, or it is time for others to have a turn. Gives whether all is done. */
  goOn(): boolean {
    while (this.#transition !== undefined || this.#begin()) {
      if (!this.#drive(this.#transition!)) return false;
    }
    return true;
  }

  /** Begins what comes next, if anything does. */
  #begin(): boolean {
    if (this.#isLast) return false;
    const { transitions, beforeCommit } = this.#work;
    const { length } = this.results;
    this.#isLast = length === transitions.length ||
      (length > 0 && (this.#hasStopped || this.#isTime()));
    if (!this.#isLast) this.#transition = transitions[length]!();
    else if (beforeCommit === undefined || this.changes.length === 0) return false;
    else this.#transition = beforeCommit(this.changes);
    this.#step = this.#transition.next();
    return true;
  }

  /** Drives the transition that is under way. Gives whether it is done. */
  #drive(transition: Transition<unknown>): boolean {
    let step = this.#step!;
    while (!step.done) {
      const answer = this.#answer(step.value);
      if (answer === undefined) return false;
      step = this.#step = transition.next(answer as StepAnswer);
    }
    if (!this.#isLast) this.results.push(step.value);
    this.#transition = undefined;
    return true;
  }

  /** What a step comes to; undefined if it is time to stop before it is done. */
  #answer(step: TransitionStep): Answer | undefined {
    if (!isLong(step)) {
      if (this.#mustStop()) return undefined;
      const answer = answerSync(this.#ground, step, this.changes);
      this.#units += 1 + answer.length;
      return answer;
    }
    this.#parts ??= partsOf(step);
    for (;;) {
      if (this.#mustStop()) return undefined;
      const { value: part, done } = this.#parts.next();
      if (done) break;
      const given = answerSync(this.#ground, part, this.changes);
      this.#units += rowsOfPart;
      this.#given = this.#given.length === 0 ? given : [...this.#given, ...given] as Answer;
    }
    const answer = this.#given;
    this.#parts = undefined;
    this.#given = [];
    return answer;
  }

  #mustStop(): boolean {
    if (!this.#isTime()) return false;
    this.#hasStopped = true;
    return true;
  }

  /** Whether others should have a turn. After that a while passes before it is so again. */
  #isTime(): boolean {
    const { turns } = this.#work;
    if (this.#units < unitsOfLook || turns === undefined) return false;
    this.#units = 0;
    return turns.isOver();
  }
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

function answerSync(
  { database, ahead }: Ground,
  step: TransitionStep,
  changes: Change[],
): Answer {
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

/** Rows, or runs of a statement, that one piece has at most: a multiple of the rows that drivers insert at once. */
const rowsOfPart = 512;

/** A step that can be cut. */
type LongStep = Extract<TransitionStep, { readonly kind: "insert" | "each" }>;

function isLong(step: TransitionStep): step is LongStep {
  if (step.kind === "each") return step.sets.length > rowsOfPart;
  return step.kind === "insert" && step.values.length > rowsOfPart * step.insert.width;
}

/** Cuts a step that may take long into parts. */
function* partsOf(step: LongStep): Generator<TransitionStep> {
  if (step.kind === "insert") {
    const { values, insert } = step;
    const size = rowsOfPart * insert.width;
    for (let at = 0; at < values.length; at += size) {
      yield { ...step, values: values.slice(at, at + size) };
    }
  } else {
    for (let at = 0; at < step.sets.length; at += rowsOfPart) {
      yield { ...step, sets: step.sets.slice(at, at + rowsOfPart) };
    }
  }
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
