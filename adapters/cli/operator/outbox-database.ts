/**
 * The database that has an outbox, as a command asks it: beside the programs that it belongs to.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { getBuiltinModule } from "node:process";
import { StoreError } from "../../../src/errors.ts";
import type { OutboxDialect } from "../../../src/outbox/statement.ts";
import type { RunSql } from "../../../src/outbox/transaction-like.ts";
import { createPool } from "../../postgres/create-pool.ts";
import { createFailures } from "../../postgres/failures.ts";
import { type Hosts, readHosts } from "../../postgres/hosts.ts";
import { UsageError } from "../options.ts";
import { demandData, isPostgresUrl } from "../postgres-url.ts";

/** A database that is open. */
export interface OutboxDatabase {
  readonly dialect: OutboxDialect;
  /** Runs one statement. What goes wrong is a {@linkcode StoreError}. */
  readonly run: RunSql;
  /** Has the statements of `work` commit together. On PostgreSQL there is one of them, which does. */
  transact<Result>(work: () => Promise<Result>): Promise<Result>;
  close(): Promise<void>;
}

/** Where the outbox is. */
export interface OutboxTerms {
  readonly schema: string;
  /** The table of what was refused, for messages. */
  readonly refused: string;
  readonly isReadOnly: boolean;
}

/**
 * Opens a file, or connects to a server.
 *
 * @throws {UsageError} If the text is neither a file nor an address of PostgreSQL.
 * @throws {StoreError} If it cannot be used.
 */
export async function openOutboxDatabase(
  data: string,
  terms: OutboxTerms,
): Promise<OutboxDatabase> {
  demandData(data);
  return isPostgresUrl(data) ? await openServer(data, terms) : await openFile(data, terms);
}

const connectTimeoutMs = 10_000;
const queryTimeoutMs = 60_000;

async function openServer(url: string, { schema, refused }: OutboxTerms): Promise<OutboxDatabase> {
  let hosts: Hosts;
  try {
    hosts = readHosts(url);
  } catch (error) {
    throw new UsageError((error as Error).message.replace("Option 'url'", "Flag '--data'"));
  }
  const limits = { maxConnections: 1, connectTimeoutMs, queryTimeoutMs };
  const pool = await createPool({ hosts, schema, ...limits });
  pool.on("error", () => {}); // The next statement says it.
  const failures = createFailures();
  return {
    dialect: "postgres",
    async run(text, values) {
      try {
        const client = await pool.connect();
        try {
          return (await client.query({ text, values: [...values] })).rows;
        } finally {
          client.release();
        }
      } catch (error) {
        const { message } = failures.of(error);
        const said = `${message.charAt(0).toUpperCase()}${message.slice(1)}`;
        throw new StoreError(`${said}${adviceOf(error, { schema, refused })}`, { cause: error });
      }
    },
    transact: (work) => work(),
    close: () => pool.end(),
  };
}

/** What to do about an SQLSTATE that tells of the place or of rights. */
function adviceOf(error: unknown, { schema, refused }: Omit<OutboxTerms, "isReadOnly">): string {
  switch ((error as { readonly code?: unknown }).code) {
    case "42P01":
    case "3F000":
      return `: name the schema and the table of the outbox with '--schema' and '--outbox'`;
    case "42501":
      return `: the user needs USAGE of the schema '${schema}' and SELECT on '${refused}'; to retry or delete, DELETE on it and INSERT on the outbox`;
    default:
      return "";
  }
}

/** What is used of a connection of `node:sqlite` or `bun:sqlite`. */
interface FileConnection {
  prepare(text: string): { all(...values: string[]): unknown[] };
  exec(text: string): unknown;
  close(): void;
}

/** How long another program is waited for that writes, in ms: by who only looks, and by who changes something. */
const lookMs = 1000;
const changeMs = 10_000;

/** Not as a broker opens its file: an application has this one open, and goes on. */
async function openFile(
  path: string,
  { refused, isReadOnly }: OutboxTerms,
): Promise<OutboxDatabase> {
  if (!existsSync(path)) throw new StoreError(`Database '${path}' does not exist`);
  const attempt = <Result>(work: () => Result): Result => {
    try {
      return work();
    } catch (cause) {
      throw toFileError(path, refused, cause);
    }
  };
  const connect = await loadConnect();
  const database = attempt(() => connect(path, isReadOnly));
  attempt(() => database.exec(`PRAGMA busy_timeout = ${isReadOnly ? lookMs : changeMs}`));
  return {
    dialect: "sqlite",
    // deno-lint-ignore require-await
    run: async (text, values) =>
      attempt(() => database.prepare(text).all(...values) as readonly object[]),
    async transact(work) {
      attempt(() => database.exec("BEGIN IMMEDIATE"));
      try {
        const result = await work();
        attempt(() => database.exec("COMMIT"));
        return result;
      } catch (error) {
        database.exec("ROLLBACK");
        throw error;
      }
    },
    // deno-lint-ignore require-await
    close: async () => database.close(),
  };
}

/** The binding of this runtime. A file that is not there is not made. */
async function loadConnect(): Promise<(path: string, isReadOnly: boolean) => FileConnection> {
  if ("Bun" in globalThis) {
    const { Database } = getBuiltinModule("bun:sqlite") as unknown as {
      readonly Database: new (path: string, options: object) => FileConnection;
    };
    return (path, isReadOnly) =>
      new Database(path, isReadOnly ? { readonly: true } : { readwrite: true });
  }
  const { DatabaseSync } = await import("node:sqlite");
  return (path, readOnly) => new DatabaseSync(path, { readOnly }) as unknown as FileConnection;
}

function toFileError(path: string, refused: string, cause: unknown): StoreError {
  const { message } = cause as Error;
  if (/no such table/.test(message)) {
    return new StoreError(
      `Database '${path}' has no table '${refused}': expected the file of an application with an outbox; '--outbox' names its table`,
      { cause },
    );
  }
  const hint = /locked/.test(message)
    ? ": a program has it to itself, as a broker has its own"
    : "";
  return new StoreError(`Cannot use database '${path}': ${message}${hint}`, { cause });
}
