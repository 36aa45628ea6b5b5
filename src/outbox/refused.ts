/**
 * Entries of an outbox that no job was made of, and what can be done about them.
 *
 * @module
 */

import { checkOptions, show } from "../options.ts";
import type { OutboxTables } from "./outbox-tables.ts";
import type { Row, Runner } from "./to-runner.ts";

/** An entry that was refused. It stays until somebody does something about it. */
export interface RefusedJob {
  /** The number of the entry. */
  readonly entry: number;
  /** The id that the job was to have; undefined if nobody said one. */
  readonly id: string | undefined;
  /** The job, as `POST /jobs` has it; a text if it is no JSON. */
  readonly job: unknown;
  /** Why it was refused. */
  readonly reason: string;
  /** When it was written, in ms since the epoch; undefined if nobody said so. */
  readonly storedAt: number | undefined;
  /** When it was refused, in ms since the epoch. */
  readonly refusedAt: number;
}

/** Which refused entries are meant. */
export interface RefusedSelection {
  /**
   * Their numbers.
   *
   * @default {all}
   */
  readonly entries?: readonly number[] | undefined;
}

/** How many refused entries are listed. */
export interface RefusedListing {
  /**
   * How many at most.
   *
   * @default {100}
   */
  readonly limit?: number | undefined;
}

/** What was refused of an outbox. On SQLite, call `retry` within a transaction: it is two statements. */
export interface Refused {
  /**
   * Lists what was refused first.
   *
   * @throws {RangeError} If the limit is no integer of 1 or more.
   */
  list(options?: RefusedListing): Promise<RefusedJob[]>;
  /**
   * Has entries tried again, behind all others.
   *
   * @returns How many.
   * @throws {TypeError} If the numbers are none.
   */
  retry(selection?: RefusedSelection): Promise<number>;
  /**
   * Deletes entries.
   *
   * @returns How many.
   * @throws {TypeError} If the numbers are none.
   */
  delete(selection?: RefusedSelection): Promise<number>;
}

/** Gives what can be done about the refused entries of tables. */
export function toRefused(tables: OutboxTables, run: Runner): Refused {
  const count = async (
    statements: (entries: readonly number[] | undefined) => ReturnType<OutboxTables["retry"]>,
    selection: RefusedSelection = {},
  ) => {
    checkOptions<RefusedSelection>("refused", selection, { entries: 1 });
    const { entries } = selection;
    if (entries !== undefined && !(Array.isArray(entries) && entries.every(Number.isSafeInteger))) {
      throw new TypeError(`Cannot use 'entries' ${show(entries)}: expected a list of integers`);
    }
    let rows: readonly Row[] = [];
    for (const one of statements(entries)) rows = await run(one);
    return Number(rows[0]?.["count"] ?? 0);
  };
  return {
    async list(options = {}) {
      checkOptions<RefusedListing>("refused", options, { limit: 1 });
      const { limit = 100 } = options;
      if (!(Number.isSafeInteger(limit) && limit > 0)) {
        throw new RangeError(`Cannot use 'limit' ${limit}: expected an integer of 1 or more`);
      }
      return (await run(tables.listRefused(limit))).map(toRefusedJob);
    },
    retry: (selection) => count(tables.retry, selection),
    delete: (selection) => count(tables.forget, selection),
  };
}

/** Integers come as texts. */
function toRefusedJob(row: Row): RefusedJob {
  const { entry, id, storedAt, job, refusedAt, reason } = row;
  return {
    entry: Number(entry),
    id: id === null ? undefined : String(id),
    job: toValue(String(job)),
    reason: String(reason),
    storedAt: storedAt === null ? undefined : Number(storedAt),
    refusedAt: Number(refusedAt),
  };
}

function toValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
