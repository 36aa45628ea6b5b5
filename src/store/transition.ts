/**
 * A transition: one atomic piece of durable work, written as a generator that yields statements and reports.
 *
 * It receives rows and counts, never awaits, and never says BEGIN, so the same text runs on an engine that answers at
 * once and on one that answers later. It may run twice, when the first commit fails or what it read has changed before
 * it wrote. So it changes nothing but the database: what it did it reports as data, and who runs it passes that on
 * once the commit is through.
 *
 * @module
 */

import type { Change } from "./changes.ts";
import type { SqlRow, SqlValue } from "./database.ts";
import type { ReadyRange } from "./ready-range.ts";

/** An INSERT of any number of rows. */
export interface InsertText {
  readonly table: string;
  readonly columns: readonly string[];
  /** How many values a row has. */
  readonly width: number;
  /** The text that inserts so many rows: `INSERT INTO table (columns) VALUES (?, …), (?, …)`. */
  of(rows: number): string;
}

/** A statement whose last parameters are keys. */
export interface KeyedText {
  /** The text for so many keys. */
  of(count: number): string;
  /** The text for any number of keys, which are one parameter: an array, as PostgreSQL has it. */
  readonly ofList: string;
  /** Whether it changes no job that is ready, but for those that are reported as taken. */
  readonly sparesReady: boolean;
}

/** One step of a transition. */
export type TransitionStep =
  /** Runs a statement for its rows. */
  | { readonly kind: "rows"; readonly sql: string; readonly params: readonly SqlValue[] }
  /** Runs a statement for its rows, each as the list of its values. */
  | {
    readonly kind: "values";
    readonly sql: string;
    readonly params: readonly SqlValue[];
    /**
     * The ready jobs that it reads, whose range whoever runs it adds to the parameters (`withRange`): where nobody else writes, some
     * may have been read before, and others are read ahead. Undefined if it reads anything else, and all parameters are there.
     */
    readonly ready?: ReadyRange | undefined;
  }
  /** Runs a statement once for each set of parameters, for the counts of changed rows. */
  | { readonly kind: "each"; readonly sql: string; readonly sets: readonly (readonly SqlValue[])[] }
  /** Runs a statement, and nobody needs to know what it changed. */
  | { readonly kind: "write"; readonly sql: string; readonly params: readonly SqlValue[] }
  /**
   * Runs a statement on rows with keys, for the count of changed rows. With `otherwise`, it has to change all of them, else nothing
   * of the transaction is committed: the count may be told before it is known.
   */
  | {
    readonly kind: "keys";
    readonly text: KeyedText;
    readonly params: readonly SqlValue[];
    readonly keys: readonly number[];
    readonly otherwise?: (() => Error) | undefined;
  }
  /** Runs a statement that has to give a row: else nothing of the transaction is committed. What follows may not wait for it. */
  | {
    readonly kind: "demand";
    readonly sql: string;
    readonly params: readonly SqlValue[];
    readonly otherwise: () => Error;
  }
  /** Inserts rows, whose values stand one behind the other. */
  | { readonly kind: "insert"; readonly insert: InsertText; readonly values: readonly SqlValue[] }
  /** Locks the rows that a statement reads; nothing where nobody else writes. */
  | { readonly kind: "lock"; readonly sql: string; readonly params: readonly SqlValue[] }
  /** Runs statements without parameters. */
  | { readonly kind: "script"; readonly sql: string }
  /** Does nothing; in a large transaction, others may have a turn. */
  | { readonly kind: "turn" }
  /** Reports what was changed. */
  | { readonly kind: "change"; readonly change: Change };

/** A transition in progress: yields {@linkcode TransitionStep}s, is sent what they gave, returns its result. */
export type Transition<Result> = Generator<TransitionStep, Result, StepAnswer>;

/** What a step gives: rows, their values, or counts, as its kind says. */
export type StepAnswer = SqlRow[] & SqlValue[][] & number[];

/**
 * What a transition read has changed before it could write: it has to run again, from the start.
 *
 * Only where others write to the database at the same time. Whoever runs transitions rolls back and tries again.
 */
export class StaleReadError extends Error {
  override readonly name = "StaleReadError";
}

/** Runs one statement and gives its rows, which the caller knows the columns of. */
export function* rows<Row extends object = SqlRow>(
  sql: string,
  params: readonly SqlValue[] = [],
): Transition<Row[]> {
  return (yield { kind: "rows", sql, params }) as unknown as Row[];
}

/** Runs one statement and gives its rows as lists of values. For many rows of many columns. */
export function* rowValues(
  sql: string,
  params: readonly SqlValue[],
  ready?: ReadyRange,
): Transition<SqlValue[][]> {
  return yield { kind: "values", sql, params, ready };
}

/** Runs one statement for each set of parameters and gives how many rows each run changed. */
export function* runEach(
  sql: string,
  sets: readonly (readonly SqlValue[])[],
): Transition<number[]> {
  return sets.length === 0 ? [] : yield { kind: "each", sql, sets };
}

/**
 * The items that were changed.
 *
 * @param items What one run of {@linkcode runEach} was for, each.
 * @param counts What `runEach` gave.
 */
export function changedOf<Item>(
  items: readonly Item[],
  counts: readonly number[],
): readonly Item[] {
  // Usually all of them, and then nothing is copied.
  return counts.includes(0) ? items.filter((_, index) => counts[index] !== 0) : items;
}

/** Runs one statement and gives how many rows it changed. */
export function* run(sql: string, params: readonly SqlValue[] = []): Transition<number> {
  return (yield { kind: "each", sql, sets: [params] })[0] ?? 0;
}

/** Runs one statement; nobody waits to hear how many rows it changed. */
export function* write(sql: string, params: readonly SqlValue[]): Transition<void> {
  yield { kind: "write", sql, params };
}

/** Runs one statement that has to give a row: else the transaction fails with what `otherwise` gives. */
export function* demand(
  sql: string,
  params: readonly SqlValue[],
  otherwise: () => Error,
): Transition<void> {
  yield { kind: "demand", sql, params, otherwise };
}

/** The text of an INSERT into these columns of a table. */
export function toInsert(table: string, columns: readonly string[]): InsertText {
  const head = `INSERT INTO ${table} (${columns.join(", ")}) VALUES `;
  const row = `(${columns.map(() => "?").join(", ")})`;
  const texts = new Map<number, string>();
  return {
    table,
    columns,
    width: columns.length,
    of(rows) {
      let text = texts.get(rows);
      if (text === undefined) {
        if (texts.size >= keptInserts) texts.clear();
        texts.set(rows, text = head + new Array<string>(rows).fill(row).join(", "));
      }
      return text;
    },
  };
}

/** For most numbers of rows the text is needed again. */
const keptInserts = 100;

/** Inserts rows. `values` holds one for each column of the first row, then those of the second, and so on. */
export function* insertRows(
  insert: InsertText,
  values: readonly SqlValue[],
): Transition<void> {
  if (values.length > 0) yield { kind: "insert", insert, values };
}

/** The step that reports a change which this transition has made: `yield report(…)`. */
export function report(change: Change): TransitionStep {
  return { kind: "change", change };
}
