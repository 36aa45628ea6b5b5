/**
 * What Millrace needs of Bun: a database, a port, signals.
 *
 * @module
 */

export type { FetchHandler, ServeOptions, Server, StopServerOptions } from "../server.ts";
export type { OpenSqliteOptions } from "../sqlite/driver.ts";
export { openSqlite } from "./sqlite.ts";
export { serve } from "./serve.ts";
export { stopOnSignals, type StopOnSignalsOptions, type StopTarget } from "../signals.ts";
