/**
 * What Millrace needs of Bun: a database, a port, signals.
 *
 * @module
 */

export {
  isMillraceError,
  MillraceError,
  type MillraceErrorCode,
  type MillraceErrorOptions,
  NetworkError,
  StoreError,
} from "../../src/errors.ts";
export type { LogFields, Logger } from "../../src/log.ts";
export type { SqliteDriver, SqlRow, SqlValue } from "../../src/store/driver.ts";
export type { FetchHandler, ServeOptions, Server, StopServerOptions } from "../server.ts";
export { stopOnSignals, type StopOnSignalsOptions, type StopTarget } from "../signals.ts";
export type { OpenSqliteOptions } from "../sqlite/driver.ts";
export { openSqlite } from "./sqlite.ts";
export { serve } from "./serve.ts";
