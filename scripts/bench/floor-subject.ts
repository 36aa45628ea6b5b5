/**
 * What SQLite allows on this machine: plain statements on one table that is shaped like a job queue, with an integer key and
 * one partial index. It has no protocol, no other fields, no statuses but two, and forgets nothing that a broker would have
 * to remember: a job in flight when the process dies stays in flight.
 *
 * @module
 */

import { jobType, ownCpuMs, payload, queue, type Subject } from "./subject.ts";
import type { RuntimeName } from "./runtimes.ts";

/** What is used of `node:sqlite` and `bun:sqlite`, which agree in it. */
interface Statement {
  run(...values: readonly (string | number)[]): { readonly lastInsertRowid: number | bigint };
  get(...values: readonly (string | number)[]): unknown;
  all(...values: readonly (string | number)[]): unknown[];
}

interface Database {
  exec(sql: string): void;
  prepare(sql: string): Statement;
  close(): void;
}

/** The most that one claim takes. */
const largestClaim = 100;

const ready = 0;
const inFlight = 1;

// As `openSqlite` sets it: what was answered survives the end of the process, not a power cut, and nobody else opens the file.
const schema = `
  PRAGMA locking_mode = EXCLUSIVE;
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  PRAGMA cache_size = -65536;
  CREATE TABLE jobs (
    id INTEGER PRIMARY KEY,
    queue TEXT NOT NULL,
    type TEXT NOT NULL,
    priority INTEGER NOT NULL,
    status INTEGER NOT NULL,
    ready_at INTEGER NOT NULL,
    dequeued_at INTEGER,
    payload TEXT NOT NULL
  );
  CREATE INDEX jobs_ready ON jobs (priority, id) WHERE status = ${ready};
`;

async function openDatabase(runtime: RuntimeName, file: string): Promise<Database> {
  // Only Bun knows the first, and only at run time may it be asked for.
  const [module, name] = runtime === "bun"
    ? ["bun:sqlite", "Database"]
    : ["node:sqlite", "DatabaseSync"];
  const found = await import(module!);
  return new found[name!](file);
}

/**
 * Opens the floor on a database file.
 *
 * @param runtime The runtime that runs this.
 */
export async function createFloor(runtime: RuntimeName, file: string): Promise<Subject> {
  const database = await openDatabase(runtime, file);
  database.exec(schema);
  const sql = {
    begin: database.prepare("BEGIN IMMEDIATE"),
    commit: database.prepare("COMMIT"),
    insert: database.prepare(
      `INSERT INTO jobs (queue, type, priority, status, ready_at, payload)
      VALUES (?, ?, ?, ${ready}, ?, ?)`,
    ),
    claim: database.prepare(
      `UPDATE jobs SET status = ${inFlight}, dequeued_at = ? WHERE id IN (
        SELECT id FROM jobs WHERE status = ${ready} ORDER BY priority, id LIMIT ?
      ) RETURNING id, payload`,
    ),
    remove: database.prepare("DELETE FROM jobs WHERE id = ?"),
    list: database.prepare("SELECT * FROM jobs WHERE id > ? ORDER BY id LIMIT ?"),
    count: database.prepare("SELECT count(*) AS count FROM jobs"),
  };
  const insert = () => {
    const values = [queue, jobType, 32_768, Date.now(), JSON.stringify(payload)];
    return toText(Number(sql.insert.run(...values).lastInsertRowid));
  };
  /** Runs in one transaction. A single statement is one already. */
  const inTransaction = <Result>(count: number, run: () => Result): Result => {
    if (count === 1) return run();
    sql.begin.run();
    const result = run();
    sql.commit.run();
    return result;
  };

  return {
    enqueueMany: (count) =>
      Promise.resolve(inTransaction(count, () => Array.from({ length: count }, insert))),
    enqueueOne: () => Promise.resolve(insert()),
    list(limit, after = "0") {
      const rows = sql.list.all(Number(after), limit) as { id: number; payload: string }[];
      return Promise.resolve(rows.map(({ id, payload }) => {
        JSON.parse(payload);
        return toText(id);
      }));
    },
    async drain(count, concurrency, onJob) {
      // As many as a worker of this concurrency has in its hands, and as many again that wait for it.
      const size = concurrency === 1 ? 1 : Math.min(largestClaim, 2 * concurrency);
      for (let done = 0; done < count;) {
        const rows = sql.claim.all(Date.now(), size) as { id: number; payload: string }[];
        if (rows.length === 0) throw new Error(`${done} jobs of ${count} were there`);
        await Promise.all(rows.map(async ({ id, payload }) => {
          await JSON.parse(payload);
          onJob(toText(id));
        }));
        inTransaction(rows.length, () => {
          for (const { id } of rows) sql.remove.run(id);
        });
        done += rows.length;
      }
    },
    count: () => Promise.resolve((sql.count.get() as { count: number }).count),
    cpuMs: () => Promise.resolve(ownCpuMs()),
    close: () => Promise.resolve(database.close()),
  };
}

/** Padded, as the workloads sort ids as texts. */
function toText(id: number): string {
  return String(id).padStart(12, "0");
}
