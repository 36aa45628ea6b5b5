/**
 * Transactions of drivers and query builders, described by the few members that are used of them: nothing of them is imported.
 *
 * @module
 */

/** A client of `pg` that has begun a transaction; also the transaction of PGlite, and the manager of TypeORM. */
export interface PgTransaction {
  /** Runs a statement with `$1`, `$2`, … for its parameters. */
  // deno-lint-ignore no-explicit-any
  query(text: string, values?: any[]): any;
}

/** The `sql` that `sql.begin` of `postgres` (postgres.js) hands over; also that of `Bun.sql`. */
export interface PostgresJsTransaction {
  /** Runs a statement with `$1`, `$2`, … for its parameters. */
  // deno-lint-ignore no-explicit-any
  unsafe(text: string, values?: any[]): PromiseLike<any>;
}

/** What `db.transaction` of Drizzle hands over, for PostgreSQL. */
export interface DrizzleTransaction {
  /** Runs a statement that is a text. */
  // deno-lint-ignore no-explicit-any
  execute(text: string): any;
  /** Ends the transaction. It tells a transaction from a database. */
  rollback(): never;
}

/** What `db.transaction` of Drizzle hands over, for SQLite. */
export interface DrizzleSqliteTransaction {
  /** Runs a statement that is a text. */
  // deno-lint-ignore no-explicit-any
  run(text: string): any;
  /** Ends the transaction. It tells a transaction from a database. */
  rollback(): never;
}

/** What `db.transaction().execute` of Kysely hands over. */
export interface KyselyTransaction {
  /** Whether it is one: a database of Kysely has the member too. */
  readonly isTransaction: boolean;
  /** Runs a statement that is compiled. */
  // deno-lint-ignore no-explicit-any
  executeQuery(compiled: any): Promise<any>;
}

/** What `knex.transaction` hands over. */
export interface KnexTransaction {
  /** Whether it is one: `knex` has the member too. */
  readonly isTransaction?: boolean | undefined;
  /** Runs a statement with `?` for its parameters. */
  // deno-lint-ignore no-explicit-any
  raw(text: string, values: any): any;
}

/** What `prisma.$transaction` hands over. */
export interface PrismaTransaction {
  /** Runs a statement for its rows. */
  // deno-lint-ignore no-explicit-any
  $queryRawUnsafe(text: string, ...values: any[]): PromiseLike<any>;
  /** Runs a statement. */
  // deno-lint-ignore no-explicit-any
  $executeRawUnsafe(text: string, ...values: any[]): PromiseLike<any>;
}

/** A database of `node:sqlite`, `bun:sqlite` or `better-sqlite3` that has begun a transaction. */
export interface SqliteConnection {
  /** Prepares a statement with `?` for its parameters. */
  prepare(text: string): SqliteStatement;
}

/** A statement of such a database. */
export interface SqliteStatement {
  /** Runs it. */
  // deno-lint-ignore no-explicit-any
  run(...values: any[]): unknown;
  /** Runs it for its rows. */
  // deno-lint-ignore no-explicit-any
  all(...values: any[]): unknown[];
}

/**
 * Any other transaction: runs a statement, with `$1`, `$2`, … for its parameters on PostgreSQL and `?` on SQLite, and gives its
 * rows as objects.
 */
export type RunSql = (
  text: string,
  values: readonly string[],
) => PromiseLike<readonly object[]>;

/** A transaction within which jobs can be enqueued. */
export type TransactionLike =
  | PgTransaction
  | PostgresJsTransaction
  | DrizzleTransaction
  | DrizzleSqliteTransaction
  | KyselyTransaction
  | KnexTransaction
  | PrismaTransaction
  | SqliteConnection
  | RunSql;
