/**
 * What an operator sees and does of the refused entries of an outbox: a page at a time, and the text of a job only where somebody
 * wants it. Entries are refused for being too large, too; so what they are is told from where their texts begin.
 *
 * @module
 */

import type { EntryNumber, OutboxTables, RefusedRange } from "./outbox-tables.ts";
import type { Row, Runner } from "./to-runner.ts";

/** A refused entry without its text. */
export interface RefusedHead {
  readonly entry: EntryNumber;
  /** The id that the job was to have; undefined if nobody said one, or it is too long to be one. */
  readonly id: string | undefined;
  /** Undefined if it cannot be told, as with `queue`. */
  readonly type: string | undefined;
  readonly queue: string | undefined;
  /** Where its reason begins: 2000 characters at most. */
  readonly reason: string;
  /** When it was written, in ms since the epoch; undefined if nobody said so. */
  readonly storedAt: number | undefined;
  /** When it was refused, in ms since the epoch. */
  readonly refusedAt: number;
  /** How long the text of the job is, in bytes of UTF-8. */
  readonly bytes: number;
  /** Where this text begins: 2000 characters at most. */
  readonly start: string;
}

/** What can be asked. */
export interface Review {
  /** How many there are, up to `most`, and which is the last one; undefined if there is none. */
  count(most: number): Promise<{ readonly count: number; readonly last: EntryNumber | undefined }>;
  /** Lists entries by their numbers. */
  page(range: RefusedRange): Promise<readonly RefusedHead[]>;
  /** The numbers alone. */
  numbers(range: RefusedRange): Promise<readonly EntryNumber[]>;
  /** Those of a list that are there. */
  find(entries: readonly EntryNumber[]): Promise<readonly EntryNumber[]>;
  /** The texts of jobs. Look at `bytes` first. */
  texts(entries: readonly EntryNumber[]): Promise<ReadonlyMap<EntryNumber, string>>;
  /** Has entries tried again, behind all others, and says how many. On SQLite, within a transaction: it is several statements. */
  retry(entries: readonly EntryNumber[]): Promise<number>;
  /** Deletes entries, and says how many. */
  delete(entries: readonly EntryNumber[]): Promise<number>;
}

/** Gives what can be asked of tables. */
export function createReview(tables: OutboxTables, run: Runner): Review {
  const numbersOf = (rows: readonly Row[]) => rows.map(({ entry }) => String(entry));
  const change = async (statements: ReturnType<OutboxTables["retry"]>): Promise<number> => {
    let rows: readonly Row[] = [];
    for (const one of statements) rows = await run(one);
    return Number(rows[0]?.["count"] ?? 0);
  };
  return {
    async count(most) {
      const [row] = await run(tables.countRefused(most));
      const last = row?.["last"];
      return { count: Number(row?.["count"]), last: last == null ? undefined : String(last) };
    },
    page: async (range) => (await run(tables.listHeads(range))).map(toHead),
    numbers: async (range) => numbersOf(await run(tables.listNumbers(range))),
    find: async (entries) => numbersOf(await run(tables.findRefused(entries))),
    async texts(entries) {
      const rows = await run(tables.readRefused(entries));
      return new Map(rows.map(({ entry, job }) => [String(entry), String(job)]));
    },
    retry: (entries) => change(tables.retry(entries)),
    delete: (entries) => change(tables.forget(entries)),
  };
}

/** Integers come as texts. */
function toHead(row: Row): RefusedHead {
  const { entry, id, storedAt, refusedAt, reason, size } = row;
  const [start, bytes] = [String(row["start"]), Number(size)];
  return {
    entry: String(entry),
    id: id === null ? undefined : String(id),
    ...readNames(start),
    reason: String(reason),
    storedAt: storedAt === null ? undefined : Number(storedAt),
    refusedAt: Number(refusedAt),
    bytes,
    start,
  };
}

type Names = Pick<RefusedHead, "type" | "queue">;

/** Type and queue of a job, of whose text only the beginning may be there. */
function readNames(start: string): Names {
  try {
    return toNames(JSON.parse(start));
  } catch {
    return toNames(Object.fromEntries(readFirstMembers(start)));
  }
}

function toNames(value: unknown): Names {
  const { type, queue } = (value ?? {}) as Readonly<Record<string, unknown>>;
  return {
    type: typeof type === "string" ? type : undefined,
    queue: typeof queue === "string" ? queue : undefined,
  };
}

/** The members of an object before the first that is no plain value: an enqueue writes type and queue before the payload. */
function* readFirstMembers(start: string): Generator<[string, unknown]> {
  const text = String.raw`"(?:[^"\\]|\\.)*"`;
  const member = new RegExp(String.raw`\s*(${text})\s*:\s*(${text}|[-+.\w]+)\s*,`, "y");
  member.lastIndex = /^\s*\{/.exec(start)?.[0].length ?? start.length;
  for (let found = member.exec(start); found !== null; found = member.exec(start)) {
    try {
      yield [JSON.parse(found[1]!), JSON.parse(found[2]!)];
    } catch {
      return;
    }
  }
}
