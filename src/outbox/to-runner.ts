/**
 * Runs statements on whatever somebody calls a transaction, or a database.
 *
 * | What it is                      | Is known by                  | Gets                            |
 * | ------------------------------- | ---------------------------- | ------------------------------- |
 * | Prisma                          | `$queryRawUnsafe`            | parameters                      |
 * | postgres.js, `Bun.sql`          | `unsafe`                     | parameters                      |
 * | Kysely                          | `executeQuery`               | a compiled query                |
 * | Knex                            | `raw`                        | `?`                             |
 * | Drizzle                         | `execute` or `run`, and `transaction` | a text                 |
 * | `node:sqlite`, `bun:sqlite`, `better-sqlite3` | `prepare`      | `?`                             |
 * | `pg`, PGlite, TypeORM           | `query`                      | `$1`                            |
 * | anything else                   | it is a function             | parameters                      |
 *
 * @module
 */

import { show } from "../options.ts";
import {
  type OutboxDialect,
  type Statement,
  toLiteral,
  toMarked,
  toNumbered,
} from "./statement.ts";
import type { SqliteConnection } from "./transaction-like.ts";

/** A row, by the names of its columns. */
export type Row = Readonly<Record<string, unknown>>;

/** Runs a statement for its rows. */
export type Runner = (statement: Statement) => Promise<readonly Row[]>;

/** Runs a statement at once. */
export type SyncRunner = (statement: Statement) => readonly Row[];

/** Any member that one of them may have. */
// deno-lint-ignore no-explicit-any
type Anything = any;

/** What statements are run for. */
export interface RunnerTerms {
  /** The function that was given it, for messages. */
  readonly of: string;
  readonly dialect: OutboxDialect;
  /** Whether it has to be a transaction; else it may be a database too. */
  readonly isTransaction: boolean;
}

/**
 * Makes a runner of it.
 *
 * @throws {TypeError} If it is nothing that is known, or surely no transaction where it has to be one.
 */
export function toRunner(given: unknown, { of, dialect, isTransaction }: RunnerTerms): Runner {
  const it = given as Anything;
  const wrong = (what: string, wanted: string): never => {
    throw new TypeError(`Cannot use ${what} as the transaction of '${of}': expected ${wanted}`);
  };
  const demand = (isOne: boolean, what: string, wanted: string) => {
    if (isTransaction && !isOne) wrong(what, wanted);
  };
  if ((typeof it !== "object" && typeof it !== "function") || it === null) {
    throw new TypeError(`Cannot use ${show(given)} as the transaction of '${of}': ${wanted}`);
  }
  const spell = dialect === "sqlite" ? toMarked : toNumbered;
  const has = (name: string) => typeof it[name] === "function";

  if (has("$queryRawUnsafe")) {
    demand(!has("$connect"), "a client of Prisma", "what its '$transaction' hands over");
    return async (one) =>
      returnsRows(one)
        ? toRows(await it.$queryRawUnsafe(spell(one), ...one.values))
        : (await it.$executeRawUnsafe(spell(one), ...one.values), []);
  }
  if (has("unsafe")) {
    const isOne = !has("begin") || has("savepoint") || has("release");
    demand(isOne, "a pool of postgres.js", "what its 'begin' hands over");
    return async (one) => toRows(await it.unsafe(spell(one), [...one.values]));
  }
  if (has("executeQuery")) {
    demand(it.isTransaction === true, "a database of Kysely", "what 'transaction' hands over");
    return async (one) => toRows(await it.executeQuery(toCompiled(spell(one), one.values)));
  }
  if (has("raw")) {
    demand(it.isTransaction === true, "Knex itself", "what 'transaction' hands over");
    return async (one) => toRows(await it.raw(toMarked(one), [...one.values]));
  }
  if ((has("execute") || (has("run") && has("all"))) && has("transaction") && has("select")) {
    demand(has("rollback"), "a database of Drizzle", "what 'transaction' hands over");
    // Its transaction is over before anything that waits has written.
    const canWait = it.resultKind !== "sync";
    demand(canWait, "what cannot wait", "'withinSync' with the database that Drizzle was given");
    if (has("execute")) return async (one) => toRows(await it.execute(toLiteral(one, dialect)));
    return async (one) =>
      toRows(await it[returnsRows(one) ? "all" : "run"](toLiteral(one, dialect)));
  }
  if (has("prepare")) {
    demand(!has("batch"), "a database of D1", "one whose transactions stay open");
    const run = toSyncRunner(it, of);
    // deno-lint-ignore require-await
    return async (one) => run(one);
  }
  if (has("query")) {
    // Each statement of a pool may go to another connection.
    demand(typeof it.totalCount !== "number", "a pool of 'pg'", "a client that has begun one");
    return async (one) => toRows(await it.query(spell(one), [...one.values]));
  }
  if (typeof it === "function") return async (one) => toRows(await it(spell(one), one.values));
  throw new TypeError(`Cannot use ${show(given)} as the transaction of '${of}': ${wanted}`);
}

const wanted =
  "expected one of pg, postgres.js, Drizzle, Kysely, Prisma, Knex or SQLite, or a function";

/**
 * Makes a runner that answers at once.
 *
 * @throws {TypeError} If its database does not.
 */
export function toSyncRunner(given: SqliteConnection, of: string): SyncRunner {
  if (typeof given?.prepare !== "function") {
    throw new TypeError(
      `Cannot use ${
        show(given)
      } as the database of '${of}': expected one of SQLite that answers at once`,
    );
  }
  const statements = new Map<string, ReturnType<SqliteConnection["prepare"]>>();
  return (one) => {
    const text = toMarked(one);
    let prepared = statements.get(text);
    if (prepared === undefined) statements.set(text, prepared = given.prepare(text));
    if (returnsRows(one)) return prepared.all(...one.values) as readonly Row[];
    prepared.run(...one.values);
    return [];
  };
}

/** Some drivers run what gives rows in another way than what does not. */
function returnsRows({ parts }: Statement): boolean {
  return /^\s*(SELECT|WITH)\b|\bRETURNING\b/.test(parts.join("?"));
}

/** What `CompiledQuery.raw` of Kysely makes. */
function toCompiled(sql: string, parameters: readonly string[]): object {
  return {
    sql,
    parameters,
    query: { kind: "RawNode", sqlFragments: [sql], parameters: [] },
    queryId: { queryId: "millrace" },
  };
}

/** A list of rows is one, and most give an object with one. */
function toRows(result: unknown): readonly Row[] {
  if (Array.isArray(result)) return result;
  const { rows } = (result ?? {}) as { readonly rows?: unknown };
  return Array.isArray(rows) ? rows : [];
}
