/**
 * The broker: a fetch function that stores jobs and hands them out to workers.
 *
 * It serves any client of the Zizq HTTP API: over a port, through an adapter's `serve`, or in one process without a port,
 * when `broker.fetch` is given to `createClient`.
 *
 * @example
 * ```ts
 * import { createBroker } from "@millrace/millrace/broker";
 * import { openSqlite } from "@millrace/millrace/deno";
 *
 * await using broker = createBroker({ store: openSqlite(":memory:"), defaultRetryLimit: 5 });
 * const answer = await broker.fetch(new Request("http://broker/health"));
 * console.log(await answer.json()); // { status: "ok" }
 * ```
 *
 * @module
 */

export type { Clock, Random } from "../async/clock.ts";
export { StoreError } from "../errors.ts";
export { createLogger, type LogFormat, type LoggerOptions, type LogLevel } from "../log-lines.ts";
export { type LogFields, type Logger, silentLogger } from "../log.ts";
export type { Backoff } from "../protocol/job.ts";
export type {
  AsyncConnection,
  AsyncDatabase,
  CompactOptions,
  Database,
  DatabaseCopy,
  DatabaseNews,
  OpenTransaction,
  SqlRow,
  SqlValue,
  SyncDatabase,
} from "../store/database.ts";
export { type Authenticate, bearerToken, type Grant, type Scope } from "./access/grant.ts";
export {
  createTokens,
  digestOfToken,
  type TokenList,
  type TokenListOptions,
  type TokenRecord,
} from "./access/tokens.ts";
export { type Broker, type BrokerOptions, createBroker, type StopBrokerOptions } from "./broker.ts";
export { defaultSettings, type Settings } from "./engine/settings.ts";
